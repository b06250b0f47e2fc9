using System.Globalization;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>Brings <c>sentiment.all_sentiment_mv</c> up to date, the indexed copy of <c>all_sentiment</c>.</summary>
/// <param name="days">How far it goes back; null for everything.</param>
public sealed class SentimentCopy(NpgsqlDataSource database, int? days, TimeProvider time)
{
    /// <summary>Readers go on meanwhile, except before the first time, when there is nothing to read. Returns how long it took.</summary>
    public async Task<TimeSpan> RefreshAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var since = days is { } back
            ? string.Create(CultureInfo.InvariantCulture, $" SELECT pg_catalog.now() - interval '{back} days' ") : " SELECT '-infinity'::pg_catalog.timestamptz ";
        await using var look = new NpgsqlCommand("""
            SELECT prosrc, (SELECT relispopulated FROM pg_class WHERE oid = 'sentiment.all_sentiment_mv'::regclass)
            FROM pg_proc WHERE oid = 'sentiment.all_sentiment_mv_since()'::regprocedure
            """, connection);
        bool same, populated;
        await using (var row = await look.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            await row.ReadAsync(cancellationToken).ConfigureAwait(false);
            (same, populated) = (row.GetString(0) == since, row.GetBoolean(1));
        }
        if (!same)
            await ExecuteAsync($"CREATE OR REPLACE FUNCTION sentiment.all_sentiment_mv_since() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $${since}$$").ConfigureAwait(false);
        await ExecuteAsync($"REFRESH MATERIALIZED VIEW {(populated ? "CONCURRENTLY " : "")}sentiment.all_sentiment_mv").ConfigureAwait(false);
        return time.GetElapsedTime(started);

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
