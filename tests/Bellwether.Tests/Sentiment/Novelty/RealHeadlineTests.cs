using System.Globalization;
using Bellwether.Sentiment.Novelty;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Tests.Sentiment.Novelty;

/// <summary>The decision on real headlines and on what templates make of them.</summary>
public sealed class RealHeadlineTests(ITestOutputHelper output)
{
    static readonly string[] Companies = ["Zenithal Robotics", "Quarrion", "Halberd Foods", "Ostrava Steel", "Lumenary"];

    internal static IEnumerable<(string Ticker, string Title, DateTimeOffset At)> Headlines()
    {
        using var csv = new CsvReader(new StreamReader(SharedData.File("news", "analyst_ratings.csv")), new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null, MissingFieldFound = null });
        csv.Read();
        csv.ReadHeader();
        while (csv.Read())
            if (csv.TryGetField<string>("title", out var title) && csv.TryGetField<string>("stock", out var ticker) && ticker is { Length: > 0 }
                && DateTimeOffset.TryParse(csv.GetField("date"), CultureInfo.InvariantCulture, out var at))
                yield return (ticker, title!, at);
    }

    static bool Repeats(TextSketch a, TextSketch b) => TextSketch.ShareBand(a.BandKeys, b.BandKeys) && StoryRule.Likeness(a.View, b.View) > 0;

    [Fact]
    public void Rewrites_of_real_headlines_are_found_and_look_alikes_are_not()
    {
        var (same, other) = (new SortedDictionary<string, (int Right, int All)>(), new SortedDictionary<string, (int Right, int All)>());
        var place = 0;
        foreach (var title in Headlines().Select(h => h.Title).Where(t => t.Length is > 40 and < 200).Distinct().Where((_, i) => i % 5 == 0))
        {
            var sketch = TextSketch.Of(null, title);
            foreach (var (kind, text) in RewriteTemplates.Same(title)) Count(same, kind, Repeats(sketch, TextSketch.Of(null, text)));
            foreach (var (kind, text) in RewriteTemplates.Other(title, Companies[place++ % Companies.Length])) Count(other, kind, !Repeats(sketch, TextSketch.Of(null, text)));
        }
        foreach (var (kind, (right, all)) in same) output.WriteLine($"found    {kind,-10} {right,6} of {all,6}  {(double)right / all:0.000}");
        foreach (var (kind, (right, all)) in other) output.WriteLine($"told off {kind,-10} {right,6} of {all,6}  {(double)right / all:0.000}");
        var (found, rewrites) = (same.Values.Sum(c => c.Right), same.Values.Sum(c => c.All));
        var wrong = other.Values.Sum(c => c.All - c.Right);
        output.WriteLine($"recall {(double)found / rewrites:0.0000}, precision {(double)found / (found + wrong):0.0000}");
        Assert.InRange((double)found / rewrites, 0.95, 1);
        Assert.InRange((double)found / (found + wrong), 0.99, 1);
        foreach (var kind in other.Keys) Assert.True((double)other[kind].Right / other[kind].All > 0.95, kind);

        static void Count(SortedDictionary<string, (int Right, int All)> counts, string kind, bool right)
        {
            counts.TryGetValue(kind, out var before);
            counts[kind] = (before.Right + (right ? 1 : 0), before.All + 1);
        }
    }

    [Fact]
    public void Real_headlines_repeat_each_other_within_two_days()
    {
        var (headlines, repeats, exact) = (0, 0, 0);
        var pairs = new List<string>();
        foreach (var ticker in Headlines().GroupBy(h => h.Ticker))
        {
            var index = new ChainIndex();
            var titles = new Dictionary<ulong, (string Title, DateTimeOffset At)>();
            foreach (var (_, title, at) in ticker.OrderBy(h => h.At))
            {
                var sketch = TextSketch.Of(null, title);
                var micros = at.ToUnixTimeMilliseconds() * 1_000;
                if (index.Find(sketch, micros, 0, 2 * 86_400_000_000L).Head is { } head)
                {
                    repeats++;
                    if (titles[head.Chain].Title == title) exact++;
                    else pairs.Add($"{titles[head.Chain].Title}\n    {title}");
                }
                else
                {
                    var chain = (ulong)headlines;
                    index.Add(new(sketch, micros, chain, 0));
                    titles[chain] = (title, at);
                }
                headlines++;
            }
        }
        output.WriteLine($"{headlines} headlines, {repeats} repeats, {exact} word for word");
        foreach (var pair in pairs) output.WriteLine(pair);
        Assert.InRange(repeats, 100, headlines / 4);
    }
}
