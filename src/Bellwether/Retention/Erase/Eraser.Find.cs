using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention.Erase;

public sealed partial class Eraser
{
    /// <param name="known">Posts that an erasure before has found, which may be gone meanwhile.</param>
    /// <param name="touched">Tickers whose live states were to be made anew.</param>
    async Task<ErasureFinds> FindAsync(
        ErasureSubject subject, NpgsqlConnection connection, ArchiveWorkshop workshop, IEnumerable<string> known, IReadOnlySet<string> touched, CancellationToken cancellationToken)
    {
        var (account, found) = (new ErasureAccount(subject), new ErasureFinds());
        found.Posts.UnionWith(known);
        found.Counts["influencers"] = await InfluencersAsync(subject, account, connection, cancellationToken).ConfigureAwait(false);
        found.Counts[subject.Posts] = await PostsAsync(subject, subject.Posts, account, found, connection, cancellationToken).ConfigureAwait(false);
        await BesideAsync(subject.Posts, table => PostsAsync(subject, table, account, found, connection, cancellationToken)).ConfigureAwait(false);
        await ArchivedAsync(subject.Posts, Wrote(subject, account), path =>
        {
            foreach (var row in workshop.Parquet.Values(path, [subject.PostId, "article_id"], Wrote(subject, account), cancellationToken)) found.Add(row[0], row[1]);
        }).ConfigureAwait(false);
        await ResultsAsync(subject, account, found, cancellationToken).ConfigureAwait(false);
        await UnsealingAsync(account, found, connection, cancellationToken).ConfigureAwait(false);
        await RecordsAsync(subject, account, found, connection, cancellationToken).ConfigureAwait(false);
        await LettersAsync(account, found, connection, cancellationToken).ConfigureAwait(false);
        found.Counts[subject.Scores] = await ScoresAsync(subject, subject.Scores, found, connection, cancellationToken).ConfigureAwait(false);
        await BesideAsync(subject.Scores, table => ScoresAsync(subject, table, found, connection, cancellationToken)).ConfigureAwait(false);
        await ArchivedAsync(subject.Scores, In(subject.PostId, found.Posts), _ => { }).ConfigureAwait(false);
        await CountedAsync(subject, account, found, connection, cancellationToken).ConfigureAwait(false);
        await ArchivedAsync(CountedPosts, In("account", found.Accounts), _ => { }).ConfigureAwait(false);
        found.Counts["lake_migration_tickers"] = await StatesBeforeAsync(found, connection, cancellationToken).ConfigureAwait(false);
        await LiveAsync(found, touched, connection, cancellationToken).ConfigureAwait(false);
        found.Counts["drills cut off"] = DrillFolders.Dead(dataDirectory).Count;
        return found;

        async Task BesideAsync(string table, Func<string, Task<long>> count) => found.Counts[table + ArchiveRestore.Ending] =
            await IsRestoredAsync(table + ArchiveRestore.Ending, connection, cancellationToken).ConfigureAwait(false) ? await count(table + ArchiveRestore.Ending).ConfigureAwait(false) : 0;

        async Task ArchivedAsync(string table, string condition, Action<string> read)
        {
            var place = $"archive of {table}";
            found.Counts[place] = 0;
            foreach (var file in await ArchiveCatalog.ListAsync(connection, table, null, null, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    var path = await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
                    read(path);
                    var rows = workshop.Parquet.Count(path, condition, cancellationToken);
                    ArchiveWorkshop.Remove(path);
                    if (rows > 0) found.Files.Add((file, condition, rows));
                    found.Counts[place] += rows;
                }
                catch (Exception error) when (ArchiveWorkshop.IsOfOneFile(error))
                {
                    // The others can be looked into.
                    found.Unreadable.Add((file, error.Message));
                }
            }
        }
    }

