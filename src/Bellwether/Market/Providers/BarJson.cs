using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Feeds;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;

namespace Bellwether.Market.Providers;

/// <summary>Bars as they are kept in the cache.</summary>
/// <param name="Rejected">Rows that are no bars, with the reason.</param>
/// <param name="Asked">When the provider was asked: bars of sessions that ran then are parts. Null in answers of before.</param>
/// <param name="SplitsInPrices">The prices are adjusted for the splits up to then.</param>
public sealed record BarAnswer(
    string Source, IReadOnlyList<BarAnswerRow> Bars, IReadOnlyList<ActionAnswerRow> Actions, IReadOnlyList<string> Rejected,
    DateTime? Asked = null, bool SplitsInPrices = false)
{
    /// <summary>As the cache has them.</summary>
    public static BarAnswer Parse(string json) => JsonSerializer.Deserialize(json, ProviderJson.Default.BarAnswer)!;

    public IReadOnlyList<PriceBar> ToBars() =>
        [.. Bars.Select(b => new PriceBar(b.Date.ToDateTime(default, DateTimeKind.Utc), b.Open, b.High, b.Low, b.Close, b.Volume,
            b.AdjustedClose))];

    public IReadOnlyList<CorporateAction> ToActions() =>
        [.. Actions.Select(a => new CorporateAction(
            a.ExDate, a.Kind == "split" ? CorporateActionKind.Split : CorporateActionKind.Dividend, a.Value, a.InPrices))];
}

public sealed record BarAnswerRow(DateOnly Date, double Open, double High, double Low, double Close, long? Volume, double? AdjustedClose);

public sealed record ActionAnswerRow(DateOnly ExDate, string Kind, double Value, bool InPrices);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BarAnswer))]
[JsonSerializable(typeof(CompanyFacts))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
sealed partial class ProviderJson : JsonSerializerContext;

/// <summary>Daily bars from delimited text to the form of the cache, by the same rules as an import.</summary>
static class BarJson
{
    /// <param name="asked">When the provider was asked.</param>
    /// <param name="reading">Of files of one's own; null where nothing can be set.</param>
    /// <param name="splitsInPrices">What is known of this provider; null to go by the layout.</param>
    public static async Task<ProviderAnswer> ReadAsync(
        string provider, string ticker, string csv, DateTime asked, bool? splitsInPrices, CancellationToken cancellationToken,
        CsvReading? reading = null)
    {
        if (string.IsNullOrWhiteSpace(csv))
            throw new MarketProviderException(provider, ProviderProblem.Unavailable, "answered with nothing");
        BarSheet sheet;
        try
        {
            sheet = await BarSheet.ReadAsync(() => BarFile.OfTextAsync(provider, csv, cancellationToken),
                new(ticker, BarInterval.Day, UnitedStatesCalendar.TimeZone, asked, BarLimit.None)
                {
                    SplitsInPrices = splitsInPrices,
                    Dates = reading?.Dates,
                    AnySpacing = reading?.AnySpacing ?? false,
                });
        }
        catch (FeedException error)
        {
            throw new MarketProviderException(provider, ProviderProblem.Unavailable, reading is { } own ? $"{own.Path} {error.Problem}"
                : $"answered in an unknown form: {error.Problem}", Mend(error, reading is not null), error);
        }
        var bars = new SortedDictionary<DateTime, PriceBar>(sheet.Taken.ToDictionary(t => t.Key, t => t.Value.Bar));
        string[] rejected = [.. sheet.Problems.Select(p => $"line {p.Line}: {p.Reason}")];
        var answer = new BarAnswer(provider,
            [.. bars.Values.Select(b => new BarAnswerRow(DateOnly.FromDateTime(b.Date), b.Open, b.High, b.Low, b.Close, b.Volume,
            b.AdjustedClose))],
            [.. sheet.Actions.Select(a => new ActionAnswerRow(a.ExDate, a.IsSplit ? "split" : "dividend", a.Value, a.InPrices))], rejected,
            asked, sheet.Layout.SplitInPrices);
        if (bars.Count == 0)
            throw new MarketProviderException(provider, ProviderProblem.Unavailable,
                $"has no sound bar of {ticker}{(rejected.Length > 0 ? $": {rejected[0]}" : "")}");
        return new(JsonSerializer.Serialize(answer, ProviderJson.Default.BarAnswer), (double)bars.Count / (bars.Count + rejected.Length));
    }

    // What an import takes as an option is a setting here, or needs the import.
    static string? Mend(FeedException error, bool own) => error.Mend switch
    {
        { } mend when mend.Contains("--any-spacing", StringComparison.Ordinal) => own
            ? "Set Market:Providers:CsvAnySpacing to true if they are daily bars all the same, or use market import with --interval."
            : "Save the answer as a file and use market import with --interval or --any-spacing.",
        { } mend when mend.Contains("--date-format", StringComparison.Ordinal) => own ? "Set Market:Providers:CsvDates to dmy or mdy."
            : "Save the answer as a file and use market import with --date-format.",
        var mend => mend,
    };
}

/// <summary>How a file of one's own is to be read.</summary>
/// <param name="Path">As messages call it.</param>
/// <param name="Dates">Null to find out from the file.</param>
readonly record struct CsvReading(string Path, DateOrder? Dates, bool AnySpacing);
