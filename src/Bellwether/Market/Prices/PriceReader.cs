using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>Reads bars as they were known at a moment.</summary>
public sealed class PriceReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    internal const string Columns =
        "date, open_price, high_price, low_price, close_price, volume, adjusted_close, known_at, data_source, loaded_on, splits_in_prices";

    /// <summary>
    /// The version of each bar that was known, in order of time. Nothing that became known later is seen, and no version that was known
    /// before its bar was over: it tells of a part.
    /// </summary>
    /// <param name="from">First bar, included; null for all.</param>
    /// <param name="to">End, excluded; null for all.</param>
    /// <param name="asOf">Null for now.</param>
    public Task<IReadOnlyList<StoredBar>> BarsAsync(
        string ticker, BarInterval interval, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset? asOf,
        CancellationToken cancellationToken) => BarsAsync(ticker, interval, from, to, asOf, null, cancellationToken);

    /// <summary>
    /// All daily bars, each known since the first of the versions that say what the last one says of what was traded, with none between
    /// them that said something else. A file that is imported again as known earlier is a version before the one that is there; one that
    /// restates the adjusted closes after a dividend tells nothing new.
    /// </summary>
    /// <param name="splits">Those that are known.</param>
    public Task<IReadOnlyList<StoredBar>> BarsSinceAsync(
        string ticker, DateTimeOffset? asOf, IReadOnlyList<CorporateAction> splits, CancellationToken cancellationToken) =>
        BarsAsync(ticker, BarInterval.Day, null, null, asOf, splits, cancellationToken);

    async Task<IReadOnlyList<StoredBar>> BarsAsync(
        string ticker, BarInterval interval, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset? asOf,
        IReadOnlyList<CorporateAction>? since, CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        var hours = await new TradingHoursStore(dataSource, time).ReadAsync(ticker, asOf, cancellationToken);
        await using var command = dataSource.CreateCommand($"""
            SELECT {Columns} FROM {PriceStore.Table}
            WHERE ticker = $1 AND bar_interval = $2 AND ($3::timestamptz IS NULL OR date >= $3) AND ($4::timestamptz IS NULL OR date < $4)
              AND ($5::timestamptz IS NULL OR known_at <= $5)
            ORDER BY date, known_at DESC
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = interval.Name });
        foreach (var bound in (DateTimeOffset?[])[from, to, asOf])
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = bound?.ToUniversalTime() });
        return await TakeAsync(command, hours, interval, since, cancellationToken);
    }

    /// <summary>
    /// Of each of these moments the last bar before it as <see cref="BarsAsync(string, BarInterval, DateTimeOffset?, DateTimeOffset?,
    /// DateTimeOffset?, CancellationToken)"/> has it, perhaps with bars before that one; in order of time.
    /// </summary>
    /// <param name="from">First bar, included.</param>
    /// <param name="spare">Bars that may not have been over when they became known, for each of the moments.</param>
    internal async Task<IReadOnlyList<StoredBar>> BarsBeforeAsync(
        string ticker, BarInterval interval, DateTimeOffset from, IReadOnlyList<DateTimeOffset> moments, DateTimeOffset? asOf, int spare,
        CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        var hours = await new TradingHoursStore(dataSource, time).ReadAsync(ticker, asOf, cancellationToken);
        await using var command = dataSource.CreateCommand($"""
            SELECT {Columns} FROM {PriceStore.Table}
            WHERE ticker = $1 AND bar_interval = $2 AND ($5::timestamptz IS NULL OR known_at <= $5) AND date = ANY(ARRAY(
                SELECT last.date FROM unnest($4::timestamptz[]) AS moments (before) CROSS JOIN LATERAL (
                    SELECT DISTINCT date FROM {PriceStore.Table}
                    WHERE ticker = $1 AND bar_interval = $2 AND date >= $3 AND date < moments.before
                      AND ($5::timestamptz IS NULL OR known_at <= $5)
                    ORDER BY date DESC LIMIT $6) AS last))
            ORDER BY date, known_at DESC
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = interval.Name });
        command.Parameters.Add(new() { Value = from.ToUniversalTime() });
        command.Parameters.Add(new() { Value = moments.Select(m => m.UtcDateTime).ToArray() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        command.Parameters.Add(new() { Value = 1 + spare });
        return await TakeAsync(command, hours, interval, null, cancellationToken);
    }

    /// <param name="since">Splits, to go back to the first version that says the same; null to take the last as it is.</param>
    static async Task<IReadOnlyList<StoredBar>> TakeAsync(
        NpgsqlCommand command, StatedHours hours, BarInterval interval, IReadOnlyList<CorporateAction>? since,
        CancellationToken cancellationToken)
    {
        var (bars, another) = (new List<StoredBar>(), false);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            if (bars.Count > 0 && bars[^1].Bar.Date == row.GetDateTime(0))
            {
                if (since is null || another) continue;
                var before = Read(row);
                another = !hours.IsComplete(in before, interval) || !bars[^1].Traded(in before, since);
                if (!another) bars[^1] = bars[^1].Since(before.KnownAt);
                continue;
            }
            var bar = Read(row);
            if (!hours.IsComplete(in bar, interval)) continue;
            bars.Add(bar);
            another = false;
        }
        return bars;
    }

    /// <summary>Every version of one bar, oldest first.</summary>
    public async Task<IReadOnlyList<StoredBar>> VersionsAsync(string ticker, BarInterval interval, DateTimeOffset date,
        CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            $"SELECT {Columns} FROM {PriceStore.Table} WHERE ticker = $1 AND bar_interval = $2 AND date = $3 ORDER BY known_at");
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = interval.Name });
        command.Parameters.Add(new() { Value = date.ToUniversalTime() });
        var bars = new List<StoredBar>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) bars.Add(Read(row));
        return bars;
    }

    /// <summary>Splits and dividends as they were known, in order of their dates.</summary>
    public async Task<IReadOnlyList<CorporateAction>> ActionsAsync(string ticker, DateTimeOffset? asOf,
        CancellationToken cancellationToken) =>
        [.. (await KnownActionsAsync(ticker, asOf, cancellationToken)).Select(a => a.Action)];

    /// <summary>The same with the moments since when they are known.</summary>
    public async Task<IReadOnlyList<KnownAction>> KnownActionsAsync(string ticker, DateTimeOffset? asOf,
        CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var actions = new List<KnownAction>();
        foreach (var version in await ActionVersionsAsync(connection, ticker, asOf, cancellationToken))
        {
            var newer = actions.Count > 0
                && (actions[^1].Action.ExDate, actions[^1].Action.Kind) == (version.Action.ExDate, version.Action.Kind);
            if (newer && actions[^1].Action == version.Action) continue;
            if (newer) actions[^1] = version;
            else actions.Add(version);
        }
        return actions;
    }

    /// <summary>Every version of every action, by date and kind, oldest first.</summary>
    internal static async Task<IReadOnlyList<KnownAction>> ActionVersionsAsync(
        NpgsqlConnection connection, string ticker, DateTimeOffset? knownBy, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT ex_date, kind, value, in_prices, known_at FROM market.corporate_actions
            WHERE ticker = $1 AND ($2::timestamptz IS NULL OR known_at <= $2) ORDER BY ex_date, kind, known_at
            """, connection);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = knownBy?.ToUniversalTime() });
        var actions = new List<KnownAction>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) actions.Add(ReadAction(row));
        return actions;
    }

    internal static StoredBar Read(NpgsqlDataReader row) => new(
        new(row.GetDateTime(0), row.GetDouble(1), row.GetDouble(2), row.GetDouble(3), row.GetDouble(4),
            row.IsDBNull(5) ? null : row.GetInt64(5), row.IsDBNull(6) ? null : row.GetDouble(6)),
        row.GetDateTime(7),
        new(row.GetString(8)) { LoadedOn = row.IsDBNull(9) ? null : row.GetFieldValue<DateOnly>(9), SplitsInPrices = row.GetBoolean(10) });

    static KnownAction ReadAction(NpgsqlDataReader row) => new(
        new(row.GetFieldValue<DateOnly>(0), row.GetString(1) == "split" ? CorporateActionKind.Split : CorporateActionKind.Dividend,
            row.GetDouble(2), row.GetBoolean(3)),
        row.GetDateTime(4));
}
