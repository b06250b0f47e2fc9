using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake.Legacy;

sealed partial class LegacyStore
{
    /// <summary>Marks the days dirty for the lake, and remembers with the first rows what each was before.</summary>
    async Task MarkDaysAsync(NpgsqlConnection connection, List<LakeRow> rows, Dictionary<DateOnly, LegacyDay> days, CancellationToken cancellationToken)
    {
        var added = Digests(rows);
        var touched = new NpgsqlParameter { Value = added.Keys.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };
        var before = new Dictionary<DateOnly, (long Revision, bool Clean, string? File)>();
        await using (var read = new NpgsqlCommand("""
            SELECT d.day, d.revision, d.revision = d.written_revision, to_jsonb(f)::text FROM ops.lake_days AS d LEFT JOIN ops.lake_files AS f ON f.day = d.day
            WHERE d.day = ANY($1) ORDER BY d.day FOR UPDATE OF d
            """, connection) { Parameters = { touched.Clone() } })
        await using (var row = await read.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                before[row.GetFieldValue<DateOnly>(0)] = (row.GetInt64(1), row.GetBoolean(2), row.IsDBNull(3) ? null : row.GetString(3));
        await using (var mark = new NpgsqlCommand("""
            INSERT INTO ops.lake_days AS d (day, hot_rows, revision)
            SELECT day, rows, 1 FROM unnest($1::date[], $2::bigint[]) AS n(day, rows) ORDER BY day
            ON CONFLICT (day) DO UPDATE SET hot_rows = d.hot_rows + excluded.hot_rows, revision = d.revision + 1,
                dirty_since = CASE WHEN d.revision > d.written_revision THEN d.dirty_since ELSE now() END
            RETURNING day, revision
            """, connection) { Parameters = { touched.Clone(), new() { Value = added.Values.Select(digest => digest.Rows).ToArray() } } })
        await using (var row = await mark.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var (day, revision) = (row.GetFieldValue<DateOnly>(0), row.GetInt64(1));
                var (was, isOurs) = (before.GetValueOrDefault(day), _days.TryGetValue(day, out var own));
                // Only what nobody else wrote since the last batch, or since the file before, can be told apart from what they wrote.
                var mixed = isOurs ? own.Mixed || own.Revision != revision - 1 : was.Revision != revision - 1 || was.Revision > 0 && !was.Clean;
                days[day] = new(
                    own.Rows + added[day].Rows, LakeDigest.Sum(isOurs ? own.Hash : LakeDigest.Nothing, added[day].ContentHash), revision, mixed, isOurs ? null : was.File);
            }
        await using var keep = new NpgsqlCommand("""
            INSERT INTO ops.lake_migration_days AS d (migration_id, day, rows, content_hash, revision, mixed, file_before)
            SELECT $1, day, rows, content_hash, revision, mixed, file_before::jsonb
            FROM unnest($2::date[], $3::bigint[], $4::text[], $5::bigint[], $6::bool[], $7::text[]) AS n(day, rows, content_hash, revision, mixed, file_before)
            ON CONFLICT (migration_id, day) DO UPDATE SET rows = excluded.rows, content_hash = excluded.content_hash, revision = excluded.revision, mixed = excluded.mixed
            """, connection);
        keep.Parameters.Add(new() { Value = migration });
        keep.Parameters.Add(new() { Value = days.Keys.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
        keep.Parameters.Add(new() { Value = days.Values.Select(day => day.Rows).ToArray() });
        keep.Parameters.Add(new() { Value = days.Values.Select(day => day.Hash).ToArray() });
        keep.Parameters.Add(new() { Value = days.Values.Select(day => day.Revision).ToArray() });
        keep.Parameters.Add(new() { Value = days.Values.Select(day => day.Mixed).ToArray() });
        keep.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. days.Values.Select(day => day.FileBefore)] });
        await keep.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static SortedDictionary<DateOnly, LakeDigest> Digests(List<LakeRow> rows)
    {
        var digests = new SortedDictionary<DateOnly, LakeDigest>();
        var encoder = new LakeRowEncoder();
        foreach (var row in rows)
        {
            if (!digests.TryGetValue(DayOf(row), out var digest)) digests.Add(DayOf(row), digest = new());
            encoder.Encode(row);
            digest.Add(LakeRowEncoder.Micros(row.Timestamp), encoder.Row);
        }
        return digests;
    }

    /// <summary>Adds the results to their tickers' states, and remembers with the first ones what each was before.</summary>
    async Task AddToTickersAsync(NpgsqlConnection connection, List<LakeRow> rows, Dictionary<string, LegacyTicker> states, CancellationToken cancellationToken)
    {
        var added = rows.CountBy(row => row.Ticker, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var before = new Dictionary<string, (long Revision, string State)>(StringComparer.Ordinal);
        await using (var read = new NpgsqlCommand("""
            SELECT ticker, revision, to_jsonb(t)::text FROM sentiment.ticker_sentiment AS t WHERE ticker = ANY($1) ORDER BY ticker COLLATE "C" FOR UPDATE
            """, connection) { Parameters = { new() { Value = added.Keys.ToArray() } } })
        await using (var row = await read.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) before[row.GetString(0)] = (row.GetInt64(1), row.GetString(2));
        foreach (var (ticker, revision) in await tickers.Add(connection, rows, cancellationToken).ConfigureAwait(false))
        {
            var was = before.GetValueOrDefault(ticker);
            var (isOurs, prior) = (_tickers.TryGetValue(ticker, out var own), revision - added[ticker]);
            states[ticker] = new(revision, isOurs ? own.Mixed || own.Revision != prior : was.Revision != prior, isOurs ? null : was.State);
        }
        await using var keep = new NpgsqlCommand("""
            INSERT INTO ops.lake_migration_tickers (migration_id, ticker, revision, mixed, state_before)
            SELECT $1, ticker, revision, mixed, state_before::jsonb FROM unnest($2::text[], $3::bigint[], $4::bool[], $5::text[]) AS n(ticker, revision, mixed, state_before)
            ON CONFLICT (migration_id, ticker) DO UPDATE SET revision = excluded.revision, mixed = excluded.mixed
            """, connection);
        keep.Parameters.Add(new() { Value = migration });
        keep.Parameters.Add(new() { Value = states.Keys.ToArray() });
        keep.Parameters.Add(new() { Value = states.Values.Select(state => state.Revision).ToArray() });
        keep.Parameters.Add(new() { Value = states.Values.Select(state => state.Mixed).ToArray() });
        keep.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. states.Values.Select(state => state.StateBefore)] });
        await keep.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
