using System.Globalization;
using System.Text.Json;

namespace Bellwether.Market.Providers;

/// <param name="Filed">When it was filed: nobody knew before.</param>
/// <param name="Value">In the unit.</param>
public sealed record CompanyFact(string Taxonomy, string Concept, string Unit, DateOnly? Start, DateOnly End, double Value, string? Form,
    int? FiscalYear, string? FiscalPeriod, DateOnly Filed, string Accession);

/// <summary>Everything that a company reported, oldest filing first.</summary>
public sealed record CompanyFacts(long Cik, string Company, IReadOnlyList<CompanyFact> Facts)
{
    /// <summary>As the cache has them.</summary>
    public static CompanyFacts Parse(string json) => JsonSerializer.Deserialize(json, ProviderJson.Default.CompanyFacts)!;
}

/// <summary>SEC EDGAR: what companies reported, with the day of each filing.</summary>
public sealed class EdgarProvider(ProviderOptions options, ProviderHttp http) : IMarketProvider
{
    public const string Id = "edgar";

    public string Name => Id;

    public IReadOnlyList<string> DataTypes { get; } = [MarketDataType.CompanyFacts];

    public async Task<ProviderAnswer> FetchAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        if (options.EdgarContact is null)
            throw new MarketProviderException(Name, ProviderProblem.NotConfigured,
                "the SEC asks for a name and a mail address in every request, and none is set", "Set Market:Providers:EdgarContact.");
        var cik = await CikAsync(request.Ticker, cancellationToken);
        var text = await http.GetAsync(new(options.EdgarUrl,
            string.Create(CultureInfo.InvariantCulture, $"/api/xbrl/companyfacts/CIK{cik:0000000000}.json")), cancellationToken)
            ?? throw new MarketProviderException(Name, ProviderProblem.Unknown, $"{request.Ticker} (CIK {cik}) has reported no facts");
        var (facts, seen) = Parse(text);
        return new(JsonSerializer.Serialize(facts, ProviderJson.Default.CompanyFacts), seen == 0 ? 1 : (double)facts.Facts.Count / seen);
    }

    async Task<long> CikAsync(string ticker, CancellationToken cancellationToken)
    {
        var text = await http.GetAsync(new(options.EdgarTickersUrl, "/files/company_tickers.json"), cancellationToken)
            ?? throw new MarketProviderException(Name, ProviderProblem.Unavailable, "its list of tickers is not there");
        using var list = Read(text);
        try
        {
            foreach (var company in list.RootElement.EnumerateObject().Select(c => c.Value))
                if (company.GetProperty("ticker").GetString()?.Equals(ticker.Replace('.', '-'), StringComparison.OrdinalIgnoreCase) == true)
                    return company.GetProperty("cik_str").GetInt64();
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException)
        {
            throw new MarketProviderException(Name, ProviderProblem.Unavailable, "its list of tickers has an unknown form", inner: error);
        }
        throw new MarketProviderException(Name, ProviderProblem.Unknown, $"no company has the ticker {ticker}");
    }

    (CompanyFacts Facts, int Seen) Parse(string text)
    {
        using var document = Read(text);
        try
        {
            var (facts, seen) = (new List<CompanyFact>(), 0);
            foreach (var taxonomy in document.RootElement.GetProperty("facts").EnumerateObject())
                foreach (var concept in taxonomy.Value.EnumerateObject())
                    foreach (var unit in concept.Value.GetProperty("units").EnumerateObject())
                        foreach (var fact in unit.Value.EnumerateArray())
                        {
                            seen++;
                            if (Fact(taxonomy.Name, concept.Name, unit.Name, fact) is { } sound) facts.Add(sound);
                        }
            return (new(document.RootElement.GetProperty("cik").GetInt64(),
                document.RootElement.GetProperty("entityName").GetString() ?? "",
                [.. facts.OrderBy(f => f.Filed).ThenBy(f => f.Accession, StringComparer.Ordinal)
                    .ThenBy(f => f.Concept, StringComparer.Ordinal).ThenBy(f => f.End)]), seen);
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException)
        {
            throw new MarketProviderException(Name, ProviderProblem.Unavailable, "answered in an unknown form", inner: error);
        }
    }

    /// <summary>Null where value, period or day of filing is missing.</summary>
    static CompanyFact? Fact(string taxonomy, string concept, string unit, JsonElement fact)
    {
        string? Text(string name) => fact.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString() : null;
        DateOnly? Day(string name) => DateOnly.TryParseExact(
            Text(name), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
        return fact.TryGetProperty("val", out var value) && value.ValueKind == JsonValueKind.Number && Day("end") is { } end
            && Day("filed") is { } filed
            ? new(taxonomy, concept, unit, Day("start"), end, value.GetDouble(), Text("form"), fact.TryGetProperty("fy", out var year)
            && year.ValueKind == JsonValueKind.Number ? year.GetInt32() : null,
                Text("fp"), filed, Text("accn") ?? "")
            : null;
    }

    JsonDocument Read(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw new MarketProviderException(Name, ProviderProblem.Unavailable, "answered with something else than JSON", inner: error);
        }
    }
}
