using System.ComponentModel.DataAnnotations;

namespace Bellwether.Market.Providers;

/// <summary>Where market data is fetched from, how often, and how long an answer is kept.</summary>
public sealed record ProviderOptions
{
    /// <summary>Folder with one file of bars for each ticker, <c>AAPL.csv</c>; null for none.</summary>
    public string? CsvFolder { get; init; }

    /// <summary>Whether days or months come first in the dates of those files: dmy, mdy or ymd; null to find out from each.</summary>
    [AllowedValues(null, "dmy", "mdy", "ymd")] public string? CsvDates { get; init; }

    /// <summary>Takes those files as daily bars also where their dates are weeks or months apart.</summary>
    public bool CsvAnySpacing { get; init; }

    /// <summary>Key of Alpha Vantage; null for none. Never logged.</summary>
    public string? AlphaVantageKey { get; init; }

    [Required] public Uri AlphaVantageUrl { get; init; } = new("https://www.alphavantage.co");

    [Range(1, 1_000_000)] public int AlphaVantagePerDay { get; init; } = 25;

    [Range(1, 10_000)] public int AlphaVantagePerMinute { get; init; } = 5;

    [Required] public Uri StooqUrl { get; init; } = new("https://stooq.com");

    [Range(1, 1_000_000)] public int StooqPerDay { get; init; } = 200;

    [Range(1, 10_000)] public int StooqPerMinute { get; init; } = 30;

    /// <summary>Name and mail address that the SEC asks for in every request; null for none.</summary>
    public string? EdgarContact { get; init; }

    [Required] public Uri EdgarUrl { get; init; } = new("https://data.sec.gov");

    /// <summary>Where the SEC lists which ticker is which company.</summary>
    [Required] public Uri EdgarTickersUrl { get; init; } = new("https://www.sec.gov");

    [Range(1, 1_000_000)] public int EdgarPerDay { get; init; } = 20_000;

    [Range(1, 600)] public int EdgarPerMinute { get; init; } = 300;

    /// <summary>How long prices are fresh.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")] public TimeSpan PricesFresh { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long after that they are still given, while new ones are fetched.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")] public TimeSpan PricesStale { get; init; } = TimeSpan.FromDays(2);

    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")] public TimeSpan FactsFresh { get; init; } = TimeSpan.FromDays(1);

    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")] public TimeSpan FactsStale { get; init; } = TimeSpan.FromDays(30);

    /// <summary>A request that brings nothing by then is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is tried again.</summary>
    [Range(0, 10)] public int Retries { get; init; } = 3;

    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")] public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Failures in a row after which a provider is left alone.</summary>
    [Range(2, 1_000)] public int BreakAfter { get; init; } = 5;

    [Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")] public TimeSpan BreakFor { get; init; } = TimeSpan.FromMinutes(1);
}
