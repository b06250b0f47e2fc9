using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Routing;
using Bellwether.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bellwether.Tests.Sentiment.Routing;

public sealed class ModelRouterTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static readonly RoutingRule Cascade = new() { Name = "cascade", Models = ["lexicon", "classifier"], DeferBelow = 0.6 };

    [Theory]
    [InlineData("high", "free", "news", 10, "urgent")]
    [InlineData("standard", "GOLD", "news", 10, "paying")]
    [InlineData("standard", "free", "filing", 10, "filings")]
    [InlineData("standard", "free", "news", 100, "long")]
    [InlineData("standard", "free", "news", 99, "otherwise")]
    public void First_rule_that_an_event_meets_decides(string priority, string tier, string type, int characters, string expected)
    {
        var router = Router(null,
            new RoutingRule { Name = "urgent", Priority = Priority.High, Models = ["lexicon"] },
            new() { Name = "paying", PremiumTier = "gold", Models = ["classifier"] },
            new() { Name = "filings", Type = EventType.Filing, Models = ["classifier"] },
            new() { Name = "long", MinCharacters = 100, Models = ["classifier"] });
        var (rule, missed) = router.RuleOf(Event(new string('x', characters)) with
        {
            Priority = Enum.Parse<Priority>(priority, true),
            PremiumTier = tier,
            Type = Enum.Parse<EventType>(type, true),
        });
        Assert.Equal(expected, rule.Name);
        Assert.Equal(expected switch { "urgent" => 0, "paying" => 1, "filings" => 2, "long" => 3, _ => 4 }, missed.Count);
        Assert.All(missed, m => Assert.NotEmpty(m.Why));
    }

    [Fact]
    public async Task Only_what_the_cheap_model_is_not_sure_of_goes_to_the_costly_one()
    {
        var (cheap, costly) = (new Fake("lexicon", t => t == "clear" ? new(0.9, 0.05) : new(0.4, 0.3)), new Fake("classifier", _ => new(0.1, 0.8)));
        var scores = await Router([cheap, costly], Cascade).ScoreAsync([Event("clear"), Event("murky"), Event("clear")], Cancel);
        Assert.Equal(["lexicon", "classifier", "lexicon"], scores.Select(s => s.By.Name));
        Assert.Equal([["clear", "murky", "clear"]], cheap.Asked);
        Assert.Equal([["murky"]], costly.Asked);
        Assert.All(scores, s => Assert.Null(s.InsteadOf));
    }

    [Fact]
    public async Task Failed_costly_model_leaves_the_score_of_the_cheap_one_and_is_named()
    {
        var (cheap, costly) = (new Fake("lexicon", t => t == "clear" ? new(0.9, 0.05) : new(0.4, 0.3)), new Fake("classifier", _ => throw new HttpRequestException("refused")));
        var scores = await Router([cheap, costly], Cascade).ScoreAsync([Event("clear"), Event("murky")], Cancel);
        Assert.Equal([null, "classifier"], scores.Select(s => s.InsteadOf));
        Assert.Equal(["1", "1 instead of classifier"], scores.Select(s => s.Version));
        Assert.Equal(0.1, scores[1].Score.Score, 9);
    }

    [Fact]
    public async Task Failed_first_model_is_replaced_by_the_next_and_at_last_by_the_lexicon()
    {
        var broken = new Fake("lexicon", _ => throw new IOException("gone"));
        var next = await Router([broken, new("classifier", _ => new(0.8, 0.1))], Cascade).ScoreAsync([Event("a")], Cancel);
        Assert.Equal(("classifier", "lexicon"), (next[0].By.Name, next[0].InsteadOf));

        var missing = new ModelFileException("my.bin", "there is no such model file", "Train one.");
        var last = await Router([new("lexicon", _ => new(0.2, 0.1)), new("classifier", _ => throw missing)], new RoutingRule { Name = "one", Models = ["classifier"] }).ScoreAsync([Event("a")], Cancel);
        Assert.Equal(("lexicon", "1 instead of classifier"), (last[0].By.Name, last[0].Version));

        var none = Router([broken, new("classifier", _ => throw missing)], Cascade);
        Assert.Contains("cascade", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await none.ScoreAsync([Event("a")], Cancel))).Message);
    }

    [Fact]
    public async Task Every_model_that_was_missed_is_named_also_where_a_third_one_scores()
    {
        var rule = new RoutingRule { Name = "three", Models = ["lexicon", "classifier", "finbert"], DeferBelow = 0.6 };
        Fake unsure = new("lexicon", _ => new(0.4, 0.3)), broken = new("classifier", _ => throw new IOException("gone")), third = new("finbert", _ => new(0.8, 0.1));
        var scored = (await Router([unsure, broken, third], rule).ScoreAsync([Event("a")], Cancel))[0];
        Assert.Equal(("finbert", "classifier"), (scored.By.Name, scored.InsteadOf));

        Fake refuses = new("lexicon", _ => TextOutcome.NoScore);
        scored = (await Router([refuses, broken, third], rule).ScoreAsync([Event("a")], Cancel))[0];
        Assert.Equal(("finbert", "1 instead of lexicon, classifier"), (scored.By.Name, scored.Version));

        // Each event by itself: one is refused, the other is not.
        Fake picky = new("lexicon", t => t == "a" ? TextOutcome.NoScore : new(0.4, 0.3));
        var both = await Router([picky, broken, third], rule).ScoreAsync([Event("a"), Event("b")], Cancel);
        Assert.Equal(["lexicon, classifier", "classifier"], both.Select(s => s.InsteadOf));
    }

    [Fact]
    public async Task Text_of_several_securities_stays_with_the_model_that_tells_them_apart()
    {
        var rule = new RoutingRule { Name = "all", Models = ["classifier", "finbert"], DeferBelow = 1 };
        var apart = new Apart("classifier", _ => new(0.4, 0.3));
        var router = Router([apart, new("finbert", _ => new(0.8, 0.1))], rule);
        var mixed = Event("Apple surges on strong results, Intel slumps after a downgrade") with { Tickers = ["INTC"] };
        EventEnvelope[] events = [mixed, mixed with { Tickers = ["MSFT"] }, Event("Apple surges") with { Tickers = ["AAPL"] }];
        Assert.Equal(["classifier", "finbert", "finbert"], (await router.ScoreAsync(events, Cancel)).Select(s => s.By.Name));

        var off = new ModelRouter(Options(rule) with { ScoreEachTicker = false }, Loader([apart, new("finbert", _ => new(0.8, 0.1))]), TimeProvider.System, NullLogger.Instance);
        Assert.Equal("finbert", (await off.ScoreAsync([mixed], Cancel))[0].By.Name);
    }

    [Fact]
    public async Task Head_for_single_securities_is_behind_the_same_guard()
    {
        var apart = new Apart("classifier", _ => new(0.4, 0.3)) { Entities = _ => throw new IOException("gone") };
        var router = Router([apart], new RoutingRule { Name = "all", Models = ["classifier"] });
        var by = (await router.ScoreAsync([Event("a")], Cancel))[0].By;
        EntityText[] texts = [new("Apple up, Intel down", [new(0, 5)], [new(10, 5)])];
        // What goes wrong is a value, and counts for the breaker: with it half of the two calls have failed.
        for (var i = 0; i < 3; i++) Assert.Null(await router.ScoreEntitiesAsync(by, texts, Cancel));
        Assert.Equal(1, apart.EntityCalls);
    }

    [Fact]
    public async Task Model_that_there_is_not_is_a_warning_and_its_events_are_scored_by_others()
    {
        var rule = new RoutingRule { Name = "all", Models = ["finbert"] };
        Assert.Empty(Options(rule).Routing.Problems());
        Assert.Contains("'finbert'", Assert.Single(Options(rule).Routing.Missing(SentimentModels.Names)));
        var options = Options(rule);
        using var router = new ModelRouter(options, name => SentimentModels.Load(name, options), TimeProvider.System, NullLogger.Instance);
        var scored = (await router.ScoreAsync([Event("Profit rose")], Cancel))[0];
        Assert.Equal(("lexicon", "finbert"), (scored.By.Name, scored.InsteadOf));
        // It costs nothing, so that nobody need be careful of it.
        Assert.Equal(int.MaxValue, router.MostAtOnce);
    }

    [Fact]
    public async Task Model_that_keeps_failing_is_left_alone_and_then_tried_again()
    {
        var time = new ManualTime(DateTimeOffset.UnixEpoch);
        var fails = true;
        var costly = new Fake("classifier", _ => fails ? throw new HttpRequestException("refused") : new(0.9, 0.05));
        var router = Router([new("lexicon", _ => new(0.4, 0.3)), costly], time, Cascade);
        for (var i = 0; i < 10; i++) await router.ScoreAsync([Event("murky")], Cancel);
        Assert.Equal(2, costly.Asked.Count);

        fails = false;
        time.Advance(new ModelLimits().LeftAlone + TimeSpan.FromSeconds(1));
        Assert.Equal("classifier", (await router.ScoreAsync([Event("murky")], Cancel))[0].By.Name);
        Assert.Equal(3, costly.Asked.Count);
    }

    [Fact]
    public async Task Full_model_is_passed_by_and_one_that_does_not_answer_in_time_too()
    {
        var held = new TaskCompletionSource();
        var costly = new Fake("classifier", _ => new(0.9, 0.05)) { Hold = held.Task };
        var options = Options(Cascade) with { Routing = new() { Rules = [Cascade], Limits = new Dictionary<string, ModelLimits> { ["classifier"] = new() { Concurrent = 1, Wait = TimeSpan.Zero } } } };
        var router = new ModelRouter(options, Loader([new("lexicon", _ => new(0.4, 0.3)), costly]), TimeProvider.System, NullLogger.Instance);
        var first = router.ScoreAsync([Event("murky")], Cancel).AsTask();
        Assert.Equal(("lexicon", "classifier"), await Who(router.ScoreAsync([Event("murky")], Cancel)));
        held.SetResult();
        Assert.Equal("classifier", (await first)[0].By.Name);

        var silent = new Fake("classifier", _ => new(0.9, 0.05)) { Hold = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Cancel) };
        options = options with { Routing = new() { Rules = [Cascade], Limits = new Dictionary<string, ModelLimits> { ["classifier"] = new() { Timeout = TimeSpan.FromMilliseconds(20) } } } };
        router = new(options, Loader([new("lexicon", _ => new(0.4, 0.3)), silent]), TimeProvider.System, NullLogger.Instance);
        var steps = new List<string>();
        Assert.Equal(("lexicon", "classifier"), await Who(router.ScoreAsync([Event("murky")], Cancel, steps.Add)));
        Assert.Contains(steps, s => s.Contains("no answer within"));

        static async Task<(string, string?)> Who(ValueTask<IReadOnlyList<RoutedScore>> pending) => (await pending)[0] is var s ? (s.By.Name, s.InsteadOf) : default;
    }

    [Fact]
    public void Language_model_does_not_hide_one_that_was_added_under_its_name()
    {
        var models = Directory.CreateTempSubdirectory("bellwether-names-");
        File.WriteAllText(Path.Combine(models.CreateSubdirectory("finbert").FullName, "model.json"), "{}");
        var options = new ScoringOptions
        {
            ModelsDirectory = models.FullName,
            Llm = new Dictionary<string, Bellwether.Sentiment.Llm.LlmOptions> { ["FinBERT"] = new() { Endpoint = "http://127.0.0.1:1/v1", Model = "m" } },
        };
        Assert.Equal(["classifier", "lexicon", "finbert"], SentimentModels.NamesOf(options));
        Assert.Contains("two models have this name", Assert.Throws<ModelFileException>(() => SentimentModels.Load("finbert", options)).Message);
        models.Delete(recursive: true);
    }

    [Fact]
    public void Wrong_rules_are_named()
    {
        var problems = new RoutingOptions
        {
            Rules = [new() { Name = "a", Models = ["Fin Bert"], DeferBelow = 2 }, new() { Models = [], MinCharacters = 9, MaxCharacters = 3 }],
            Limits = new Dictionary<string, ModelLimits> { ["no body"] = new() },
        }.Problems().Select(p => p.Text).ToArray();
        Assert.All(new[] { "Rules:0 (a): 'Fin Bert' is no name", "DeferBelow is 2", "Rules:1 (): Name is missing", "Models is empty", "MinCharacters 9", "Limits:no body" },
            part => Assert.Contains(problems, p => p.Contains(part)));
    }

    [Fact]
    public void Rules_that_cannot_be_told_apart_or_reached_are_named()
    {
        RoutingRule Rule(string name) => new() { Name = name, Models = ["lexicon"] };
        string[] Problems(params RoutingRule[] rules) => [.. new RoutingOptions { Rules = rules }.Problems().Select(p => p.Text)];

        Assert.Contains(Problems(Rule("a") with { Type = EventType.News }, Rule("A") with { Type = EventType.Tweet }), p => p.Contains("2 rules are called a"));
        Assert.Contains(Problems(Rule("Otherwise")), p => p.Contains("meet no rule"));
        Assert.Contains(Problems(Rule("short") with { MinCharacters = -4 }), p => p.Contains("MinCharacters is -4"));
        Assert.Contains(Problems(Rule("all"), Rule("news") with { Type = EventType.News }), p => p.Contains("no event comes to it, since all"));
        Assert.Contains(Problems(Rule("to 500") with { MaxCharacters = 500 }, Rule("to 50") with { MaxCharacters = 50 }), p => p.Contains("since to 500"));
        Assert.Empty(Problems(Rule("to 50") with { MaxCharacters = 50 }, Rule("to 500") with { MaxCharacters = 500 }, Rule("high") with { Priority = Priority.High }, Rule("rest")));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 3)]
    [InlineData(10, 3)]
    [InlineData(9, 1)]
    public async Task Costly_model_is_asked_bit_by_bit_and_every_score_stays_with_its_text(int texts, int mostAtOnce)
    {
        var costly = new Fake("classifier", t => new(0.1 + 0.02 * int.Parse(t), 0.05)) { MostAtOnce = mostAtOnce };
        var router = Router([costly], new RoutingRule { Name = "one", Models = ["classifier"] });
        var scores = await router.ScoreAsync([.. Enumerable.Range(0, texts).Select(i => Event($"{i}"))], Cancel);
        Assert.Equal(Enumerable.Range(0, texts).Select(i => 0.1 + 0.02 * i), scores.Select(s => s.Score.Positive));
        Assert.Equal(Enumerable.Range(0, texts).Select(i => $"{i}").Chunk(mostAtOnce), costly.Asked);
        // The timeout is each bit's own.
        Assert.Equal(costly.Asked.Count, costly.Limits.Distinct().Count());
    }

    [Fact]
    public async Task Bit_that_fails_or_hangs_leaves_the_rest_of_the_batch_to_the_next_model()
    {
        RoutingRule[] rules = [new() { Name = "one", Models = ["classifier"] }];
        var events = Enumerable.Range(0, 8).Select(i => Event($"text {i}")).ToArray();
        var broken = new Fake("classifier", t => t == "text 5" ? throw new HttpRequestException("refused") : new(0.9, 0.05)) { MostAtOnce = 2 };
        var scores = await Router([broken, new("lexicon", _ => new(0.2, 0.1))], rules).ScoreAsync(events, Cancel);
        // What was scored before is kept.
        Assert.All(scores.Take(4), s => Assert.Equal(("classifier", null), (s.By.Name, s.InsteadOf)));
        Assert.All(scores.Skip(4), s => Assert.Equal(("lexicon", "classifier"), (s.By.Name, s.InsteadOf)));
        Assert.Equal([["text 0", "text 1"], ["text 2", "text 3"], ["text 4", "text 5"]], broken.Asked);

        var silent = new Fake("classifier", _ => new(0.9, 0.05)) { MostAtOnce = 3, Hold = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Cancel) };
        var options = new ScoringOptions { Routing = new() { Rules = rules, Limits = new Dictionary<string, ModelLimits> { ["classifier"] = new() { Timeout = TimeSpan.FromMilliseconds(20) } } } };
        var router = new ModelRouter(options, Loader([silent, new("lexicon", _ => new(0.2, 0.1))]), TimeProvider.System, NullLogger.Instance);
        Assert.All(await router.ScoreAsync(events, Cancel), s => Assert.Equal(("lexicon", "classifier"), (s.By.Name, s.InsteadOf)));
        Assert.Equal([["text 0", "text 1", "text 2"]], silent.Asked);
    }

    static ModelRouter Router(Fake[]? models, params RoutingRule[] rules) => Router(models, TimeProvider.System, rules);

    static ModelRouter Router(Fake[]? models, TimeProvider time, params RoutingRule[] rules) => new(Options(rules), Loader(models ?? []), time, NullLogger.Instance);

    static ScoringOptions Options(params RoutingRule[] rules) => new() { Routing = new() { Rules = rules } };

    static Func<string, ISentimentModel> Loader(Fake[] models) => name => models.Single(m => m.Name == name);

    static EventEnvelope Event(string text) => RoutedEvents.Of(text);

    sealed class Apart(string name, Func<string, SentimentScore> score) : Fake(name, score), IEntitySentimentModel
    {
        public Func<EntityText, SentimentScore> Entities { get; init; } = _ => new(0.2, 0.7);

        public int EntityCalls { get; private set; }

        public ValueTask<IReadOnlyList<SentimentScore>> ScoreEntitiesAsync(IReadOnlyList<EntityText> texts, CancellationToken cancellationToken)
        {
            EntityCalls++;
            return new([.. texts.Select(Entities)]);
        }
    }

    class Fake(string name, Func<string, SentimentScore> score) : ISentimentModel
    {
        public List<string[]> Asked { get; } = [];

        public List<CancellationToken> Limits { get; } = [];

        public int MostAtOnce { get; init; } = int.MaxValue;

        public Task Hold { get; init; } = Task.CompletedTask;

        public string Name => name;

        public string Version => "1";

        public async ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
        {
            Asked.Add([.. texts]);
            Limits.Add(cancellationToken);
            await Hold.WaitAsync(cancellationToken);
            return [.. texts.Select(score)];
        }
    }
}
