using Bellwether.App.Commands;
using Bellwether.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;

namespace Bellwether.App.Api.Counts;

/// <summary>Reads what the requests about counts share; what is wrong goes to the check, to be told at once with everything else.</summary>
static class CountsQuery
{
    public static string Account(this RequestCheck check, string account) => check.Try("account", account, () => AccountName.Parse(account), "");

    public static CountingProfile Profile(this RequestCheck check, string? count) => check.Try("count", count, () => CountingProfile.Parse(count), CountingProfile.All);

    public static TimeZoneInfo Zone(this RequestCheck check, string? tz) => check.Try("tz", tz, () => ZoneWindows.Zone(tz ?? "UTC"), TimeZoneInfo.Utc);

    public static string Model(this RequestCheck check, string? model) => check.Try("model", model, () => ModelCatalog.Require(model ?? ModelCatalog.Default), ModelCatalog.Default);

    /// <summary>A time on the clock of the zone, unless it says its offset; null when absent.</summary>
    public static DateTimeOffset? When(this RequestCheck check, string field, string? text, TimeZoneInfo zone, TimeProvider time)
    {
        if (text is null) return null;
        if (text.Equals("now", StringComparison.OrdinalIgnoreCase)) return time.GetUtcNow();
        // A plus sign that was not escaped arrives as a blank.
        if (text.Length > 6 && text[^6] == ' ' && text[^3] == ':' && text.Contains('T')) text = $"{text[..^6]}+{text[^5..]}";
        return check.Try<DateTimeOffset?>(field, text, () => ZoneWindows.Parse(field, text, zone), null);
    }

    /// <summary>A time that has to be there.</summary>
    public static DateTimeOffset Required(this RequestCheck check, string field, string? text, TimeZoneInfo zone, TimeProvider time)
    {
        if (text is null) check.Fail(field, null, "is missing");
        return check.When(field, text, zone, time) ?? default;
    }

    /// <summary>Models by name, or all; the default one when absent.</summary>
    public static IReadOnlyList<string> Models(this RequestCheck check, IReadOnlyList<string?>? models)
    {
        var named = check.Names("models", models, "model", [ModelCatalog.Default]);
        if (named.Contains("all")) return ModelCatalog.Names;
        for (var i = 0; i < named.Count; i++) check.Try($"models[{i}]", named[i], () => ModelCatalog.Require(named[i]), "");
        return [.. named.Distinct()];
    }

    /// <summary>What is forecast: an hour, a day and a week when absent.</summary>
    public static IReadOnlyList<string> Horizons(this RequestCheck check, IReadOnlyList<string?>? horizons)
    {
        var named = check.Names("horizons", horizons, "horizon", ["1h", "1d", "7d"]);
        if (!check.Failed) check.Try("horizons", string.Join(',', named), () => Forecaster.Horizons(named), []);
        return named;
    }

    /// <summary>Horizons of the ledger, windows among them; null, which is all, when absent.</summary>
    public static IReadOnlyList<string>? LedgerHorizons(this RequestCheck check, string? horizon) => horizon is null ? null
        : check.Try("horizon", horizon, () => CountsForecast.Require(horizon.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), ledger: true), []);

    /// <summary>A price for each range, not all of them 0.</summary>
    public static void Prices(this RequestCheck check, IReadOnlyList<double>? prices, CountRanges? ranges)
    {
        if (prices is null) return;
        if (prices.Count != ranges?.Names.Count) check.Fail("prices", null, $"{prices.Count} prices for {ranges?.Names.Count ?? 0} ranges; give one each");
        for (var i = 0; i < prices.Count; i++)
            if (!(prices[i] >= 0)) check.Fail($"prices[{i}]", $"{prices[i]}", "is below 0");
        if (!check.Failed && prices.Sum() is not (> 0 and < double.PositiveInfinity)) check.Fail("prices", null, "all are 0, or too large to be added up; give one above 0 at least");
    }

    static IReadOnlyList<string> Names(this RequestCheck check, string field, IReadOnlyList<string?>? given, string what, IReadOnlyList<string> otherwise)
    {
        if (given is null) return otherwise;
        if (given.Count == 0) check.Fail(field, null, $"names no {what}; leave it out for {string.Join(", ", otherwise)}");
        for (var i = 0; i < given.Count; i++)
            if (given[i] is null) check.Fail($"{field}[{i}]", null, $"is null; name a {what}");
        return [.. given.OfType<string>()];
    }

    public static T Try<T>(this RequestCheck check, string field, string? value, Func<T> read, T otherwise)
    {
        try
        {
            return read();
        }
        catch (CountsException error)
        {
            check.Fail(field, value, $"{error.Message.TrimEnd('.')}{(error.Mend is { } mend ? $"; {mend.TrimEnd('.')}" : "")}");
            return otherwise;
        }
    }
}
