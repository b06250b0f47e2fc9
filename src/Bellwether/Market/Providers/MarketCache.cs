using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;

namespace Bellwether.Market.Providers;

/// <param name="IsStale">It is no longer fresh; a new one is being fetched.</param>
/// <param name="Fetched">The provider was asked for it just now.</param>
public sealed record CachedAnswer(string Json, double? Quality, DateTime CachedAt, DateTime FreshUntil, DateTime ExpiresAt, bool IsStale,
    bool Fetched);

public sealed record CacheEntry(string Ticker, string DataType, string Source, string? Parameters, DateTime CachedAt, DateTime FreshUntil,
    DateTime ExpiresAt, double? Quality);

/// <summary>
/// Answers of providers in <c>market.market_data_cache</c>. A fresh answer is given as it is; a stale one too, while one caller fetches a
/// new one; an expired one is no answer. Whoever asks for the same at the same time waits for the same fetch, in this process and in
/// others.
/// </summary>
public sealed class MarketCache(NpgsqlDataSource dataSource, TimeProvider time) : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, Lazy<Task<CachedAnswer>>> _fetches = new(StringComparer.Ordinal);

    /// <param name="fresh">How long an answer is fresh.</param>
    /// <param name="stale">How long after that it is still given.</param>
    /// <param name="renew">Fetch even where a fresh one is there.</param>
    /// <exception cref="MarketProviderException">There is no answer, neither here nor there.</exception>
    public async Task<CachedAnswer> GetAsync(IMarketProvider provider, ProviderRequest request, TimeSpan fresh, TimeSpan stale, bool renew,
        CancellationToken cancellationToken)
    {
        var parameters = CanonicalParameters.Of(provider.Name, request.Parameters);
        var there = renew ? null : await FindAsync(dataSource, request, parameters, cancellationToken);
        if (there is { IsStale: false }) return there;
        var fetch = Fetch(provider, request, parameters, fresh, stale, renew);
        if (there is not null) return there;
        return await fetch.WaitAsync(cancellationToken);
    }

    /// <summary>Removes what has expired; returns how many answers.</summary>
    public async Task<int> CleanAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("DELETE FROM market.market_data_cache WHERE expires_at <= $1");
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Removes answers whatever their age; returns how many.</summary>
    public async Task<int> RemoveAsync(string? ticker, string? dataType, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            DELETE FROM market.market_data_cache WHERE ($1::text IS NULL OR ticker = $1) AND ($2::text IS NULL OR data_type = $2)
            """);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = ticker });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = dataType });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<CacheEntry>> ListAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT ticker, data_type, data_source, parameters::text, cached_at, fresh_until, expires_at, data_quality_score::float8
            FROM market.market_data_cache ORDER BY ticker, data_type, parameters::text
            """);
        var entries = new List<CacheEntry>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            entries.Add(new(row.GetString(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3),
                row.GetDateTime(4), row.GetDateTime(5), row.GetDateTime(6), row.IsDBNull(7) ? null : row.GetDouble(7)));
        return entries;
    }

    /// <summary>Waits for fetches that nobody waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var fetch in _fetches.Values) await ((Task)fetch.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    Task<CachedAnswer> Fetch(IMarketProvider provider, ProviderRequest request, string parameters, TimeSpan fresh, TimeSpan stale,
        bool renew)
    {
        var key = $"{request.Ticker}\n{request.DataType}\n{parameters}";
        var fetch = _fetches.GetOrAdd(key, _ => new(() => Task.Run(async () =>
        {
            try
            {
                // No caller's: those who wait may give up one by one. The provider's own limits end it.
                return await FetchAsync(provider, request, parameters, fresh, stale, renew);
            }
            finally
            {
                _fetches.TryRemove(key, out var _);
            }
        })));
        return fetch.Value;
    }

    async Task<CachedAnswer> FetchAsync(IMarketProvider provider, ProviderRequest request, string parameters, TimeSpan fresh,
        TimeSpan stale, bool renew)
    {
        var asked = time.GetUtcNow().UtcDateTime;
        await using var connection = await dataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var turn = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", connection, transaction)
        {
            CommandTimeout = 0,
        })
        {
            turn.Parameters.Add(new() { Value = $"market.market_data_cache {request.Ticker} {request.DataType} {parameters}" });
            await turn.ExecuteNonQueryAsync();
        }
        // Another process may have fetched it while this one waited for its turn.
        if (await FindAsync(dataSource, request, parameters, CancellationToken.None) is { IsStale: false } there
            && (!renew || there.CachedAt > asked)) return there;
        var answer = await provider.FetchAsync(request, CancellationToken.None);
        var now = time.GetUtcNow().UtcDateTime;
        var cached = new CachedAnswer(answer.Json, answer.Quality, now, now + fresh, now + fresh + stale, false, true);
        await using var store = new NpgsqlCommand("""
            INSERT INTO market.market_data_cache AS c (ticker, data_type, data, data_source, data_quality_score, cached_at, fresh_until,
                expires_at, parameters)
            VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9::jsonb)
            ON CONFLICT ON CONSTRAINT uq_market_cache DO UPDATE SET data = excluded.data, data_source = excluded.data_source,
                data_quality_score = excluded.data_quality_score,
                cached_at = excluded.cached_at, fresh_until = excluded.fresh_until, expires_at = excluded.expires_at
            """, connection, transaction);
        foreach (var value in (object[])[request.Ticker, request.DataType, answer.Json, provider.Name,
            (decimal)Math.Round(answer.Quality, 2), cached.CachedAt, cached.FreshUntil, cached.ExpiresAt, parameters])
            store.Parameters.Add(new() { Value = value });
        await store.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
        return cached;
    }

    /// <summary>Null where there is none, or it has expired.</summary>
    async Task<CachedAnswer?> FindAsync(NpgsqlDataSource source, ProviderRequest request, string parameters,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await using var command = source.CreateCommand("""
            SELECT data::text, data_quality_score::float8, cached_at, fresh_until, expires_at FROM market.market_data_cache
            WHERE ticker = $1 AND data_type = $2 AND parameters = $3::jsonb AND expires_at > $4
            """);
        foreach (var value in (object[])[request.Ticker, request.DataType, parameters, now])
            command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(row.GetString(0), row.IsDBNull(1) ? null : row.GetDouble(1), row.GetDateTime(2), row.GetDateTime(3), row.GetDateTime(4),
                now >= row.GetDateTime(3), false) : null;
    }
}

/// <summary>Parameters in one form, so that the same question has one entry.</summary>
static class CanonicalParameters
{
    /// <summary>Names in small letters and in order, values trimmed, without those that say nothing; with the provider, whose answers are
    /// its own.</summary>
    public static string Of(string provider, IReadOnlyDictionary<string, string?> parameters)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["provider"] = provider };
        foreach (var (name, value) in parameters)
            if (!string.IsNullOrWhiteSpace(value)) sorted[name.Trim().ToLowerInvariant()] = value.Trim();
        return JsonSerializer.Serialize(sorted, ProviderJson.Default.SortedDictionaryStringString);
    }
}
