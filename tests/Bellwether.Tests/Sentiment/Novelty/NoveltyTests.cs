using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Novelty;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Sentiment.Novelty.NoveltyLab;

namespace Bellwether.Tests.Sentiment.Novelty;

public sealed class NoveltyTests(TestServer server)
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Forty_rewrites_count_as_one_and_forty_stories_as_forty()
    {
        await using var lab = await OpenAsync(server);
        var store = lab.Store();
        var number = 0;
        foreach (var part in Rewrites(Stories[0], 40).Chunk(7)) await lab.CommitAsync(store, [.. part.Select(text => Event(++number, text, number))]);
        for (var i = 0; i < 40; i++) await lab.CommitAsync(store, Event(++number, $"{i} {Distinct(i)}", i + 1, "MANY"));
        var at = Start + Hour;
        var (once, many, plain) = (
            (await lab.Aggregates().ReadAsync("ACME", at, DateTimeOffset.MaxValue, Cancel))!,
            (await lab.Aggregates().ReadAsync("MANY", at, DateTimeOffset.MaxValue, Cancel))!,
            (await lab.Aggregates(new() { DiscountRepeats = false }).ReadAsync("ACME", at, DateTimeOffset.MaxValue, Cancel))!);
        Assert.Equal((40L, 40L), (once.TotalMentionCount, many.TotalMentionCount));
        Assert.InRange(once.EffectiveMentions, 0.9, 1.1);
        Assert.InRange(many.EffectiveMentions, 38, 40);
        Assert.InRange(plain.EffectiveMentions, 38, 40);
        Assert.Equal(0.5, once.UnifiedSentiment!.Value, 1e-9);
        Assert.Null(once.SentimentLevel);
        Assert.NotNull(many.SentimentLevel);
        Assert.True(once.StandardError > many.StandardError);

        var chain = Assert.Single(await lab.Reader.ChainsAsync("ACME", Start, at, null, 2, 10, Cancel));
        Assert.Equal((40L, 1.0, Start.AddMinutes(1), Start.AddMinutes(40)), (chain.Size, chain.Weight, chain.First, chain.Last));
        Assert.Equal(["wire0", "wire1", "wire2"], chain.Sources);
        Assert.Empty(await lab.Reader.ChainsAsync("MANY", Start, at, null, 2, 10, Cancel));
        var page = await lab.Reader.ArticlesAsync("ACME", null, 100, false, null, Cancel);
        Assert.Equal(1, page.Sum(article => article.NoveltyWeight));
        Assert.Equal(chain.ChainId, Assert.Single(page.Select(article => article.ChainId).Distinct()));

        static string Distinct(int i) => string.Join(' ', Enumerable.Range(0, 9).Select(w => $"{(char)('a' + (i + w * 7) % 26)}{(char)('a' + i * w % 26)}{(char)('a' + i % 26)}ord{w}"));
    }

    [Fact]
    public async Task Any_order_and_any_batches_give_the_same_chains()
    {
        var events = Stories.SelectMany((story, s) => Rewrites(story, 6).Select((text, i) => Event(s * 10 + i, text, s * 60 + i, s % 2 == 0 ? ["ACME"] : ["ACME", "BETA"]))).ToArray();
        string[]? expected = null;
        var random = new Random(20250425);
        for (var round = 0; round < 6; round++)
        {
            await using var lab = await OpenAsync(server);
            var (store, at) = (lab.Store(), 0);
            random.Shuffle(events);
            while (at < events.Length)
            {
                // A process that begins anew remembers nothing, and must find the same.
                if (random.Next(3) == 0) store = lab.Store();
                var take = round == 0 ? events.Length : random.Next(1, 12);
                await lab.CommitAsync(store, [.. events.Skip(at).Take(take)]);
                at += take;
            }
            var partition = await lab.PartitionAsync();
            Assert.Equal(Stories.Length + Stories.Length / 2, partition.Length);
            Assert.All(partition, chain => Assert.EndsWith(" 1 1", chain));
            Assert.Equal(expected ??= partition, partition);
        }
    }

    [Fact]
    public async Task One_order_gives_the_same_rows_wherever_batches_end_and_processes_die()
    {
        var random = new Random(7);
        var events = Stories.SelectMany((story, s) => Rewrites(story, 12).Select((text, i) => Event(s * 20 + i, text, random.Next(4 * 24 * 60)))).ToArray();
        random.Shuffle(events);
        string? expected = null;
        for (var round = 0; round < 4; round++)
        {
            await using var lab = await OpenAsync(server);
            var (store, at) = (lab.Store(), 0);
            while (at < events.Length)
            {
                if (random.Next(2) == 0) store = lab.Store();
                var end = round == 0 ? events.Length : Math.Min(events.Length, at + random.Next(1, 20));
                // Some are delivered again with what comes next, as after a crash.
                await lab.CommitAsync(store, events[Math.Max(0, at - random.Next(5))..end]);
                at = end;
            }
            await lab.CommitAsync(store, events);
            var rows = await lab.RowsAsync();
            Assert.Equal(expected ??= rows, rows);
        }
        Assert.Contains("0|", expected);
    }

    [Fact]
    public async Task Two_processes_know_what_the_other_stored()
    {
        await using var lab = await OpenAsync(server);
        var (one, other) = (lab.Store(), lab.Store());
        for (var i = 0; i < 12; i++) await lab.CommitAsync(i % 2 == 0 ? one : other, Event(i, Rewrites(Stories[0], 12)[i], i), Event(100 + i, $"{Stories[1 + i % 5]}", i));
        Assert.Equal("0 18,1 6", await lab.Database.ScalarAsync<string>(
            "SELECT string_agg(w || ' ' || n, ',' ORDER BY w) FROM (SELECT novelty_weight AS w, count(*) AS n FROM sentiment.all_sentiment GROUP BY 1) AS c"));
    }

    [Fact]
    public async Task Loops_of_one_process_that_commit_at_once_lose_and_double_nothing()
    {
        await using var lab = await OpenAsync(server);
        var store = lab.Store();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async loop =>
        {
            for (var i = 0; i < 10; i++) await lab.CommitAsync(store, Event(loop * 100 + i, Stories[i % 5], i));
        }));
        Assert.Equal(40, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE chain_id IS NOT NULL"));
        // Transactions that overlap do not know each other's: at most each loop has its own first.
        Assert.InRange(await lab.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE novelty_weight = 1"), 5, 20);
        await lab.CommitAsync(store, [.. Stories.Take(5).Select((story, i) => Event(900 + i, story, 20))]);
        Assert.Equal(0, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE article_id >= 'a0900' AND novelty_weight = 1"));
    }

    [Fact]
    public async Task What_comes_later_changes_no_row_and_no_answer_about_before()
    {
        await using var lab = await OpenAsync(server);
        var store = lab.Store();
        await lab.CommitAsync(store, Event(5, $"{Stories[0]} - Reuters", 30), Event(6, Stories[1], 31));
        var known = await lab.Database.ScalarAsync<DateTime>("SELECT clock_timestamp()");
        async Task<string> AnswersAsync() => string.Join('|',
            (await lab.Aggregates().ReadAsync("ACME", Start + Hour, known, Cancel))!.Inputs.ToJson(), (await lab.Reader.ChainsAsync("ACME", Start, Start + Hour, known, 1, 10, Cancel)).Count,
            (await lab.Reader.AsOfAsync("ACME", known, Cancel))!.Score);
        var (answers, rows) = (await AnswersAsync(), await lab.RowsAsync());

        // The original, which is older and comes later: to whoever knew the rewrite it is nothing new.
        await lab.CommitAsync(store, Event(1, Stories[0], 0));
        Assert.Equal(answers, await AnswersAsync());
        Assert.StartsWith("a0001ACME", await lab.RowsAsync());
        Assert.EndsWith(rows, await lab.RowsAsync());
        Assert.Equal((0.0, StoryChains.ChainOf(EventKey.Of("a0005", "ACME"))), (await lab.Database.ScalarAsync<double>("SELECT novelty_weight FROM sentiment.all_sentiment WHERE article_id = 'a0001'"),
            await lab.Database.ScalarAsync<string>("SELECT chain_id FROM sentiment.all_sentiment WHERE article_id = 'a0001'")));

        // Once more, as after a crash: nothing happens.
        rows = await lab.RowsAsync();
        await lab.CommitAsync(lab.Store(), Event(1, Stories[0], 0), Event(5, $"{Stories[0]} - Reuters", 30));
        Assert.Equal(rows, await lab.RowsAsync());
    }

    [Fact]
    public async Task After_the_window_the_same_words_are_news_again_and_other_tickers_are_apart()
    {
        await using var lab = await OpenAsync(server);
        var (store, day) = (lab.Store(), 24 * 60);
        await lab.CommitAsync(store, Event(1, Stories[0], 0));
        await lab.CommitAsync(store, Event(2, Stories[0], 2 * day), Event(3, Stories[0], 2 * day + 1), Event(4, Stories[0], 5, "BETA"));
        await lab.CommitAsync(lab.Store(), Event(5, Stories[0], -2 * day), Event(6, Stories[0], 9 * day));
        Assert.Equal("a0001 1,a0002 0,a0003 1,a0004 1,a0005 0,a0006 1", await lab.Database.ScalarAsync<string>(
            "SELECT string_agg(article_id || ' ' || novelty_weight, ',' ORDER BY article_id) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task The_live_state_is_the_same_with_and_without()
    {
        async Task<string> StateAsync(bool enabled)
        {
            await using var lab = await OpenAsync(server, new() { Novelty = new() { Enabled = enabled } });
            var store = lab.Store();
            await lab.CommitAsync(store, [.. Stories.SelectMany((s, i) => Rewrites(s, 3).Select((text, r) => Event(i * 10 + r, text, i * 10 + r)))]);
            Assert.Equal(enabled ? 0 : 24, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE chain_id IS NULL AND novelty_weight IS NULL"));
            return await lab.Database.ScalarAsync<string>("SELECT string_agg((to_jsonb(t) - 'last_updated')::text, '|' ORDER BY ticker) FROM sentiment.ticker_sentiment t");
        }
        Assert.Equal(await StateAsync(true), await StateAsync(false));
    }

    [Fact]
    public async Task What_memory_has_no_room_for_is_read_again()
    {
        await using var lab = await OpenAsync(server, new() { Novelty = new() { MostRemembered = 1_000, RepeatWeight = 0.25 } });
        var store = lab.Store();
        EventEnvelope[] Many(int from) => [.. Enumerable.Range(0, 1_500).Select(i => Event(from + i, $"{Stories[i % 8]} says desk number {i / 8 % 100 + 5}", i % 600, $"T{i / 8}"))];
        await lab.CommitAsync(store, Many(0));
        await lab.CommitAsync(store, Many(5_000));
        Assert.Equal("1 1500,0.25 1500", await lab.Database.ScalarAsync<string>(
            "SELECT string_agg(w || ' ' || n, ',' ORDER BY w DESC) FROM (SELECT novelty_weight AS w, count(*) AS n FROM sentiment.all_sentiment GROUP BY 1) AS c"));
    }
}
