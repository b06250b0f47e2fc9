using System.Globalization;
using System.Text;
using Bellwether.App;
using Bellwether.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Features;
using Bellwether.Counts.Import;
using Bellwether.Counts.Ledger;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Retention;
using Bellwether.Retention.Erase;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>All data of one account, gone from every place, with a receipt; everybody else's stays as it was.</summary>
public sealed class ErasureTests(TestServer server) : IAsyncLifetime
{
    static readonly ErasureSubject Ann = new(ErasurePlatform.X, "7", null);

    TestDesk _desk = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    Desk Desk => _desk.Desk;

    public async ValueTask InitializeAsync() => _desk = await TestDesk.OpenAsync(server, nameof(ErasureTests), options => options with { LakeKeepReplaced = TimeSpan.FromHours(5) });

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    async Task<Eraser> EraserAsync() => await Desk.EraserAsync(null, Token);

    Task<long> CountAsync(string table) => _desk.Database.ScalarAsync<long>($"SELECT count(*) FROM {table}");

    /// <summary>Ann's posts say "ecstatic-ann"; nobody else's do.</summary>
    static string Post(string id, string author, string name, string text, DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"tweet_id":"{{id}}","created_at":"{{at:O}}","author_id":"{{author}}","username":"{{name}}","text":"{{text}}","lang":"en","url":"https://x.com/{{name}}/status/{{id}}"}""");

    async Task IngestAsync(int days)
    {
        var (now, lines) = (TimeProvider.System.GetUtcNow(), new List<string>());
        for (var i = 0; i < 30; i++)
        {
            var at = now.AddDays(-days).AddMinutes(i);
            lines.Add(Post($"1{i:00}", "7", "ann", $"ecstatic-ann {i} profits rise $AAPL $ZANN", at));
            lines.Add(Post($"2{i:00}", "8", "bob", $"losses deepen {i} $AAPL, says @ann", at.AddSeconds(20)));
        }
        lines.Add(Post("199", "7", "ann", "ecstatic-ann without any ticker", now.AddDays(-days)));
        lines.Add("""{"tweet_id":"198","author_id":"7","username":"ann","created_at":"never","text":"ecstatic-ann $AAPL"}""");
        await File.WriteAllLinesAsync(Path.Combine(_desk.Folder, $"posts{days}.jsonl"), lines, Token);
        await _desk.IngestAsync(new() { Type = EventType.Tweet }, Path.Combine(_desk.Folder, $"posts{days}.jsonl"));
    }

    async Task WriteLakeAsync() => await (await Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);

    /// <summary>Everything that the desk's database and files hold, as text.</summary>
    /// <param name="live">And this process's hot store.</param>
    async Task<string> EverythingAsync(bool live = true)
    {
        var all = new StringBuilder();
        foreach (var table in await _desk.Database.ScalarAsync<string[]>("""
            SELECT array_agg(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('sentiment', 'counts', 'ops') AND (c.relkind = 'p' AND NOT c.relispartition OR c.relkind = 'r' AND NOT c.relispartition)
            """))
        {
            var value = table is "ops.event_log" or "ops.dead_letters" ? "|| convert_from(value, 'UTF8')" : "";
            all.Append(await _desk.Database.ScalarAsync<string>($"SELECT coalesce(string_agg(t::text {value}, ';'), '') FROM {table} AS t"));
        }
        foreach (var file in Directory.EnumerateFiles(_desk.Folder, "*", SearchOption.AllDirectories).Where(file => file.Contains("/lake/") || file.Contains("/archive/")))
            all.Append(await TextOfAsync(file));
        foreach (var ticker in live ? await Desk.Hot.TickersAsync(Token) : []) all.Append(await Desk.Hot.GetAsync(ticker, Token));
        return all.ToString();
    }

    static async Task<string> TextOfAsync(string parquet)
    {
        await Task.Yield();
        using var duck = Engines.DuckDb.DuckDbTestLibrary.Open();
        using var connection = duck.Connect();
        using var reader = connection.Query($"SELECT to_json(t)::VARCHAR FROM read_parquet('{parquet}', hive_partitioning = false) t", cancellationToken: Token);
        var text = new StringBuilder();
        while (reader.Read()) text.Append(reader.GetString(0));
        return text.ToString();
    }

    /// <summary>Copies that a look at the archive, and processes that were killed, have left; returns the folder of a drill.</summary>
    async Task<string> LeaveCopiesAsync()
    {
        foreach (var (table, rows) in new[] { ("tweets", 60), ("tweet_sentiments", 90) })
            Assert.Equal(rows, (await (await Desk.ArchiveRestoreAsync(null, Token)).RunAsync(table, null, null, true, null, Token)).Rows);
        await _desk.Database.ScalarAsync<object>("""
            CREATE TABLE sentiment.unsealing_20260302 (LIKE sentiment.sentiment_data);
            INSERT INTO sentiment.unsealing_20260302 SELECT * FROM sentiment.sentiment_data WHERE ticker = 'AAPL'; SELECT 1
            """);
        // What was about to be put in place.
        foreach (var folder in new[] { "lake", "archive" })
        {
            var file = Directory.EnumerateFiles(Path.Combine(_desk.Folder, folder), "*.parquet", SearchOption.AllDirectories).First();
            File.Copy(file, Path.Combine(Directory.CreateDirectory(Path.Combine(_desk.Folder, folder, ".incoming")).FullName, Guid.NewGuid().ToString("N")));
        }
        // No process has this number: the kernel gives none above 4,194,304.
        var drill = Directory.CreateDirectory(Path.Combine(_desk.Folder, "drill-4194305")).FullName;
        await File.WriteAllTextAsync(Path.Combine(drill, "data"), "ecstatic-ann", Token);
        Directory.CreateDirectory(Path.Combine(_desk.Folder, $"drill-{ParentOf()}"));
        return drill;

        // One that lives.
        static string ParentOf() => File.ReadAllText("/proc/self/stat").Split(") ")[1].Split(' ')[1];
    }

    /// <summary>Counts an account's posts, and forecasts them.</summary>
    /// <param name="post">One of them, which came in for sentiment too.</param>
    async Task CountAsync(string account, string post)
    {
        var start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        var lines = Enumerable.Range(0, 240).Select(i => $"{(i == 0 ? post : $"9{i}")},{start.AddHours(i * 3):O}");
        var csv = Encoding.UTF8.GetBytes("tweet_id,created_at\n" + string.Join('\n', lines));
        await new PostImporter(Desk.DataSource, Desk.Time).RunAsync(new() { Account = account }, new MemoryStream(csv), "posts.csv", PostFormat.Auto, null, Token);
        await new BucketBuilder(Desk.DataSource, Desk.Time).RunAsync(account, CountingProfile.All, full: false, Token);
        await new FeatureBuilder(Desk.DataSource, Desk.Time).RunAsync(account, CountingProfile.All, full: false, Token);
        await new Forecaster(Desk.DataSource, _desk.Folder, Desk.Time).RunAsync(new() { Account = account, Model = "ewnb-5d", At = start.AddDays(20), Horizons = ["1d"], Zone = TimeZoneInfo.Utc }, Token);
    }

    [Fact]
    public async Task Every_table_of_counts_is_erased_from()
    {
        Assert.Equal(Eraser.CountTables.Order(StringComparer.Ordinal), await _desk.Database.ScalarAsync<string[]>(
            "SELECT array_agg(table_name::text ORDER BY table_name::text COLLATE \"C\") FROM information_schema.tables WHERE table_schema = 'counts'"));
    }

    Task<string> OthersAsync() => _desk.Database.ScalarAsync<string>("""
        SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM (
            SELECT to_jsonb(s) FROM sentiment.all_sentiment s WHERE text LIKE 'losses%' UNION ALL SELECT to_jsonb(p) FROM sentiment.tweets p WHERE author_id = '8'
            UNION ALL SELECT to_jsonb(p) FROM counts.forecasts p WHERE account = 'bob' UNION ALL SELECT to_jsonb(p) FROM counts.features p WHERE account = 'bob'
            UNION ALL SELECT to_jsonb(p) FROM sentiment.tweet_sentiments p WHERE tweet_id LIKE '2%' UNION ALL SELECT to_jsonb(i) FROM sentiment.influencers i WHERE account_id = '8') t
        """);

    [Fact]
    public async Task One_account_is_gone_from_every_place_and_nobody_else()
    {
        // Old posts to the archive, some of them back in their table; young ones hot and in the lake, with a replaced version of a day beside.
        await IngestAsync(days: 200);
        await WriteLakeAsync();
        await (await Desk.RetentionEngineAsync(null, Token)).RunAsync(RetentionCause.Command, null, Token);
        await IngestAsync(days: 2);
        await WriteLakeAsync();
        await _desk.Database.ScalarAsync<object>("UPDATE ops.lake_days SET revision = revision + 1; UPDATE sentiment.sentiment_data SET confidence = 0.5 WHERE ticker = 'ZANN'; SELECT 1");
        await WriteLakeAsync();
        // As old files would have left it, which came after these posts.
        await _desk.Database.ScalarAsync<object>("""
            WITH m AS (INSERT INTO ops.lake_migrations (source, settings, sample, status, started_at) VALUES ('/old', '{}', 1, 'migrated', now()) RETURNING id)
            INSERT INTO ops.lake_migration_tickers SELECT m.id, t.ticker, t.revision, false, to_jsonb(t) FROM m, sentiment.ticker_sentiment AS t;
            SELECT 1
            """);
        await Desk.Reader.StoredAsync(null, Token);
        await CountAsync("ann", "100");
        await CountAsync("bob", "200");
        var drill = await LeaveCopiesAsync();
        var others = await OthersAsync();
        var models = Path.Combine(_desk.Folder, "models", "counts");
        Assert.Equal(["ann", "bob"], Directory.GetDirectories(models).Select(Path.GetFileName).Order());
        Assert.Contains("ecstatic-ann", await EverythingAsync());
        Assert.NotNull(await Desk.Hot.GetAsync("ZANN", Token));

        var eraser = await EraserAsync();
        var found = await eraser.FindAsync(Ann, Token);
        Assert.Equal(others, await OthersAsync());
        var receipt = await eraser.EraseAsync(Ann, Token);

        Assert.Equal(found.Counts.OrderBy(f => f.Key, StringComparer.Ordinal), receipt.Counts.OrderBy(f => f.Key, StringComparer.Ordinal));
        // Both times with the same ids: what is known already is not taken again, so the posts are those of the first time.
        Assert.Equal((1, 60, 30), (receipt.Counts["influencers"], receipt.Counts["all_sentiment"], receipt.Counts["archive of tweets"]));
        Assert.True(receipt.Counts["event_log"] >= 90 && receipt.Counts["dead_letters"] >= 2);
        Assert.Equal((30, 60, 30, 1), (receipt.Counts["tweets_restored"], receipt.Counts["tweet_sentiments_restored"], receipt.Counts["unsealing"], receipt.Counts["drills cut off"]));
        Assert.Equal((30, 30), (await CountAsync("sentiment.tweets_restored WHERE author_id = '8'"), await CountAsync("sentiment.tweet_sentiments_restored")));
        Assert.Equal(0, await CountAsync("pg_class WHERE relname LIKE 'unsealing%'"));
        Assert.False(Directory.Exists(drill));
        Assert.True(receipt.Counts["counts"] > 100 && receipt.Counts["models of counts"] == 1);
        Assert.Equal(["bob"], Directory.GetDirectories(models).Select(Path.GetFileName));
        Assert.Equal(0, await CountAsync("counts.raw_tweets WHERE account = 'ann'"));
        foreach (var table in Eraser.CountTables.Except(["gaps", "exogenous_events"])) Assert.True(await CountAsync($"counts.{table} WHERE account = 'bob'") > 0, table);
        var everything = await EverythingAsync();
        Assert.DoesNotContain("ecstatic-ann", everything);
        Assert.DoesNotContain("x.com/ann", everything);
        Assert.DoesNotContain("\"7\"", everything);
        Assert.Equal(others, await OthersAsync());
        Assert.Null(await Desk.Hot.GetAsync("ZANN", Token));
        Assert.Equal(30, (await Desk.Reader.LatestAsync(["AAPL"], Token))[0]!.Count);
        Assert.True((await eraser.FindAsync(Ann, Token)).IsClean);
        Assert.Empty((await (await Desk.ArchiveVerifierAsync(null, Token)).VerifyAsync(null, null, Token)).Bad);

        // A refetch is known.
        await IngestAsync(days: 200);
        Assert.Equal(30, await CountAsync("sentiment.all_sentiment"));

        var again = await ErasureReceipt.ReadAsync(Desk.DataSource, receipt.Id, Token);
        Assert.Equal((receipt.Hash, receipt.ComputeHash()), (again!.Hash, again.ComputeHash()));
        Assert.True(again.IsAbout(Ann));
        Assert.False(again.IsAbout(Ann with { Author = "8" }));
        Assert.False(again.IsAbout(Ann with { Platform = ErasurePlatform.Reddit }));
    }

    [Fact]
    public async Task Record_that_waits_in_the_log_is_passed_over_and_its_offset_stays()
    {
        var now = TimeProvider.System.GetUtcNow();
        EventEnvelope Event(string id, string author) => new()
        {
            EventId = id,
            ArticleId = ArticleId.FromNativeId("tweet", id),
            Timestamp = now,
            Source = "x",
            Type = EventType.Tweet,
            Tickers = ["AAPL"],
            Text = $"profits rise, says {author}",
            FetchedAt = now,
            Author = new() { Id = author, Username = $"name{author}" },
        };
        await Desk.Log.AppendAsync(Topics.StandardPriority, [.. new[] { Event("1", "7"), Event("2", "8"), Event("3", "7") }.Select(e => new LogRecord("AAPL", EnvelopeJson.Serialize(e)))], Token);
        var receipt = await (await EraserAsync()).EraseAsync(Ann, Token);
        Assert.Equal(2, receipt.Counts["event_log"]);
        await using (_desk.Work())
        {
            for (var i = 0; await CountAsync("sentiment.tweets") == 0 || await _desk.Database.ScalarAsync<long>("SELECT coalesce(max(next_offset), 0) FROM ops.consumer_offsets") < 3; i++)
            {
                Assert.True(i < 600, "the worker does not come to its end");
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
            }
        }
        Assert.Equal("2", await _desk.Database.ScalarAsync<string>("SELECT string_agg(tweet_id, ',') FROM sentiment.tweets"));
        Assert.Equal(0, await CountAsync("ops.dead_letters"));
        Assert.DoesNotContain("name7", await EverythingAsync());
    }

    [Fact]
    public async Task Name_finds_the_account_and_its_id_and_a_cut_off_erasure_is_taken_up_again()
    {
        await IngestAsync(days: 200);
        await (await Desk.RetentionEngineAsync(null, Token)).RunAsync(RetentionCause.Command, null, Token);
        Assert.Equal(30, (await (await EraserAsync()).FindAsync(new(ErasurePlatform.X, null, "@Ann"), Token)).Counts["archive of tweets"]);
        Assert.All((await (await EraserAsync()).FindAsync(new(ErasurePlatform.Reddit, null, "ann"), Token)).Counts, c => Assert.Equal(0, c.Value));

        // As after a crash behind the database's transaction: only posts in the archive and the lake's files are left.
        await _desk.Database.ScalarAsync<object>("DELETE FROM sentiment.influencers WHERE account_id = '7'; SELECT 1");
        await _desk.Database.ScalarAsync<object>("DELETE FROM sentiment.sentiment_data WHERE text LIKE 'ecstatic%'; SELECT 1");
        await (await EraserAsync()).EraseAsync(new(ErasurePlatform.X, null, "ann"), Token);
        Assert.DoesNotContain("ecstatic-ann", await EverythingAsync());
    }

    /// <summary>Killed in the midst, and run again: then it is finished, and the receipt has all that there was.</summary>
    [Fact]
    public async Task Killed_at_any_moment_it_is_finished_by_running_it_again()
    {
        const int People = 12;
        var (now, lines) = (TimeProvider.System.GetUtcNow(), new List<string>());
        for (var person = 10; person < 10 + People; person++)
            for (var i = 0; i < 20; i++)
                lines.Add(Post($"{person}{i:00}", $"{person}", $"person{person}", $"secret-of-{person} profits rise $AAPL $P{(char)('A' + person - 10)}", now.AddDays(i % 2 == 0 ? -300 : -3)));
        await File.WriteAllLinesAsync(Path.Combine(_desk.Folder, "people.jsonl"), lines, Token);
        await _desk.IngestAsync(new() { Type = EventType.Tweet }, Path.Combine(_desk.Folder, "people.jsonl"));
        await WriteLakeAsync();
        await (await Desk.RetentionEngineAsync(null, Token)).RunAsync(RetentionCause.Command, null, Token);
        var (random, length) = (new Random(7), TimeSpan.FromSeconds(4));
        for (var person = 10; person < 10 + People; person++)
        {
            var before = await CountAsync("ops.erasures");
            var killed = Program(person);
            await Task.WhenAny(killed.WaitForExitAsync(Token), Task.Delay(length * (0.3 + 0.7 * random.NextDouble()), TimeProvider.System, Token));
            killed.Kill(); // SIGKILL: no handler, no flush
            await killed.WaitForExitAsync(Token);
            var watch = System.Diagnostics.Stopwatch.StartNew();
            using var whole = Program(person);
            await whole.StandardOutput.ReadToEndAsync(Token);
            await whole.WaitForExitAsync(Token);
            length = watch.Elapsed;
            Assert.Equal(0, whole.ExitCode);
            // One receipt, taken up again; two where the first had come to its end.
            Assert.InRange(await CountAsync("ops.erasures") - before, 1, 2);
            Assert.Equal(40, await _desk.Database.ScalarAsync<long>($"SELECT max((counts ->> 'all_sentiment')::bigint) FROM (SELECT counts FROM ops.erasures ORDER BY id DESC LIMIT {await CountAsync("ops.erasures") - before}) e"));
            var everything = await EverythingAsync(live: false);
            Assert.DoesNotContain($"secret-of-{person}", everything);
            Assert.DoesNotContain($"person{person}", everything);
            if (person + 1 < 10 + People) Assert.Contains($"secret-of-{person + 1}", everything);
            Assert.Equal((10 + People - 1 - person) * 40, await CountAsync("sentiment.all_sentiment"));
            Assert.Equal(0, await CountAsync("ops.erasures WHERE finished_at IS NULL"));
            killed.Dispose();
        }

        System.Diagnostics.Process Program(int person) => System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Bellwether.App.dll"), "--data", _desk.Folder, "--postgres", _desk.Database.ConnectionString, "retention", "erase", "--platform", "x", "--author", $"{person}", "--json"])
        {
            RedirectStandardOutput = true,
        })!;
    }

    [Fact]
    public async Task Rows_of_sealed_days_are_taken_out_of_their_files()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ErasureTests), options => options with { LakeSealExternal = true });
        var at = TimeProvider.System.GetUtcNow().AddDays(-200);
        await File.WriteAllLinesAsync(Path.Combine(desk.Folder, "posts.jsonl"),
            Enumerable.Range(0, 20).Select(i => Post($"{i}", i % 2 == 0 ? "7" : "8", i % 2 == 0 ? "ann" : "bob", $"{(i % 2 == 0 ? "ecstatic-ann" : "bob")} profits rise {i} $AAPL", at.AddDays(i % 3))), Token);
        await desk.IngestAsync(new() { Type = EventType.Tweet }, Path.Combine(desk.Folder, "posts.jsonl"));
        // Sealing by retention: what is not written yet is written first.
        var done = (await (await desk.Desk.RetentionEngineAsync(null, Token)).RunAsync(RetentionCause.Command, null, Token)).Items.Single(item => item.Table == "sentiment_data");
        Assert.Equal(("seal", 20L), (done.Action, done.Rows));
        Assert.Equal(3, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_days WHERE sealed_at IS NOT NULL"));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));

        var eraser = await desk.Desk.EraserAsync(null, Token);
        Assert.Equal(10, (await eraser.EraseAsync(Ann, Token)).Counts["all_sentiment"]);
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_removals"));
        var text = new StringBuilder();
        var files = Directory.EnumerateFiles(Path.Combine(desk.Folder, "lake"), "*", SearchOption.AllDirectories).ToArray();
        foreach (var file in files) text.Append(await TextOfAsync(file));
        Assert.Equal(3, files.Length);
        Assert.DoesNotContain("ecstatic-ann", text.ToString());
        Assert.Equal(10, text.ToString().Split("bob profits").Length - 1);
        // Live states are of both tiers.
        Assert.Equal(10, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment WHERE ticker = 'AAPL'"));
    }

    [Fact]
    public async Task Reddit_author_is_erased_by_name()
    {
        var file = Path.Combine(_desk.Folder, "listing.json");
        await File.WriteAllTextAsync(file, """
            {"kind":"Listing","data":{"children":[
              {"kind":"t3","data":{"id":"abc","name":"t3_abc","title":"Great $GME","selftext":"profits soar","author":"Carl","author_fullname":"t2_9","created_utc":1767225600,"permalink":"/r/s/comments/abc/"}},
              {"kind":"t3","data":{"id":"def","name":"t3_def","title":"Bad $GME","selftext":"losses","author":"dora","author_fullname":"t2_8","created_utc":1767225601,"permalink":"/r/s/comments/def/"}}]}}
            """, Token);
        await _desk.IngestAsync(new(), file);
        await WriteLakeAsync();
        var receipt = await (await EraserAsync()).EraseAsync(new(ErasurePlatform.Reddit, null, "u/carl"), Token);
        Assert.Equal((1, 1, 1), (receipt.Counts["reddit_posts"], receipt.Counts["reddit_sentiments"], receipt.Counts["all_sentiment"]));
        var everything = await EverythingAsync();
        Assert.DoesNotContain("Carl", everything);
        Assert.DoesNotContain("t2_9", everything);
        Assert.Contains("dora", everything);
    }
}
