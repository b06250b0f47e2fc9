using Bellwether.Market.Import;

namespace Bellwether.Market.Providers;

/// <summary>Files of bars in a folder: <c>AAPL.csv</c>, in any layout that an import reads.</summary>
public sealed class CsvFolderProvider(ProviderOptions options, TimeProvider time) : IMarketProvider
{
    public string Name => "csv";

    DateOrder? Dates => options.CsvDates is { } named && DateText.TryParseOrder(named, out var order) ? order : null;

    public IReadOnlyList<string> DataTypes { get; } = [MarketDataType.DailyPrices];

    public async Task<ProviderAnswer> FetchAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        if (options.CsvFolder is not { } folder)
            throw new MarketProviderException(Name, ProviderProblem.NotConfigured, "no folder is set", "Set Market:Providers:CsvFolder.");
        // A ticker has no slash, so the file is always one of the folder.
        var path = new[] { request.Ticker, request.Ticker.ToLowerInvariant() }.Select(name => Path.Combine(folder, $"{name}.csv"))
            .FirstOrDefault(File.Exists)
            ?? throw new MarketProviderException(Name, ProviderProblem.Unknown, $"there is no {request.Ticker}.csv in {folder}");
        var asked = time.GetUtcNow().UtcDateTime;
        try
        {
            return await BarJson.ReadAsync(Name, request.Ticker, await File.ReadAllTextAsync(path, cancellationToken), asked, null,
                cancellationToken, new(path, Dates, options.CsvAnySpacing));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new MarketProviderException(Name, ProviderProblem.Unavailable, $"{path} cannot be read: {error.Message}", inner: error);
        }
    }
}

/// <summary>Stooq: daily bars, adjusted for splits. American symbols carry <c>.us</c> there, indices a caret and no market.</summary>
public sealed class StooqProvider(ProviderOptions options, ProviderHttp http, TimeProvider time) : IMarketProvider
{
    public const string Id = "stooq";

    /// <summary>Stands for the market of an index, which has none.</summary>
    public const string IndexMarket = "^";

    public string Name => Id;

    public IReadOnlyList<string> DataTypes { get; } = [MarketDataType.DailyPrices];

    public async Task<ProviderAnswer> FetchAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        var symbol = SymbolOf(request.Ticker, request.Parameters.GetValueOrDefault("market"));
        var asked = time.GetUtcNow().UtcDateTime;
        var text = await http.GetAsync(new(options.StooqUrl, $"/q/d/l/?s={Uri.EscapeDataString(symbol)}&i=d"), cancellationToken);
        if (text is null || text.TrimStart().StartsWith("No data", StringComparison.OrdinalIgnoreCase))
            throw new MarketProviderException(Name, ProviderProblem.Unknown, $"does not know {symbol}");
        if (text.Contains("daily hits limit", StringComparison.OrdinalIgnoreCase))
            throw new MarketProviderException(Name, ProviderProblem.Quota, "allows no more requests today", "Try again tomorrow.");
        return await BarJson.ReadAsync(Name, request.Ticker, text, asked, splitsInPrices: true, cancellationToken);
    }

    /// <summary>As Stooq calls a ticker: <c>brk-b.us</c>, the index <c>^spx</c>, the future <c>es.f</c>.</summary>
    /// <param name="market">Ending of the symbol, empty for none, <see cref="IndexMarket"/>; null for that of its kind.</param>
    internal static string SymbolOf(string ticker, string? market)
    {
        var plain = ticker.ToLowerInvariant();
        if (market == IndexMarket) return $"^{plain}";
        if (market is null && plain.EndsWith(".f", StringComparison.Ordinal)) return plain;
        return plain.Replace('.', '-') + market switch { null => ".us", "" => "", _ => $".{market}" };
    }
}

/// <summary>Alpha Vantage: daily bars as they were, with adjusted closes, splits and dividends where the key allows it.</summary>
public sealed class AlphaVantageProvider(ProviderOptions options, ProviderHttp http, TimeProvider time) : IMarketProvider
{
    public const string Id = "alpha_vantage";

    public string Name => Id;

    public IReadOnlyList<string> DataTypes { get; } = [MarketDataType.DailyPrices];

    public async Task<ProviderAnswer> FetchAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        if (options.AlphaVantageKey is not { } key)
            throw new MarketProviderException(Name, ProviderProblem.NotConfigured, "no key is set",
                "Set Market:Providers:AlphaVantageKey (BELLWETHER__MARKET__PROVIDERS__ALPHAVANTAGEKEY).");
        var adjusted = request.Parameters.TryGetValue("adjusted", out var asked) && asked == "true";
        var size = request.Parameters.TryGetValue("size", out var named) && named is not null ? named : "full";
        var address = $"/query?function=TIME_SERIES_DAILY{(adjusted ? "_ADJUSTED" : "")}&symbol={Uri.EscapeDataString(request.Ticker)}"
            + $"&outputsize={Uri.EscapeDataString(size)}&datatype=csv&apikey={Uri.EscapeDataString(key)}";
        var moment = time.GetUtcNow().UtcDateTime;
        var text = await http.GetAsync(new(options.AlphaVantageUrl, address), cancellationToken)
            ?? throw new MarketProviderException(Name, ProviderProblem.Unavailable, "answered 404");
        // What is wrong comes with status 200, as JSON in place of the rows.
        if (!text.TrimStart().StartsWith('{'))
            return await BarJson.ReadAsync(Name, request.Ticker, text, moment, splitsInPrices: false, cancellationToken);
        throw text.Contains("\"Error Message\"", StringComparison.Ordinal)
            ? new MarketProviderException(Name, ProviderProblem.Unknown, $"does not know {request.Ticker}")
            : text.Contains("premium", StringComparison.OrdinalIgnoreCase)
                && !text.Contains("rate limit", StringComparison.OrdinalIgnoreCase)
                ? new MarketProviderException(Name, ProviderProblem.NotConfigured,
                    $"the key does not allow {(adjusted ? "adjusted bars" : $"the {size} history")}",
                    adjusted ? "Ask without --adjusted, or use another key." : size == "compact" ? "Use another key."
                    : "Ask with --size compact for the last hundred bars, or use another key.")
            : text.Contains("\"Note\"", StringComparison.Ordinal) || text.Contains("\"Information\"", StringComparison.Ordinal)
                ? new MarketProviderException(Name, ProviderProblem.Quota, "allows no more requests for now", "Try again later.")
            : new MarketProviderException(Name, ProviderProblem.Unavailable, "answered in an unknown form");
    }
}
