using Bellwether.Feeds;
using Bellwether.Retention.Archive;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Retention.Erase;

public sealed partial class Eraser
{
    /// <summary>Everything in the database, in one transaction; returns the days whose lake files hold some of it.</summary>
    static async Task<IReadOnlyList<DateOnly>> RemoveAsync(ErasureSubject subject, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var account = new ErasureAccount(subject);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await InfluencersAsync(subject, account, connection, cancellationToken).ConfigureAwait(false);
        // First the keys: a record that waits in the log is then known, and is passed over when its turn comes.
        await RunAsync("INSERT INTO ops.inbox (event_key) SELECT key FROM unnest($1::uuid[]) AS k(key) ORDER BY key ON CONFLICT DO NOTHING",
            [found.Keys.Select(key => EventKey.Of(key.Article, key.Ticker)).ToArray()]).ConfigureAwait(false);
        await RunAsync($"DELETE FROM sentiment.{subject.Scores} WHERE {subject.PostId} = ANY($1)", [found.Posts.ToArray()]).ConfigureAwait(false);
        await PostsAsync(subject.Posts).ConfigureAwait(false);
        // What a restore has put beside is a copy for a look: only this person's rows go.
        if (await IsRestoredAsync(subject.Posts + ArchiveRestore.Ending, connection, cancellationToken).ConfigureAwait(false)) await PostsAsync(subject.Posts + ArchiveRestore.Ending).ConfigureAwait(false);
        if (await IsRestoredAsync(subject.Scores + ArchiveRestore.Ending, connection, cancellationToken).ConfigureAwait(false))
            await RunAsync($"DELETE FROM sentiment.{subject.Scores}{ArchiveRestore.Ending} WHERE {subject.PostId} = ANY($1)", [found.Posts.ToArray()]).ConfigureAwait(false);
        await RunAsync("""
            DELETE FROM sentiment.influencers
            WHERE platform = $1 AND (account_id = ANY($2) OR lower(ltrim(username, '@')) = ANY($3) OR username IS NULL AND lower(ltrim(account_id, '@')) = ANY($3))
            """, [subject.Influencers, account.Ids.ToArray(), account.Names.ToArray()]).ConfigureAwait(false);
        await RunAsync("DELETE FROM ops.dead_letters WHERE id = ANY($1)", [found.Letters.ToArray()]).ConfigureAwait(false);
        await RemoveCountedAsync(found, connection, cancellationToken).ConfigureAwait(false);
        // Offsets have no gaps: a record stays, with nothing of the person in it.
        foreach (var record in found.Records)
            await RunAsync("UPDATE ops.event_log SET value = $5 WHERE topic = $1 AND partition = $2 AND log_offset = $3 AND appended_at = $4",
                [record.Topic, record.Partition, record.Offset, record.AppendedAt.ToUniversalTime(), record.Value]).ConfigureAwait(false);
        // A rollback of old files then computes these tickers anew.
        await RunAsync("UPDATE ops.lake_migration_tickers SET mixed = true, state_before = NULL WHERE ticker = ANY($1) OR state_before->>'latest_article_id' = ANY($2)",
            [found.Results.Select(result => result.Ticker).Distinct().ToArray(), found.Articles.ToArray()]).ConfigureAwait(false);
        var days = await ResultsAsync(found, connection, cancellationToken).ConfigureAwait(false);
        // Nor does it put back what these days were before: those files are not kept any longer.
        await RunAsync("UPDATE ops.lake_migration_days SET mixed = true, file_before = NULL WHERE day = ANY($1)", [days.ToArray()]).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return days;

        async Task PostsAsync(string table)
        {
            await using var posts = new NpgsqlCommand($"DELETE FROM sentiment.{table} WHERE {WroteInPostgres(subject)} OR {subject.PostId} = ANY($4)", connection) { CommandTimeout = 0 };
            AddTo(posts, account);
            posts.Parameters.Add(new() { Value = found.Posts.ToArray() });
            await posts.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        async Task RunAsync(string sql, IReadOnlyList<object> values)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Hot rows go at once; of cold ones it is noted that their day's file must be written without them.</summary>
    static async Task<IReadOnlyList<DateOnly>> ResultsAsync(ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (found.Results.Count == 0) return [];
        var results = found.Results.ToArray();
        var days = results.Select(result => result.Day).Distinct().Order().ToArray();
        var all = new NpgsqlParameter[]
        {
            new() { Value = results.Select(r => r.Day).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date },
            new() { Value = results.Select(r => r.Article).ToArray() }, new() { Value = results.Select(r => r.Ticker).ToArray() },
        };
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        // As sealing does it: the day first, then its rows.
        batch.BatchCommands.Add(With("SELECT FROM ops.lake_days WHERE day = ANY($1) AND $2::text[] IS NOT NULL AND $3::text[] IS NOT NULL ORDER BY day FOR UPDATE"));
        batch.BatchCommands.Add(With("""
            WITH gone AS (
                DELETE FROM sentiment.sentiment_data AS s USING unnest($1::date[], $2::text[], $3::text[]) AS r(day, article_id, ticker)
                WHERE s.article_id = r.article_id AND s.ticker = r.ticker AND s.timestamp >= r.day::timestamp AT TIME ZONE 'UTC'
                  AND s.timestamp < (r.day + 1)::timestamp AT TIME ZONE 'UTC' RETURNING r.day),
            counted AS (SELECT d.day, count(gone.day) AS rows FROM (SELECT DISTINCT day FROM unnest($1::date[]) AS u(day)) AS d LEFT JOIN gone USING (day) GROUP BY d.day)
            INSERT INTO ops.lake_days AS l (day, hot_rows, revision) SELECT day, 0, 1 FROM counted
            ON CONFLICT (day) DO UPDATE SET revision = l.revision + 1,
                hot_rows = greatest(0, l.hot_rows - (SELECT c.rows FROM counted AS c WHERE c.day = excluded.day)),
                dirty_since = CASE WHEN l.revision > l.written_revision THEN l.dirty_since ELSE now() END
            """));
        batch.BatchCommands.Add(With("""
            INSERT INTO ops.lake_removals (day, article_id, ticker) SELECT r.day, r.article_id, r.ticker
            FROM unnest($1::date[], $2::text[], $3::text[]) AS r(day, article_id, ticker) JOIN ops.lake_days AS d USING (day) WHERE d.sealed_at IS NOT NULL
            ON CONFLICT DO NOTHING
            """));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return days;

        NpgsqlBatchCommand With(string sql)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var parameter in all) command.Parameters.Add((NpgsqlParameter)parameter.Clone());
            return command;
        }
    }
}
