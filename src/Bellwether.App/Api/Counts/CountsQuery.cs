using Bellwether.Counts;
using Bellwether.Counts.Buckets;
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

/// <summary>Fitting and simulating takes all the cores that it gets, so requests do it one after another.</summary>
sealed class CountsWork : IDisposable
{
    readonly SemaphoreSlim _turn = new(1);

    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await work(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
