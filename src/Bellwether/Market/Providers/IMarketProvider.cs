namespace Bellwether.Market.Providers;

/// <summary>Kinds of data by their names in the cache.</summary>
public static class MarketDataType
{
    public const string DailyPrices = "daily_prices";

    /// <summary>What a company reported, by concept, period and filing.</summary>
    public const string CompanyFacts = "company_facts";
}

/// <param name="Parameters">What an answer depends on beside ticker and kind.</param>
public sealed record ProviderRequest(string DataType, string Ticker, IReadOnlyDictionary<string, string?> Parameters);

/// <param name="Json">In this program's form, whatever the provider's is.</param>
/// <param name="Quality">Share of the rows that are sound, 0 to 1.</param>
public sealed record ProviderAnswer(string Json, double Quality);

/// <summary>Somebody who can be asked for market data.</summary>
public interface IMarketProvider
{
    /// <summary>As it is stored, such as <c>stooq</c>.</summary>
    string Name { get; }

    /// <summary>Kinds of data that it has.</summary>
    IReadOnlyList<string> DataTypes { get; }

    /// <exception cref="MarketProviderException">There is no answer.</exception>
    Task<ProviderAnswer> FetchAsync(ProviderRequest request, CancellationToken cancellationToken);
}

public enum ProviderProblem
{
    /// <summary>It needs a key, a contact or a folder that is not set, or lacks this kind of data.</summary>
    NotConfigured,

    /// <summary>It does not know the ticker.</summary>
    Unknown,

    /// <summary>As much was asked as may be; more only later.</summary>
    Quota,

    /// <summary>It does not answer, or not in the form it is known for.</summary>
    Unavailable,
}

/// <summary>A provider has no answer. The message names it and tells why.</summary>
public sealed class MarketProviderException(string provider, ProviderProblem problem, string message, string? mend = null,
    Exception? inner = null) : Exception($"{provider}: {message}", inner)
{
    public string Provider { get; } = provider;

    public ProviderProblem Problem { get; } = problem;

    /// <summary>What to do about it.</summary>
    public string? Mend { get; } = mend;
}
