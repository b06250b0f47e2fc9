using System.Text;
using System.Text.Json.Nodes;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention.Erase;

public sealed partial class Eraser
{
    async Task<ErasureFinds> FindAsync(ErasureSubject subject, NpgsqlConnection connection, ArchiveWorkshop workshop, CancellationToken cancellationToken)
    {
        var (account, found) = (new ErasureAccount(subject), new ErasureFinds());
        found.Counts["influencers"] = await InfluencersAsync(subject, account, connection, cancellationToken).ConfigureAwait(false);
        found.Counts[subject.Posts] = await PostsAsync(subject, account, found, connection, cancellationToken).ConfigureAwait(false);
        await ArchivedAsync(subject.Posts, Wrote(subject, account), path =>
        {
            foreach (var row in workshop.Parquet.Values(path, [subject.PostId, "article_id"], Wrote(subject, account), cancellationToken)) Add(found, row[0], row[1]);
        }).ConfigureAwait(false);
        await ResultsAsync(subject, account, found, cancellationToken).ConfigureAwait(false);
        await RecordsAsync(subject, account, found, connection, cancellationToken).ConfigureAwait(false);
        await LettersAsync(account, found, connection, cancellationToken).ConfigureAwait(false);
        found.Counts[subject.Scores] = await ScoresAsync(subject, found, connection, cancellationToken).ConfigureAwait(false);
        await ArchivedAsync(subject.Scores, In(subject.PostId, found.Posts), _ => { }).ConfigureAwait(false);
        found.Counts["lake_migration_tickers"] = await StatesBeforeAsync(found, connection, cancellationToken).ConfigureAwait(false);
        return found;

        async Task ArchivedAsync(string table, string condition, Action<string> read)
        {
            var place = $"archive of {table}";
            found.Counts[place] = 0;
            foreach (var file in await ArchiveCatalog.ListAsync(connection, table, null, null, cancellationToken).ConfigureAwait(false))
            {
                var path = await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
                read(path);
                var rows = workshop.Parquet.Count(path, condition, cancellationToken);
                ArchiveWorkshop.Remove(path);
                if (rows > 0) found.Files.Add((file, condition, rows));
                found.Counts[place] += rows;
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

    static async Task<long> PostsAsync(ErasureSubject subject, ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT {subject.PostId}, article_id FROM sentiment.{subject.Posts} WHERE {WroteInPostgres(subject)}", connection);
        AddTo(command, account);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var rows = 0L;
        for (; await row.ReadAsync(cancellationToken).ConfigureAwait(false); rows++) Add(found, row.GetString(0), row.GetString(1));
        return rows;
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

    static void Add(ErasureFinds found, string? post, string? article)
    {
        if (post is not null) found.Posts.Add(post);
        if (article is not null) found.Articles.Add(article);
    }

    /// <summary>Results of both tiers: of the posts that were found, and those whose payload names the account.</summary>
    async Task ResultsAsync(ErasureSubject subject, ErasureAccount account, ErasureFinds found, CancellationToken cancellationToken)
    {
        await using var query = await new LakeSql(database, lake).QueryAsync(
            $"SELECT timestamp, article_id, ticker, event_id, raw_source_payload_json FROM all_sentiment WHERE event_type = '{subject.EventType}'", cancellationToken).ConfigureAwait(false);
        await foreach (var row in query.ReadRowsAsync(cancellationToken).ConfigureAwait(false))
        {
            var (article, ticker, post) = ((string)row[1]!, (string)row[2]!, (string)row[3]!);
            if (!found.Articles.Contains(article) && !(row[4] is string raw && account.Wrote(Encoding.UTF8.GetBytes(raw)))) continue;
            var at = row[0] switch { DateTimeOffset time => time.UtcDateTime, DateTime time => time, var other => throw new InvalidOperationException($"{other?.GetType()} is no time") };
            Add(found, post, article);
            found.Keys.Add((article, ticker));
            found.Results.Add((DateOnly.FromDateTime(at), article, ticker));
        }
        found.Counts["all_sentiment"] = found.Results.Count;
    }

    /// <summary>Records of the embedded log: what comes in, and what was announced.</summary>
    static async Task RecordsAsync(
        ErasureSubject subject, ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await foreach (var (record, value) in LogAsync([Topics.HighPriority, Topics.StandardPriority]).ConfigureAwait(false))
        {
            if (!EnvelopeJson.TryDeserialize(value, out var envelope, out _)) continue;
            if (!account.Is(envelope.Author?.Id, envelope.Author?.Username) && !found.Articles.Contains(envelope.ArticleId)) continue;
            foreach (var ticker in envelope.Tickers.DefaultIfEmpty("")) found.Keys.Add((envelope.ArticleId, ticker));
            var bare = envelope with { Author = null, Text = "", ArticleTitle = null, SourceUrl = null, RawPayload = null, EventId = envelope.ArticleId };
            if (bare == envelope) continue;
            Add(found, envelope.EventId, envelope.ArticleId);
            found.Records.Add(record with { Value = EnvelopeJson.Serialize(bare) });
        }
        await foreach (var (record, value) in LogAsync([Topics.AnalyzedSentiment]).ConfigureAwait(false))
        {
            var announced = JsonNode.Parse(value)!.AsObject();
            var article = (string?)announced["article_id"];
            if (article is null || !found.Articles.Contains(article)) continue;
            string[] told = ["article_title", "text_preview", "source_url"];
            if ((string?)announced["event_id"] == article && told.All(name => announced[name] is null)) continue;
            announced["event_id"] = article;
            foreach (var name in told) announced.Remove(name);
            found.Records.Add(record with { Value = Encoding.UTF8.GetBytes(announced.ToJsonString(Relaxed)) });
        }
        found.Counts["event_log"] = found.Records.Count;

        // Bytes are compared, not text: whatever others have put into the log must not stop this.
        async IAsyncEnumerable<(ErasedRecord Record, byte[] Value)> LogAsync(string[] topics)
        {
            await using var command = new NpgsqlCommand(
                "SELECT topic, partition, log_offset, appended_at, value FROM ops.event_log WHERE topic = ANY($1) AND position($2 IN value) > 0", connection)
            { CommandTimeout = 0 };
            command.Parameters.Add(new() { Value = topics });
            command.Parameters.Add(new() { Value = Encoding.UTF8.GetBytes($"\"type\":\"{subject.EventType}\"") });
            await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                yield return (new(row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetFieldValue<DateTimeOffset>(3), []), row.GetFieldValue<byte[]>(4));
        }
    }

    /// <summary>Letters hold events, or what a source sent: JSON that names the account as author, or a line with it among its fields.</summary>
    static async Task LettersAsync(ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT id, value FROM ops.dead_letters", connection) { CommandTimeout = 0 };
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            if (IsAbout(row.GetFieldValue<byte[]>(1), account, found)) found.Letters.Add(row.GetInt64(0));
        found.Counts["dead_letters"] = found.Letters.Count;
    }

    static bool IsAbout(byte[] value, ErasureAccount account, ErasureFinds found)
    {
        if (EnvelopeJson.TryDeserialize(value, out var envelope, out _))
            return account.Is(envelope.Author?.Id, envelope.Author?.Username) || found.Articles.Contains(envelope.ArticleId);
        if (value.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..]) return account.Wrote(value);
        return Encoding.UTF8.GetString(value).Split(',', ';', '\t', '|', '\n').Select(field => field.Trim().Trim('"'))
            .Any(field => account.Ids.Contains(field) || account.Names.Contains(ErasureSubject.Plain(field)));
    }

    static async Task<long> ScoresAsync(ErasureSubject subject, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM sentiment.{subject.Scores} WHERE {subject.PostId} = ANY($1)", connection);
        command.Parameters.Add(new() { Value = found.Posts.ToArray() });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static readonly System.Text.Json.JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };
}