    /// <summary>States of tickers from before old files came, with the beginning of one of these articles in them.</summary>
    static async Task<long> StatesBeforeAsync(ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM ops.lake_migration_tickers WHERE state_before->>'latest_article_id' = ANY($1)", connection)
        {
            Parameters = { new() { Value = found.Articles.ToArray() } },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Rows about the account itself, which also tell by what it goes.</summary>
    static async Task<long> InfluencersAsync(ErasureSubject subject, ErasureAccount account, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT account_id, username FROM sentiment.influencers
            WHERE platform = $1 AND (account_id = ANY($2) OR lower(ltrim(username, '@')) = ANY($3) OR username IS NULL AND lower(ltrim(account_id, '@')) = ANY($3))
            """, connection) { Parameters = { new() { Value = subject.Influencers }, new() { Value = account.Ids.ToArray() }, new() { Value = account.Names.ToArray() } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var rows = 0L;
        for (; await row.ReadAsync(cancellationToken).ConfigureAwait(false); rows++)
        {
            var (id, name) = (row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1));
            // An account without an id is kept under its name.
            account.Learn(name is not null && ErasureSubject.Plain(id) == ErasureSubject.Plain(name) ? null : id, name);
        }
        return rows;
    }

    static async Task<long> PostsAsync(
        ErasureSubject subject, string table, ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {subject.PostId}, article_id FROM sentiment.{table} WHERE {WroteInPostgres(subject)}", connection) { CommandTimeout = 0 };
        AddTo(command, account);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var rows = 0L;
        for (; await row.ReadAsync(cancellationToken).ConfigureAwait(false); rows++) found.Add(row.GetString(0), row.GetString(1));
        return rows;
    }

    static async Task<long> ScoresAsync(ErasureSubject subject, string table, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM sentiment.{table} WHERE {subject.PostId} = ANY($1)", connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = found.Posts.ToArray() });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static string WroteInPostgres(ErasureSubject subject) => subject.Platform == ErasurePlatform.X
        ? "(author_id = ANY($1) OR ($3 OR author_id IS NULL) AND lower(ltrim(username, '@')) = ANY($2))"
        : "(author = ANY($1) OR lower(author) = ANY($2) AND $3 IS NOT NULL)";

    static void AddTo(NpgsqlCommand command, ErasureAccount account)
    {
        command.Parameters.Add(new() { Value = account.Ids.ToArray() });
        command.Parameters.Add(new() { Value = account.Names.ToArray() });
        command.Parameters.Add(new() { Value = account.ByName });
    }

    /// <summary>The same for rows in the archive.</summary>
    static string Wrote(ErasureSubject subject, ErasureAccount account) => subject.Platform == ErasurePlatform.X
        ? $"({In("author_id", account.Ids)} OR {(account.ByName ? "true" : "author_id IS NULL")} AND {In("lower(ltrim(username, '@'))", account.Names)})"
        : $"({In("author", account.Ids)} OR {In("lower(author)", account.Names)})";

    static string In(string expression, IReadOnlyCollection<string> values) =>
        values.Count == 0 ? "false" : $"{expression} IN ({string.Join(", ", values.Select(ArchiveParquet.Text))})";

    /// <summary>
    /// Results of both tiers: of the posts that were found, and those whose payload names the account as author. The type alone decides nothing:
    /// what tells none is stored as news.
    /// </summary>
    async Task ResultsAsync(ErasureSubject subject, ErasureAccount account, ErasureFinds found, CancellationToken cancellationToken)
    {
        await using var query = await new LakeSql(database, lake).QueryAsync($"""
            SELECT timestamp, article_id, ticker, event_id, event_type, source, source_url, raw_source_payload_json FROM all_sentiment
            WHERE event_type NOT IN ('{subject.OtherType}', 'filing')
            """, cancellationToken).ConfigureAwait(false);
        await foreach (var row in query.ReadRowsAsync(cancellationToken).ConfigureAwait(false))
        {
            var (article, ticker) = ((string)row[1]!, (string)row[2]!);
            var verdict = account.Judge(new(article, (string?)row[4], (string?)row[5], (string?)row[6], null, row[7] as string), found.Articles);
            if (verdict == ErasureVerdict.Doubtful) found.Doubtful++;
            if (verdict != ErasureVerdict.Theirs) continue;
            var at = row[0] switch { DateTimeOffset time => time.UtcDateTime, DateTime time => time, var other => throw new InvalidOperationException($"{other?.GetType()} is no time") };
            found.Add((string)row[3]!, article);
            found.Keys.Add((article, ticker));
            found.Results.Add((DateOnly.FromDateTime(at), article, ticker));
        }
        found.Counts["all_sentiment"] = found.Results.Count;
    }
}
