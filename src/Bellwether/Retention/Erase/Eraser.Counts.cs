using Bellwether.Counts;
using Bellwether.Counts.Registry;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention.Erase;

/// <remarks>
/// What is counted of an account: when it posted, and what was computed and forecast from that. Accounts are kept there by name; one that has a post
/// of this person is this person's.
/// </remarks>
public sealed partial class Eraser
{
    const string CountedPosts = "raw_tweets";

    // What refers to a table comes before it.
    internal static readonly string[] CountTables =
        ["outcomes", "forecasts", "model_metadata", "features", "exogenous_events", "bucket_states", "time_buckets", "gaps", CountedPosts, "accounts"];

    async Task CountedAsync(ErasureSubject subject, ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (subject.Platform != ErasurePlatform.X) return;
        await using (var command = new NpgsqlCommand("""
            WITH names AS (SELECT unnest($2::text[]) AS name UNION SELECT lower(ltrim(username, '@')) FROM sentiment.tweets WHERE author_id = ANY($1))
            SELECT account FROM counts.accounts WHERE account IN (SELECT name FROM names)
            UNION SELECT account FROM counts.raw_tweets WHERE tweet_id = ANY($3)
            """, connection) { CommandTimeout = 0 })
        {
            command.Parameters.Add(new() { Value = account.Ids.ToArray() });
            command.Parameters.Add(new() { Value = account.Names.ToArray() });
            command.Parameters.Add(new() { Value = found.Posts.ToArray() });
            await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Accounts.Add(row.GetString(0));
        }
        // Their archive and their files may still be there when their rows are gone.
        found.Accounts.UnionWith(account.Names.Where(AccountName.IsOne));
        var rows = 0L;
        foreach (var table in CountTables) rows += await RowsAsync($"counts.{table}").ConfigureAwait(false);
        if (await IsRestoredAsync(CountedPosts + ArchiveRestore.Ending, connection, cancellationToken, "counts").ConfigureAwait(false))
            rows += await RowsAsync($"counts.{CountedPosts}{ArchiveRestore.Ending}").ConfigureAwait(false);
        found.Counts["counts"] = rows;
        found.Counts["models of counts"] = found.Accounts.Select(ModelsOf).Where(Directory.Exists).Sum(folder => Directory.EnumerateFiles(folder).LongCount());

        async Task<long> RowsAsync(string table)
        {
            await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table} WHERE account = ANY($1)", connection) { CommandTimeout = 0 };
            command.Parameters.Add(new() { Value = found.Accounts.ToArray() });
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    static async Task RemoveCountedAsync(ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (found.Accounts.Count == 0) return;
        // As everybody who writes there: the account first.
        await RunAsync("SELECT FROM counts.accounts WHERE account = ANY($1) ORDER BY account FOR UPDATE").ConfigureAwait(false);
        foreach (var table in CountTables) await RunAsync($"DELETE FROM counts.{table} WHERE account = ANY($1)").ConfigureAwait(false);
        if (await IsRestoredAsync(CountedPosts + ArchiveRestore.Ending, connection, cancellationToken, "counts").ConfigureAwait(false))
            await RunAsync($"DELETE FROM counts.{CountedPosts}{ArchiveRestore.Ending} WHERE account = ANY($1)").ConfigureAwait(false);

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            command.Parameters.Add(new() { Value = found.Accounts.ToArray() });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    void RemoveModels(ErasureFinds found)
    {
        foreach (var folder in found.Accounts.Select(ModelsOf).Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
    }

    string ModelsOf(string account) => ModelArtifact.FolderOf(dataDirectory, account);
}
