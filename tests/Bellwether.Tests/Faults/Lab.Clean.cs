using System.Text;
using Bellwether.App;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Storage;
using Bellwether.Tests.Support;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Faults;

/// <summary>The end: everything is stopped in order, the lake is complete, and an undisturbed run over the same events gives the same.</summary>
sealed partial class Lab
{
    const string States = "SELECT (to_jsonb(t) - 'last_updated')::text FROM sentiment.ticker_sentiment t ORDER BY ticker";

    const string Results = """
        SELECT coalesce(md5(string_agg(h, '' ORDER BY h)), '') FROM (
            SELECT md5((to_jsonb(s) - 'fetch_timestamp_utc' - 'processing_timestamp_utc')::text) AS h FROM sentiment.all_sentiment s) AS rows
        """;

    const string Accounts = "SELECT (to_jsonb(i) - 'id')::text FROM sentiment.influencers i ORDER BY platform, account_id";

    /// <summary>Sends what was held back, checks, stops everything, and checks what can only be seen then.</summary>
    public async Task<LabFindings> FinishAsync()
    {
        await Task.WhenAll(_probing).WaitAsync(Bound, TimeProvider.System, _cancel);
        _probing.Clear();
        // Halted for good: what would be sent behind the check could be stored and never be acknowledged.
        using var quiet = await Load.PauseAsync(_cancel);
        foreach (var late in Events.Rest()) await Load.SendAsync(late, _cancel);
        var findings = await CheckHaltedAsync();
        var wrong = findings.Wrong.ToList();
        await Load.DisposeAsync();
        foreach (var program in _programs)
            if (await program.StopAsync() is not 0 and var code) wrong.Add($"{program.Name}, asked to stop, ended with code {code}");
        if (_desk is not null) await _desk.DisposeAsync();
        await CompareOffsetsAsync(wrong);
        await CompareLakeAsync(wrong);
        await CompareCleanAsync(wrong);
        return findings with { Wrong = wrong };
    }

    /// <summary>The stored offsets of the embedded log are at its very end; those of Kafka were compared with the brokers.</summary>
    async Task CompareOffsetsAsync(List<string> wrong)
    {
        var left = await ReadAsync<string>("""
            SELECT p.topic || '/' || p.partition || ': ' || coalesce(o.next_offset, 0) || ' of ' || p.next_offset
            FROM ops.log_partitions p
            LEFT JOIN ops.consumer_offsets o ON (o.topic, o.partition) = (p.topic, p.partition) AND strpos(o.consumer_group, '@') = 0
            WHERE p.topic <> 'analyzed-sentiment' AND coalesce(o.next_offset, 0) <> p.next_offset
            """);
        foreach (var partition in left) wrong.AddFew($"not read to its end: {partition}");
        if (await ScalarAsync<long>("SELECT sum(next_offset)::bigint FROM ops.consumer_offsets") == 0) wrong.Add("no offset was stored");
        var twice = await ScalarAsync<long>("SELECT count(*) FROM (SELECT FROM ops.event_log GROUP BY topic, partition, log_offset HAVING count(*) > 1) AS d");
        if (twice != 0)
            wrong.Add($"{twice} offsets of the log were given twice");
    }

    /// <summary>After a last write the files of the lake hold what the database holds.</summary>
    async Task CompareLakeAsync(List<string> wrong)
    {
        await using var desk = await Desk.OpenAsync(OptionsOf(), null, _cancel);
        await (await desk.LakeWriterAsync(null, _cancel)).WriteDirtyDaysAsync(null, _cancel);
        var files = Directory.EnumerateFiles(_folder["lake"], "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var known = await ReadAsync<(string Path, long Rows)>("SELECT path, rows FROM ops.lake_files ORDER BY path COLLATE \"C\"");
        if (!files.Select(f => Path.GetRelativePath(_folder["lake"], f)).SequenceEqual(known.Select(k => k.Path)))
            wrong.Add("the files of the lake are not those of its manifest");
        // The files alone, read by a database of their own.
        using var lake = DuckDbDatabase.Open((await desk.LakeOptionsAsync(null, _cancel)).DuckDbLibrary, new());
        using var connection = lake.Connect();
        using var reader = connection.Query(
            $"SELECT article_id, ticker, sentiment FROM read_parquet([{string.Join(", ", files.Select(f => $"'{f}'"))}], hive_partitioning = false)",
            cancellationToken: _cancel);
        var cold = new List<(string Article, string Ticker, double Sentiment)>();
        while (reader.ReadChunk())
            for (var row = 0; row < reader.RowCount; row++) cold.Add((Text(0, row), Text(1, row), reader.Vector(2).At<double>(row)));
        var hot = await ReadAsync<(string Article, string Ticker, double Sentiment)>("SELECT article_id, ticker, sentiment FROM sentiment.sentiment_data");
        var listed = known.Sum(k => k.Rows);
        if (cold.Count != hot.Count || listed != hot.Count) wrong.Add($"the lake holds {cold.Count} rows, its manifest {listed}; the database {hot.Count}");
        var (lacking, strange) = (hot.Except(cold).Count(), cold.Except(hot).Count());
        if (lacking + strange > 0) wrong.Add($"{lacking} rows of the database are not in the lake, {strange} of the lake not in the database");

        string Text(int column, int row) => Encoding.UTF8.GetString(reader.Vector(column).Bytes(row));
    }

