using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Tests.Faults;

sealed partial class Lab
{
    // Machines differ, and this one has other work to do; what was measured is reported.
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(90), Look = TimeSpan.FromMilliseconds(20);
    const int FirstProbes = 6;

    readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };
    readonly List<Task> _probing = [];

    /// <summary>How long a probe takes while nothing is wrong.</summary>
    public TimeSpan Usual { get; private set; }

    /// <summary>A probe that takes no longer than this shows that all is well.</summary>
    TimeSpan Well => TimeSpan.FromSeconds(Math.Max(1, Usual.TotalSeconds * 4));

    /// <summary>Waits until the lab has warmed up, and measures.</summary>
    async Task SteadyAsync()
    {
        for (var i = 0; i < 2; i++) await ProbeAsync(Bound);
        var times = new List<TimeSpan>();
        while (times.Count < FirstProbes) times.Add(await ProbeAsync(Bound) ?? throw new InvalidOperationException($"the lab does not come up\n{Story()}"));
        Usual = times.Order().ElementAt(FirstProbes / 2);
        Tell($"steady: {Usual.TotalMilliseconds:F0} ms from push to hot store");
    }

    /// <summary>
    /// From now until a probe, one event for each ticker and so for every partition, takes no longer than usual from its push to the database
    /// and to the hot store, and every program says that it is ready: one that was killed is back.
    /// </summary>
    public async Task<TimeSpan> RecoverAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Load.Broken();
            var probe = await ProbeAsync(Well);
            var elapsed = TimeProvider.System.GetElapsedTime(started);
            if (probe is not null && await AreReadyAsync()) return elapsed;
            if (elapsed > Bound) Assert.Fail($"no recovery within {Bound.TotalSeconds} s\n{Story()}");
        }
    }

    async Task<bool> AreReadyAsync()
    {
        try
        {
            foreach (var program in _programs)
            {
                using var answer = await _client.GetAsync(new Uri(program.Url!, "/health/ready"), _cancel);
                if (!answer.IsSuccessStatusCode) return false;
            }
            return true;
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !_cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Null where it took longer than <paramref name="limit"/>; the probe's events are then delivered all the same.</summary>
    async Task<TimeSpan?> ProbeAsync(TimeSpan limit)
    {
        var probe = Probes.Probe();
        var started = TimeProvider.System.GetTimestamp();
        var sending = Load.SendAsync(probe, _cancel);
        _probing.Add(sending);
        try
        {
            await sending.WaitAsync(limit, TimeProvider.System, _cancel);
            Dictionary<string, long>? stored = null;
            while ((stored ??= await StoredAsync(probe)) is not { } known || !await IsHotAsync(known))
            {
                if (TimeProvider.System.GetElapsedTime(started) > limit) return null;
                await Task.Delay(Look, TimeProvider.System, _cancel);
            }
            var elapsed = TimeProvider.System.GetElapsedTime(started);
            return elapsed > limit ? null : elapsed;
        }
        catch (Exception error) when (error is TimeoutException or NpgsqlException or IOException or HotStoreException)
        {
            return null;
        }
    }

    /// <summary>Revisions of the tickers when the whole probe is stored; null while it is not.</summary>
    async Task<Dictionary<string, long>?> StoredAsync(LabBody probe)
    {
        await using var command = Database.CreateCommand("""
            SELECT ticker, revision FROM sentiment.ticker_sentiment
            WHERE (SELECT count(*) FROM sentiment.sentiment_data WHERE article_id = ANY($1)) = cardinality($1) AND ticker = ANY($2)
            """);
        command.CommandTimeout = 5;
        command.Parameters.Add(new() { Value = probe.Events.Select(e => e.ArticleId).ToArray() });
        command.Parameters.Add(new() { Value = probe.Events.Select(e => e.Tickers[0]).Distinct().ToArray() });
        var stored = new Dictionary<string, long>();
        await using (var row = await command.ExecuteReaderAsync(_cancel))
            while (await row.ReadAsync(_cancel)) stored[row.GetString(0)] = row.GetInt64(1);
        return stored.Count > 0 ? stored : null;
    }

    async Task<bool> IsHotAsync(Dictionary<string, long> stored)
    {
        var hot = await Hot.GetManyAsync([.. stored.Keys], _cancel);
        return hot.All(h => h is not null && h.Revision >= stored[h.Ticker]);
    }
}
