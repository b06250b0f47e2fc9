using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Retention.Erase;

/// <remarks>Copies that other work of this program makes: they go with what they are copies of.</remarks>
public sealed partial class Eraser
{
    const int LiveAtOnce = 500;

    /// <summary>The store itself, which tells when it cannot be reached; nobody else's copy may stand there unseen.</summary>
    IHotStore Live => hot is GuardedHotStore shared ? shared.Inner : hot;

    /// <summary>Whether there is such a table, and a restore has made it.</summary>
    static async Task<bool> IsRestoredAsync(string table, NpgsqlConnection connection, CancellationToken cancellationToken, string schema = "sentiment")
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(obj_description(to_regclass(quote_ident($3) || '.' || quote_ident($1)), 'pg_class') = $2, false)", connection);
        command.Parameters.Add(new() { Value = table });
        command.Parameters.Add(new() { Value = ArchiveRestore.Mark });
        command.Parameters.Add(new() { Value = schema });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Rows of days that are on their way out of the lake, or that were when the process was killed.</summary>
    static async Task UnsealingAsync(ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        found.Counts["unsealing"] = 0;
        foreach (var table in await LakeUnsealer.BesideAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await using var command = new NpgsqlCommand($"SELECT article_id, event_type, source, source_url, raw_source_payload_json::text FROM {table}", connection) { CommandTimeout = 0 };
                await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                    if (account.Judge(new(Text(0), Text(1), Text(2), Text(3), null, Text(4)), found.Articles) == ErasureVerdict.Theirs) found.Counts["unsealing"]++;

                string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // It has become hot since.
            }
        }
    }

    /// <summary>Removes what killed processes have left: whoever has the lock knows that nobody is at it.</summary>
    async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in DrillFolders.Dead(dataDirectory)) DrillFolders.Remove(folder);
        await using var owner = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(owner, cancellationToken).ConfigureAwait(false);
        try
        {
            await LakeUnsealer.SweepAsync(owner, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await LakeLock.ReleaseAsync(owner).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Live states that show one of these posts, or that the database knows nothing of. Those that were to be made anew may not be older than the
    /// database either: a process that was slow may have put one back.
    /// </summary>
    /// <exception cref="HotStoreException">The store cannot be asked.</exception>
    async Task LiveAsync(ErasureFinds found, IReadOnlySet<string> touched, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var there = new List<TickerSnapshot>();
        foreach (var some in (await Live.TickersAsync(cancellationToken).ConfigureAwait(false)).Chunk(LiveAtOnce))
            there.AddRange((await Live.GetManyAsync(some, cancellationToken).ConfigureAwait(false)).OfType<TickerSnapshot>());
        // After the store: what is stored there later was in the database before.
        var states = new Dictionary<string, (long Revision, string Article)>(StringComparer.Ordinal);
        await using (var command = new NpgsqlCommand("SELECT ticker, revision, latest_article_id FROM sentiment.ticker_sentiment", connection) { CommandTimeout = 0 })
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) states[row.GetString(0)] = (row.GetInt64(1), row.IsDBNull(2) ? "" : row.GetString(2));
        foreach (var live in there)
            if (!states.TryGetValue(live.Ticker, out var state) || live.Revision <= state.Revision && found.Articles.Contains(state.Article)
                || live.Revision < state.Revision && touched.Contains(live.Ticker))
                found.Live.Add(live.Ticker);
        found.Counts["hot_store"] = found.Live.Count;
    }
}
