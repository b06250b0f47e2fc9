using System.Text;
using BenchmarkDotNet.Attributes;
using Bellwether.Analytics.Decay;
using Bellwether.Feeds;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Benchmarks;

/// <summary>Steps between a file and the database, each for one headline.</summary>
[MemoryDiagnoser]
public class PipelineBenchmarks
{
    const int Headlines = 5_000;

    readonly LexiconModel _model = new();
    readonly ClassifierModel _classifier = ClassifierModel.Load();
    byte[] _csv = [];
    string[] _texts = [];
    byte[] _envelope = [];
    WeightedScore[] _scores = [];

    [GlobalSetup]
    public void Setup()
    {
        string[] verbs = ["beats estimates", "cuts its full-year outlook", "is upgraded to buy", "misses on revenue", "announces a buyback", "recalls a product"];
        string[] names = ["Apple", "Tesla", "Boeing", "Pfizer", "Costco"];
        string[] tickers = ["AAPL", "TSLA", "BA", "PFE", "COST"];
        _texts = [.. Enumerable.Range(0, Headlines).Select(i => $"{names[i % 5]} {verbs[i % 6]} in quarter {i % 4 + 1}, shares move {i % 17}.{i % 10}%")];
        var csv = new StringBuilder("title,date,stock\n");
        for (var i = 0; i < Headlines; i++)
            csv.Append(null, $"\"{_texts[i]}\",2024-03-{i % 28 + 1:00}T{i % 24:00}:{i % 60:00}:00Z,{tickers[i % 5]}\n");
        _csv = Encoding.UTF8.GetBytes(csv.ToString());
        _scores = [.. Enumerable.Range(0, Headlines).Select(i => new WeightedScore(i % 200 / 100.0 - 1, 1 + i % 3, 1_700_000_000_000_000L + i * 60_000_000L))];
        _envelope = EnvelopeJson.Serialize(ReadAsync().GetAwaiter().GetResult()!);
    }

    [Benchmark(OperationsPerInvoke = Headlines), AllocationBudget(1_000)]
    public async Task<EventEnvelope?> ReadAsync()
    {
        EventEnvelope? last = null;
        await foreach (var record in FeedReader.ReadAsync(FeedSource.Of("bench.csv", () => new MemoryStream(_csv)), new FeedOptions(), CancellationToken.None))
            last = record.Envelope ?? throw new InvalidOperationException(record.Rejection!.ToString());
        return last;
    }

    [Benchmark(OperationsPerInvoke = Headlines), AllocationBudget(32)]
    public double Score()
    {
        var sum = 0.0;
        foreach (var text in _texts) sum += _model.Score(text).Score;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Headlines), AllocationBudget(32)]
    public double Classify()
    {
        var sum = 0.0;
        foreach (var text in _texts) sum += _classifier.Score(text).Score;
        return sum;
    }

    [Benchmark, AllocationBudget(1_800)]
    public EventEnvelope Deserialize() => EnvelopeJson.Deserialize(_envelope);

    [Benchmark(OperationsPerInvoke = Headlines), AllocationBudget(8)]
    public HalfLifeState AddToState() => HalfLifeState.Empty(86_400).Add(_scores);
}
