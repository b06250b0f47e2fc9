using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake.Legacy;

sealed partial class LegacyStore
{
    /// <summary>
    /// Takes the results that nobody has stored yet. Both identities of an article are claimed, the old one and the one that a feed gives it, so
    /// that the same article is recognised whichever way it comes. What a live result has already is not taken again.
    /// </summary>
    async Task<HashSet<LegacyResult>> ClaimAsync(NpgsqlConnection connection, List<LegacyResult> wanted, CancellationToken cancellationToken)
    {
        var keys = wanted.SelectMany(result => (Guid[])[result.Key, result.Alias]).Distinct().ToArray();
        var claimed = new HashSet<Guid>(keys.Length);
        var live = new HashSet<Guid>();
        await using var claim = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                KnowledgeBarrier.Enter(),
                // One order for all workers, so that two of them never wait for each other.
                new("""
                    INSERT INTO ops.inbox (event_key, migration_id) SELECT key, $2 FROM unnest($1::uuid[]) AS k(key) ORDER BY key
                    ON CONFLICT DO NOTHING RETURNING event_key
                    """) { Parameters = { new() { Value = keys }, new() { Value = migration } } },
                new("SELECT event_key FROM ops.inbox WHERE event_key = ANY($1) AND migration_id IS NULL") { Parameters = { new() { Value = keys } } },
            },
        };
        await using (var reader = await claim.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) claimed.Add(reader.GetGuid(0));
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) live.Add(reader.GetGuid(0));
        }
        // Of two equal ones in a batch the first counts.
        var stored = wanted.Where(result => !live.Contains(result.Alias) && claimed.Remove(result.Key)).ToHashSet<LegacyResult>(ReferenceEqualityComparer.Instance);
        if (_looksForRows && stored.Count > 0)
            foreach (var (result, _) in await StoredAsync(connection, [.. stored], cancellationToken).ConfigureAwait(false)) stored.Remove(result);
        return stored;
    }

    /// <summary>Numbers of rows whose article and ticker are stored with other values.</summary>
    async Task<IReadOnlySet<long>> ConflictsAsync(
        NpgsqlConnection connection, List<LegacyResult> wanted, HashSet<LegacyResult> stored, CancellationToken cancellationToken)
    {
        var others = wanted.Where(result => !stored.Contains(result)).ToList();
        var different = new HashSet<long>();
        if (others.Count == 0) return different;
        var first = new Dictionary<Guid, LegacyResult>();
        foreach (var result in stored) first[result.Key] = result;
        // What this very batch stores first, and what is in the database.
        foreach (var result in others)
            if (first.TryGetValue(result.Key, out var same) && !result.Says(same.Row)) different.Add(result.SourceRow);
        foreach (var (result, row) in await StoredAsync(connection, others, cancellationToken).ConfigureAwait(false))
            if (!result.Says(row)) different.Add(result.SourceRow);
        return different;
    }

    static async Task<List<(LegacyResult Result, LakeRow Row)>> StoredAsync(NpgsqlConnection connection, List<LegacyResult> results, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT k.i, s.sentiment, s.confidence, s.model, s.article_title, s.source_url, s.text
            FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS k(article_id, ticker, timestamp, i)
            JOIN {HotRows.Table} AS s USING (article_id, ticker, timestamp)
            """, connection);
        command.Parameters.Add(new() { Value = results.ConvertAll(result => result.Row.ArticleId) });
        command.Parameters.Add(new() { Value = results.ConvertAll(result => result.Row.Ticker) });
        command.Parameters.Add(new() { Value = results.ConvertAll(result => result.Row.Timestamp.UtcDateTime) });
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var found = new List<(LegacyResult, LakeRow)>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var result = results[(int)row.GetInt64(0) - 1];
            found.Add((result, result.Row with
            {
                Sentiment = row.GetDouble(1),
                Confidence = row.GetDouble(2),
                Model = row.GetString(3),
                ArticleTitle = row.IsDBNull(4) ? null : row.GetString(4),
                SourceUrl = row.IsDBNull(5) ? null : row.GetString(5),
                Text = row.IsDBNull(6) ? null : row.GetString(6),
            }));
        }
        return found;
    }

    // What repeats what was not determined for old files.
    static readonly string CopyRows = $"COPY {HotRows.Table} ({LakeSchema.Names(LakeSchema.Columns.Take(LakeSchema.First))}) FROM STDIN (FORMAT BINARY)";

    static async Task CopyAsync(NpgsqlConnection connection, List<LakeRow> rows, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(CopyRows, cancellationToken).ConfigureAwait(false);
        foreach (var row in rows)
        {
            await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Timestamp.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Ticker, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            await TextAsync(row.ArticleTitle, NpgsqlDbType.Text).ConfigureAwait(false);
            await copy.WriteAsync(row.Sentiment, NpgsqlDbType.Double, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Confidence, NpgsqlDbType.Double, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Source, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            await TextAsync(row.SourceUrl, NpgsqlDbType.Text).ConfigureAwait(false);
            await copy.WriteAsync(row.Model, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.ArticleId, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            await TextAsync(row.Text, NpgsqlDbType.Text).ConfigureAwait(false);
            await copy.WriteAsync(row.FetchedAt.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.KnownAt.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
            await TextAsync(row.RawPayload, NpgsqlDbType.Jsonb).ConfigureAwait(false);
            foreach (var text in (string[])[row.EventId, row.EventType, row.Priority])
                await copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Weight, NpgsqlDbType.Double, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.ModelVersion, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Positive, NpgsqlDbType.Double, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.Negative, NpgsqlDbType.Double, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync((short)row.SchemaVersion, NpgsqlDbType.Smallint, cancellationToken).ConfigureAwait(false);
        }
        await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);

        Task TextAsync(string? value, NpgsqlDbType type) => value is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(value, type, cancellationToken);
    }
}
