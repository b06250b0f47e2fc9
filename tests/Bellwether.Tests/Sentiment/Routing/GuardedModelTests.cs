using Bellwether.Sentiment;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Routing;
using Bellwether.Tests.Sentiment.Llm;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bellwether.Tests.Sentiment.Routing;

/// <summary>Models that hang, that take few texts at a time, and that wait for their tokens.</summary>
public sealed class GuardedModelTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static readonly RoutingRule Cascade = new() { Name = "cascade", Models = ["lexicon", "slow"], DeferBelow = 1 };

    static ModelRouter Router(Fake slow, TimeProvider time, ModelLimits? limits = null) => new(
        new() { Routing = new() { Rules = [Cascade], Limits = limits is null ? new Dictionary<string, ModelLimits>() : new() { ["slow"] = limits } } },
        name => name == "slow" ? slow : new Fake("lexicon"), time, NullLogger.Instance);

    static Task Forever(CancellationToken token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);

    static string[] Texts(int count) => [.. Enumerable.Range(0, count).Select(i => $"text {i}")];

    static async Task<string> ByAsync(ModelRouter router, params string[] texts) =>
        string.Join(' ', (await router.ScoreAsync([.. texts.Select(RoutedEvents.Of)], Cancel)).Select(s => s.InsteadOf is null ? s.By.Name : $"{s.By.Name}/{s.InsteadOf}"));

    [Theory]
    [InlineData(12)]
    [InlineData(300)]
    public async Task Model_that_hangs_is_left_alone_however_long_its_time_limit_is(int seconds)
    {
        var time = new JumpingTime();
        var slow = new Fake("slow") { Wait = Forever };
        using var router = Router(slow, time, new() { Timeout = TimeSpan.FromSeconds(seconds), LeftAlone = TimeSpan.FromHours(12) });
        for (var i = 0; i < 8; i++) Assert.Equal("lexicon/slow", await ByAsync(router, "text"));
        Assert.InRange(slow.Asked.Count, 2, 3);
    }

    [Fact]
    public async Task Model_that_begins_to_hang_after_a_busy_day_is_left_alone_too()
    {
        var time = new JumpingTime();
        var hangs = new TaskCompletionSource();
        var slow = new Fake("slow") { Wait = token => hangs.Task.IsCompleted ? Forever(token) : Task.CompletedTask };
        using var router = Router(slow, time, new() { Timeout = TimeSpan.FromSeconds(30), LeftAlone = TimeSpan.FromHours(12) });
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal("slow", await ByAsync(router, "text"));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        hangs.SetResult();
        for (var i = 0; i < 10; i++) await ByAsync(router, "text");
        Assert.InRange(slow.Asked.Count - 200, 2, 4);
    }

    [Fact]
    public async Task Portions_before_one_that_fails_keep_their_scores_and_those_behind_are_not_asked()
    {
        var slow = new Fake("slow") { MostAtOnce = 2, Score = text => text == "text 4" ? throw new HttpRequestException("gone") : new(0.9, 0.05) };
        using var router = Router(slow, TimeProvider.System);
        Assert.Equal("slow slow slow slow lexicon/slow lexicon/slow lexicon/slow", await ByAsync(router, Texts(7)));
        Assert.Equal([2, 2, 2], slow.Asked.Select(a => a.Length));
        Assert.Equal(2, router.MostAtOnce);
    }

    [Fact]
    public async Task Place_is_taken_for_each_portion_so_that_others_come_between()
    {
        var step = new SemaphoreSlim(0);
        var slow = new Fake("slow") { MostAtOnce = 1, Wait = step.WaitAsync };
        using var router = Router(slow, TimeProvider.System, new() { Concurrent = 1, Wait = TimeSpan.FromMinutes(5) });
        var large = ByAsync(router, Texts(3));
        var small = ByAsync(router, "short");
        while (slow.Asked.Count == 0) await Task.Yield();
        step.Release(4);
        Assert.Equal(("slow slow slow", "slow"), (await large, await small));
        Assert.NotEqual("short", slow.Asked[^1][0]);
    }

    [Fact]
    public async Task Model_is_loaded_once_by_many_who_ask_at_once_and_goes_with_the_router()
    {
        var (loads, disposed) = (0, 0);
        var go = new ManualResetEventSlim();
        using (var router = new ModelRouter(
            new() { Routing = new() { Rules = [new() { Name = "all", Models = ["slow"] }], Limits = new Dictionary<string, ModelLimits> { ["slow"] = new() { Concurrent = 16 } } } },
            _ =>
            {
                Interlocked.Increment(ref loads);
                go.Wait(TimeSpan.FromMilliseconds(200), Cancel);
                return new Fake("slow") { Disposed = () => disposed++ };
            }, TimeProvider.System, NullLogger.Instance))
        {
            // A model that is not known yet may be slow.
            Assert.Equal(64, router.MostAtOnce);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => ByAsync(router, $"text {i}"), Cancel)));
            Assert.Equal(int.MaxValue, router.MostAtOnce);
        }
        Assert.Equal((1, 1), (loads, disposed));
    }

    [Fact]
    public async Task Language_model_that_waits_for_its_tokens_has_not_failed()
    {
        await using var stub = await LlmStub.StartAsync();
        var llm = new LlmOptions { Endpoint = stub.Endpoint, Model = "m", TokensPerMinute = 400, Timeout = TimeSpan.FromMinutes(30) };
        var options = new ScoringOptions
        {
            Routing = new() { Rules = [new() { Name = "all", Models = ["lexicon", "llama"], DeferBelow = 1 }] },
            Llm = new Dictionary<string, LlmOptions> { ["llama"] = llm },
        };
        // Whoever would give up after thirty seconds gives up at once.
        var time = new HastyTime(TimeSpan.FromMinutes(20));
        using var router = new ModelRouter(options, name => SentimentModels.Load(name, options, time), time, NullLogger.Instance);
        Assert.Equal(string.Join(' ', Enumerable.Repeat("llama", 10)), await ByAsync(router, Texts(10)));
        Assert.Contains(time.Waits, w => w > TimeSpan.FromSeconds(30));
    }

    /// <summary>Timers fire soon, and the clock is then as far on as they were to wait.</summary>
    sealed class JumpingTime : TimeProvider
    {
        long _ticks = new DateTimeOffset(2024, 5, 6, 13, 30, 0, TimeSpan.Zero).UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(_ =>
        {
            Advance(dueTime);
            callback(state);
        }, null, dueTime > TimeSpan.Zero ? TimeSpan.FromMilliseconds(5) : dueTime, period);
    }

    sealed class Fake(string name) : ISentimentModel, IDisposable
    {
        readonly List<string[]> _asked = [];

        public IReadOnlyList<string[]> Asked
        {
            get
            {
                lock (_asked) return [.. _asked];
            }
        }

        public Func<CancellationToken, Task> Wait { get; init; } = _ => Task.CompletedTask;

        public Func<string, SentimentScore> Score { get; init; } = _ => new(0.9, 0.05);

        public Action Disposed { get; init; } = () => { };

        public string Name => name;

        public string Version => "1";

        public int MostAtOnce { get; init; } = int.MaxValue;

        public async ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
        {
            lock (_asked) _asked.Add([.. texts]);
            await Wait(cancellationToken);
            return [.. texts.Select(Score)];
        }

        public void Dispose() => Disposed();
    }
}