    /// <summary>The same events, each once, in another order, worked on in this process without any trouble.</summary>
    async Task CompareCleanAsync(List<string> wrong)
    {
        const string Name = "clean";
        await ExecuteAsync($"CREATE DATABASE {Name}");
        var file = _folder["events.ndjson"];
        // By identity, which is as good as by chance.
        await File.WriteAllLinesAsync(file, Load.Acknowledged.Values.OrderBy(e => e.ArticleId, StringComparer.Ordinal).Select(e => e.Json));
        await using var clean = await Desk.OpenAsync(OptionsOf(Name), null, _cancel, new TestLog());
        await using (new Work(clean))
        {
            var run = await clean.Ingestor.RunAsync([FeedSource.Parse(file)], new(), null, _cancel);
            await clean.Ingestor.WaitAsync(run, null, _cancel);
        }
        await using var connection = await clean.DataSource.OpenConnectionAsync(_cancel);
        foreach (var (sql, what) in new[] { (States, "ticker states"), (Results, "results"), (Accounts, "accounts") })
        {
            var here = await ReadAsync<string>(sql);
            var there = (await connection.QueryAsync<string>(new CommandDefinition(sql, commandTimeout: 120, cancellationToken: _cancel))).AsList();
            if (!here.SequenceEqual(there))
                wrong.Add($"the {what} are not those of a clean run: {here.Except(there).FirstOrDefault()} is {there.Except(here).FirstOrDefault()} there");
        }
    }

    /// <summary>The keepalives of a connection in a transaction that others may wait for.</summary>
    public async Task<string> KeepalivesAsync()
    {
        await using var connection = await Database.OpenConnectionAsync(_cancel);
        await using var transaction = await SilenceLimit.BeginAsync(connection, _cancel);
        await using var ask = new NpgsqlCommand(
            "SELECT concat_ws(' ', current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'), current_setting('tcp_keepalives_count'))",
            connection);
        return (string)(await ask.ExecuteScalarAsync(_cancel))!;
    }

    /// <summary>Spoils, after the end, a little of everything that the checker looks at.</summary>
    public async Task SpoilAsync()
    {
        // Lost: one result. Doubled: another one, under a second time, and a dead letter.
        await ExecuteAsync("""
            DELETE FROM sentiment.sentiment_data
            WHERE (article_id, ticker) = (SELECT article_id, ticker FROM sentiment.sentiment_data ORDER BY 1, 2 LIMIT 1)
            """);
        await ExecuteAsync("""
            CREATE TEMP TABLE again AS SELECT * FROM sentiment.sentiment_data ORDER BY article_id DESC, ticker LIMIT 1;
            UPDATE again SET timestamp = timestamp + interval '1 second';
            INSERT INTO sentiment.sentiment_data SELECT * FROM again
            """);
        await ExecuteAsync("""
            INSERT INTO ops.dead_letters (fingerprint, origin, value, stage, error_class, message)
            SELECT gen_random_uuid(), origin, value, stage, error_class, message FROM ops.dead_letters LIMIT 1
            """);
        await ExecuteAsync("DELETE FROM ops.inbox WHERE event_key = (SELECT event_key FROM ops.inbox LIMIT 1)");
        await ExecuteAsync("DELETE FROM sentiment.tweet_sentiments WHERE id = (SELECT max(id) FROM sentiment.tweet_sentiments)");
        await ExecuteAsync("""
            DELETE FROM ops.event_log WHERE topic = 'analyzed-sentiment'
                AND (partition, log_offset) = (SELECT partition, log_offset FROM ops.event_log WHERE topic = 'analyzed-sentiment' LIMIT 1)
            """);
        await ExecuteAsync($"UPDATE sentiment.ticker_sentiment SET count = count + 1 WHERE ticker = '{LabEvents.Ticker(7)}'");
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(_cancel);
    }
}
