using System.Text.Json;
using Bellwether.App;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Dapper;

namespace Bellwether.Tests.Faults;

/// <summary>What a comparison of everything acknowledged with everything stored has found.</summary>
/// <param name="Wrong">Everything else that is not as it must be, in words; empty when all is well.</param>
sealed record LabFindings(int Events, long Results, int Lost, int Doubled, IReadOnlyList<string> Wrong)
{
    public bool IsWell => Lost == 0 && Doubled == 0 && Wrong.Count == 0;

    public override string ToString() =>
        $"{Events} events acknowledged, {Results} results stored, {Lost} lost, {Doubled} doubled{string.Concat(Wrong.Select(w => $"\n  wrong: {w}"))}";
}

/// <summary>The invariant checker.</summary>
sealed partial class Lab
{
    /// <summary>Halts the load, lets everything settle, and compares each event that was acknowledged with what is stored.</summary>
    public async Task<LabFindings> CheckAsync()
    {
        await Task.WhenAll(_probing).WaitAsync(Bound, TimeProvider.System, _cancel);
        _probing.Clear();
        using var quiet = await Load.PauseAsync(_cancel);
        return await CheckHaltedAsync();
    }

    async Task<LabFindings> CheckHaltedAsync()
    {
        var expected = Load.Acknowledged.Values.ToArray();
        var results = expected.Where(e => e.Fate == Fate.Scored).Sum(e => e.Tickers.Count);
        var letters = expected.Count(e => e.Fate != Fate.Scored);
        // More than expected is as wrong as less, and is seen below; what still waits in the log may be a redelivery.
        await UntilAsync(async () => await ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data") >= results
            && await ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters") >= letters && await LagAsync() == 0, "everything acknowledged has been worked on");

        return await CompareAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Compares what is stored now with everything that was acknowledged.</summary>
    /// <param name="settling">How long the hot store may take to become level.</param>
    public async Task<LabFindings> CompareAsync(TimeSpan settling)
    {
        var expected = Load.Acknowledged.Values.ToArray();
        var wrong = new List<string>();
        var (lost, doubled) = await CompareResultsAsync(expected, wrong);
        var (lostLetters, doubledLetters) = await CompareLettersAsync(expected, wrong);
        await CompareInboxAsync(expected, wrong);
        await ComparePostsAsync(expected, wrong);
        await CompareAnnouncementsAsync(wrong);
        await CompareStatesAsync(wrong);
        await CompareHotStoreAsync(settling, wrong);
        var stored = await ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data");
        return new(expected.Length, stored, lost + lostLetters, doubled + doubledLetters, wrong);
    }

    /// <summary>Records that a worker has still to read.</summary>
    async Task<long> LagAsync()
    {
        if (_broker is null) return (await GroupLag.OfEmbeddedAsync(Database, _cancel)).Sum(l => l.Records);
        _desk ??= await Desk.OpenAsync(OptionsOf(), null, _cancel);
        var group = _desk.Options.EventLog.StoredGroup(_desk.Options.Scoring.Group);
        var lag = 0L;
        foreach (var topic in new[] { Topics.HighPriority, Topics.StandardPriority })
            lag += (await GroupLag.OfAsync(Database, _desk.Log, topic, group, _cancel)).Records;
        return lag;
    }

    Desk? _desk;

    async Task<(int Lost, int Doubled)> CompareResultsAsync(LabEvent[] expected, List<string> wrong)
    {
        var stored = (await ReadAsync<(string Id, string Ticker, string Article)>("""
            SELECT coalesce(r->>'article_id', r->>'tweet_id', r->>'post_id'), ticker, article_id FROM (
                SELECT raw_source_payload_json AS r, ticker, article_id FROM sentiment.all_sentiment) AS s
            """)).GroupBy(r => (r.Id, r.Ticker)).ToDictionary(g => g.Key, g => g.ToArray());
        var (lost, doubled) = (0, stored.Values.Sum(s => s.Length - 1));
        foreach (var e in expected.Where(e => e.Fate == Fate.Scored))
            foreach (var ticker in e.Tickers)
                if (!stored.Remove((e.Id, ticker), out var found)) wrong.AddFew($"no result of {e.Id} for {ticker}", ref lost);
                else if (found[0].Article != e.ArticleId) wrong.AddFew($"{e.Id} has the identity {found[0].Article}, not {e.ArticleId}");
        foreach (var (id, ticker) in stored.Keys) wrong.AddFew($"a result of {id} for {ticker}, which nobody sent");
        return (lost, doubled);
    }

    async Task<(int Lost, int Doubled)> CompareLettersAsync(LabEvent[] expected, List<string> wrong)
    {
        var letters = await ReadAsync<(string Stage, string Class, byte[] Value)>("SELECT stage, error_class, value FROM ops.dead_letters");
        var stored = letters.GroupBy(l => IdOf(l.Stage, l.Value)).ToDictionary(g => g.Key, g => g.ToArray());
        var (lost, doubled) = (0, stored.Values.Sum(s => s.Length - 1));
        foreach (var e in expected.Where(e => e.Fate != Fate.Scored))
            if (!stored.Remove(e.Id, out var found)) wrong.AddFew($"no dead letter of {e.Id}", ref lost);
            else if ((found[0].Stage, found[0].Class) != (e.Fate == Fate.PutAside ? ("score", "NoTicker") : ("normalise", "rejected")))
                wrong.AddFew($"{e.Id} was put aside as {found[0].Stage} {found[0].Class}");
        foreach (var (id, found) in stored) wrong.AddFew($"a dead letter of {id}, {found[0].Stage} {found[0].Class}, which should be none");
        return (lost, doubled);
    }

    // A letter holds what was refused: a record as it was sent, or the envelope that it became.
    static string IdOf(string stage, byte[] value)
    {
        var json = JsonElement.Parse(value);
        if (stage != "normalise" && json.TryGetProperty("raw", out var raw)) json = JsonElement.Parse(raw.GetString()!);
        foreach (var name in new[] { "article_id", "tweet_id", "post_id" })
            if (json.TryGetProperty(name, out var id)) return id.GetString()!;
        return json.GetRawText();
    }

    async Task CompareInboxAsync(LabEvent[] expected, List<string> wrong)
    {
        var keys = expected.Where(e => e.Fate != Fate.Rejected)
            .SelectMany(e => e.Fate == Fate.PutAside ? [EventKey.Of(e.ArticleId, "")] : e.Tickers.Select(t => EventKey.Of(e.ArticleId, t))).ToHashSet();
        var stored = await ReadAsync<Guid>("SELECT event_key FROM ops.inbox");
        if (!keys.SetEquals(stored))
            wrong.Add($"the inbox holds {stored.Count} keys, {stored.Count(k => !keys.Contains(k))} of them strange; expected are {keys.Count}");
    }

    async Task ComparePostsAsync(LabEvent[] expected, List<string> wrong)
    {
        (string, string, string, string)[] platforms =
            [("tweet", "tweets", "tweet_sentiments", "tweet_id"), ("reddit", "reddit_posts", "reddit_sentiments", "post_id")];
        foreach (var (type, posts, scores, id) in platforms)
        {
            var sent = expected.Where(e => e.Type == type).ToArray();
            await EqualAsync($"SELECT count(*) FROM sentiment.{posts}", sent.Length, $"rows of {posts}");
            await EqualAsync($"SELECT count(DISTINCT article_id) FROM sentiment.{posts}", sent.Length, $"articles of {posts}");
            await EqualAsync($"SELECT count(*) FROM sentiment.{scores}", sent.Sum(e => e.Tickers.Count), $"rows of {scores}");
            await EqualAsync($"SELECT count(DISTINCT ({id}, symbol)) FROM sentiment.{scores}", sent.Sum(e => e.Tickers.Count), $"posts and symbols of {scores}");
        }

        async Task EqualAsync(string sql, long count, string what)
        {
            if (await ScalarAsync<long>(sql) is var found && found != count) wrong.Add($"{found} {what}, expected are {count}");
        }
    }

    /// <summary>Each result is announced once, in the transaction that stored it.</summary>
    async Task CompareAnnouncementsAsync(List<string> wrong)
    {
        var (missing, announced, distinct) = (await ReadAsync<(long, long, long)>("""
            WITH told AS MATERIALIZED (
                SELECT v->>'article_id' AS article_id, v->>'ticker' AS ticker FROM (
                    SELECT convert_from(value, 'UTF8')::jsonb AS v FROM ops.event_log WHERE topic = 'analyzed-sentiment') AS l)
            SELECT (SELECT count(*) FROM sentiment.sentiment_data s
                WHERE NOT EXISTS (SELECT FROM told t WHERE (t.article_id, t.ticker) = (s.article_id, s.ticker))),
                count(*), count(DISTINCT (article_id, ticker)) FROM told
            """))[0];
        if (missing != 0 || announced != distinct) wrong.Add($"{missing} results were not announced, {announced - distinct} more than once");
    }

    /// <summary>The live state of each ticker is, bit for bit, what its stored results add up to.</summary>
    async Task CompareStatesAsync(List<string> wrong)
    {
        await using var connection = await Database.OpenConnectionAsync(_cancel);
        var states = new Dictionary<string, TickerState>();
        await using (var read = new Npgsql.NpgsqlCommand($"SELECT {TickerState.Columns} FROM sentiment.ticker_sentiment", connection))
        await using (var row = await read.ExecuteReaderAsync(_cancel))
            while (await row.ReadAsync(_cancel))
                if (TickerState.Read(row) is var state) states[state.Ticker] = state;
        var folds = states.ToDictionary(s => s.Key, s => new TickerFold(s.Key, s.Value.Sums.HalfLifeSeconds));
        await using (var read = new Npgsql.NpgsqlCommand($"SELECT {TickerFold.Columns} FROM sentiment.all_sentiment", connection))
        await using (var row = await read.ExecuteReaderAsync(_cancel))
            while (await row.ReadAsync(_cancel))
                if (folds.TryGetValue(row.GetString(0), out var fold)) fold.Add(row);
                else wrong.AddFew($"{row.GetString(0)} has results and no state");
        foreach (var (ticker, fold) in folds)
        {
            var (stored, computed) = (states[ticker], fold.State());
            if (!stored.Sums.Equals(computed.Sums) || !Same(stored.ToSnapshot(), computed.ToSnapshot() with { LastUpdated = stored.LastUpdated }))
                wrong.AddFew($"the state of {ticker} is not what its results add up to");
        }
    }

    async Task CompareHotStoreAsync(TimeSpan settling, List<string> wrong)
    {
        var reader = new SentimentReader(Database, Hot, new(), TimeProvider.System);
        var tickers = await ReadAsync<string>("SELECT ticker FROM sentiment.ticker_sentiment WHERE count > 0 ORDER BY ticker");
        var different = new List<string>();
        var started = TimeProvider.System.GetTimestamp();
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, _cancel);
            var stored = await reader.StatesAsync(tickers, _cancel);
            var hot = await Hot.GetManyAsync([.. stored.Select(s => s.Ticker)], _cancel);
            different = [.. stored.Where((s, i) => hot[i] is null || !Same(s, hot[i]!)).Select((s, i) => s.Ticker)];
        }
        while (different.Count > 0 && TimeProvider.System.GetElapsedTime(started) < settling);
        if (different.Count > 0) wrong.Add($"the hot store differs from the database for {string.Join(", ", different)}");
    }

    static bool Same(TickerSnapshot a, TickerSnapshot b) =>
        SnapshotCodec.Encode(a, SnapshotEncoding.Json).AsSpan().SequenceEqual(SnapshotCodec.Encode(b, SnapshotEncoding.Json));

    async Task<List<T>> ReadAsync<T>(string sql)
    {
        await using var connection = await Database.OpenConnectionAsync(_cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, commandTimeout: 120, cancellationToken: _cancel))).AsList();
    }
}

static class LabFindingsExtensions
{
    const int Few = 10;

    /// <summary>Counts a finding, and keeps the first ones.</summary>
    public static void AddFew(this List<string> wrong, string what, ref int count)
    {
        count++;
        wrong.AddFew(what);
    }

    public static void AddFew(this List<string> wrong, string what)
    {
        if (wrong.Count < Few) wrong.Add(what);
        else if (wrong.Count == Few) wrong.Add("and more");
    }
}
