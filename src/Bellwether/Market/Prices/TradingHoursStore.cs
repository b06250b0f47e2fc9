using Bellwether.Market.Calendars;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <param name="KnownAt">Since when; the beginning of time for what was stated before there were bars, and where nothing is.</param>
public readonly record struct StatedHours(TradingHours Hours, DateTime KnownAt)
{
    public static StatedHours Default { get; } = new(TradingHours.Exchange, DateTime.MinValue);

    /// <summary>The version was known when its bar was over, not in its midst.</summary>
    public bool IsComplete(in StoredBar version, BarInterval interval) => version.KnownAt >= BarEnd.Of(Hours, interval, version.Bar.Date);
}

/// <summary>When tickers are traded, as it was known at any moment.</summary>
public sealed class TradingHoursStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <param name="asOf">Null for now.</param>
    public async Task<StatedHours> ReadAsync(string ticker, DateTimeOffset? asOf, CancellationToken cancellationToken) =>
        At(await VersionsAsync(ticker, cancellationToken), asOf?.UtcDateTime);

    /// <summary>All that was stated of a ticker, oldest first.</summary>
    public async Task<IReadOnlyList<StatedHours>> VersionsAsync(string ticker, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await VersionsAsync(connection, ticker, cancellationToken);
    }

    /// <summary>Of all tickers that anything is stated of.</summary>
    public async Task<ILookup<string, StatedHours>> AllAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            "SELECT ticker, hours, known_at FROM market.trading_hours ORDER BY ticker, known_at");
        var stated = new List<(string Ticker, StatedHours Hours)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) stated.Add((row.GetString(0), new(Parse(row.GetString(1)), row.GetDateTime(2))));
        return stated.ToLookup(s => s.Ticker, s => s.Hours, StringComparer.Ordinal);
    }

    /// <summary>What counted at a moment.</summary>
    /// <param name="stated">Oldest first.</param>
    public static StatedHours At(IEnumerable<StatedHours> stated, DateTime? moment)
    {
        var found = StatedHours.Default;
        foreach (var version in stated)
            if (!(version.KnownAt > moment)) found = version;
        return found;
    }

    /// <summary>States when a ticker is traded: since ever where no bar of it is known, else from now on.</summary>
    /// <param name="onlyFirst">Leaves a ticker alone that has bars.</param>
    public async Task StateAsync(string ticker, TradingHours hours, bool onlyFirst, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var enter = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                KnowledgeBarrier.Enter(),
                new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                {
                    Parameters = { new() { Value = $"market.trading_hours {ticker}" } },
                },
            },
        }) await enter.ExecuteNonQueryAsync(cancellationToken);
        await using var state = new NpgsqlCommand("""
            INSERT INTO market.trading_hours (ticker, known_at, hours)
            SELECT $1, CASE WHEN there.has_bars THEN $3::timestamptz ELSE '-infinity' END, $2
            FROM (SELECT EXISTS (SELECT FROM market.series WHERE ticker = $1) AS has_bars) AS there
            WHERE NOT (there.has_bars AND $4)
              AND coalesce((SELECT hours FROM market.trading_hours WHERE ticker = $1 ORDER BY known_at DESC LIMIT 1), 'exchange') <> $2
            ON CONFLICT (ticker, known_at) DO UPDATE SET hours = excluded.hours
            """, connection, transaction);
        foreach (object value in (object[])[ticker, BarEnd.NameOf(hours), time.GetUtcNow().UtcDateTime, onlyFirst])
            state.Parameters.Add(new() { Value = value });
        await state.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    internal static async Task<IReadOnlyList<StatedHours>> VersionsAsync(NpgsqlConnection connection, string ticker,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT hours, known_at FROM market.trading_hours WHERE ticker = $1 ORDER BY known_at",
            connection);
        command.Parameters.Add(new() { Value = ticker });
        var stated = new List<StatedHours>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) stated.Add(new(Parse(row.GetString(0)), row.GetDateTime(1)));
        return stated;
    }

    static TradingHours Parse(string name) =>
        BarEnd.TryParse(name, out var hours) ? hours
            : throw new InvalidDataException($"market.trading_hours names hours that are unknown: {name}");
}
