using Npgsql;

namespace Bellwether.Market.Providers;

/// <summary>The providers of a desk by name.</summary>
public sealed class MarketProviders : IDisposable
{
    readonly ProviderHttp[] _http;

    public MarketProviders(NpgsqlDataSource dataSource, ProviderOptions options, TimeProvider time)
    {
        ProviderHttp Http(string name, int perDay, int perMinute, string? contact = null) =>
            new(name, options, new(dataSource, time, name, perDay, perMinute), time, contact);
        _http =
        [
            Http(StooqProvider.Id, options.StooqPerDay, options.StooqPerMinute),
            Http(AlphaVantageProvider.Id, options.AlphaVantagePerDay, options.AlphaVantagePerMinute),
            Http(EdgarProvider.Id, options.EdgarPerDay, options.EdgarPerMinute, options.EdgarContact),
        ];
        All = [new CsvFolderProvider(options, time), new StooqProvider(options, _http[0], time),
            new AlphaVantageProvider(options, _http[1], time), new EdgarProvider(options, _http[2])];
    }

    public IReadOnlyList<IMarketProvider> All { get; }

    /// <exception cref="MarketProviderException">There is none of that name, or it lacks this kind of data.</exception>
    public IMarketProvider Find(string name, string dataType)
    {
        var provider = All.FirstOrDefault(p => p.Name == name)
            ?? throw new MarketProviderException(name, ProviderProblem.NotConfigured,
                $"there is no such provider; there are {string.Join(", ", All.Select(p => p.Name))}");
        return provider.DataTypes.Contains(dataType) ? provider
            : throw new MarketProviderException(name, ProviderProblem.NotConfigured, $"has no {dataType}",
                $"These have it: {string.Join(", ", All.Where(p => p.DataTypes.Contains(dataType)).Select(p => p.Name))}.");
    }

    public void Dispose()
    {
        foreach (var http in _http) http.Dispose();
    }
}
