using System.Globalization;

namespace Bellwether.App.Demo;

/// <summary>
/// A generated market day: the same seed, day and number of events give the same records. Talk follows the day's rhythm (before the opening,
/// opening, noon, close, results after the close); every security has a mood of its own, within the mood of its sector. Some records come
/// twice, some speak of no security, some are broken.
/// </summary>
sealed class DemoDay
{
    const double Redelivered = 0.03, Broken = 0.006, WithoutTicker = 0.02;
    static readonly TimeSpan Slice = TimeSpan.FromMinutes(30);

    readonly Random _random;
    readonly TradingDay _day;
    readonly int _events;
    readonly Dictionary<string, double> _moods = [];
    readonly Dictionary<string, double> _prices = [];
    readonly double _popularity = DemoSecurity.All.Sum(s => s.Popularity);
    readonly List<DemoPost> _sent = [];
    static readonly string[] Faults = ["columns", "time", "field"];

    int _serial;

    public DemoDay(TradingDay day, int events, int seed)
    {
        (_day, _events, _random) = (day, events, new(seed));
        var sectors = DemoSecurity.All.Select(s => s.Sector).Distinct().ToDictionary(s => s, _ => Bell());
        foreach (var security in DemoSecurity.All)
        {
            _moods[security.Ticker] = Math.Clamp(0.5 * sectors[security.Sector] + 0.7 * Bell(), -1, 1);
            _prices[security.Ticker] = security.Price * (1 + 0.1 * Bell());
        }
    }

    /// <summary>The day in half hours, each with what its feeds delivered.</summary>
    public IEnumerable<DemoSlice> Play()
    {
        var starts = new List<TimeSpan>();
        for (var at = TradingDay.First; at < TradingDay.Last; at += Slice) starts.Add(at);
        var total = starts.Sum(Intensity);
        var (due, made) = (0.0, 0);
        foreach (var start in starts)
        {
            due += _events * Intensity(start) / total;
            var count = (start + Slice == TradingDay.Last ? _events : (int)Math.Round(due)) - made;
            made += count;
            var posts = Enumerable.Range(0, count).Select(_ => start + Slice * _random.NextDouble()).Order().Select(Next).ToList();
            yield return new(_day.At(start), posts.GroupBy(p => p.Kind).OrderBy(g => g.Key).Select(g => DemoFeed.Of(g.Key, [.. g], _day.At(start))).ToList());
        }
    }

    // Relative talk per half hour.
    static double Intensity(TimeSpan start) => start.TotalHours switch
    {
        < 7 => 0.3,
        < 9 => 1.0,
        < 9.5 => 2.2,
        < 10 => 4.0,
        < 11 => 2.4,
        < 14 => 1.2,
        < 15.5 => 1.7,
        < 16 => 3.2,
        < 17 => 3.0,
        _ => 0.7,
    };

    DemoPost Next(TimeSpan local)
    {
        var at = _day.At(new TimeSpan(local.Ticks - local.Ticks % TimeSpan.TicksPerSecond));
        var draw = _random.NextDouble();
        if (draw < Redelivered && _sent.Count > 0) return _sent[_random.Next(_sent.Count)];
        if (draw < Redelivered + Broken) return new(_random.Next(2) == 0 ? DemoKind.News : DemoKind.Note, at, ++_serial, null, "", "", Faults[_random.Next(Faults.Length)]);
        if (draw < Redelivered + Broken + WithoutTicker)
            return Keep(new(DemoKind.Tweet, at, ++_serial, null, "", DemoTexts.Aimless[_random.Next(DemoTexts.Aimless.Length)], null));

        var security = Pick();
        var mood = _moods[security.Ticker] + 0.6 * Bell();
        var tone = mood < -0.25 ? 0 : mood > 0.25 ? 2 : 1;
        _prices[security.Ticker] *= 1 + 0.0003 * (tone - 1) + 0.0004 * Bell();
        var kind = _random.NextDouble() switch { < 0.22 => DemoKind.News, < 0.30 => DemoKind.Note, < 0.75 => DemoKind.Tweet, < 0.95 => DemoKind.Post, _ => DemoKind.Filing };
        var texts = kind switch
        {
            DemoKind.News => DemoTexts.News,
            DemoKind.Note => DemoTexts.Notes,
            DemoKind.Tweet => DemoTexts.Tweets,
            DemoKind.Post => DemoTexts.Posts,
            _ => DemoTexts.Filings,
        };
        var text = Fill(texts[tone][_random.Next(texts[tone].Length)], security);
        var bar = text.IndexOf('|');
        return Keep(new(kind, at, ++_serial, security, bar < 0 ? text : text[..bar], bar < 0 ? text : text[(bar + 1)..], null));
    }

    DemoPost Keep(DemoPost post)
    {
        _sent.Add(post);
        return post;
    }

    DemoSecurity Pick()
    {
        var draw = _random.NextDouble() * _popularity;
        foreach (var security in DemoSecurity.All)
            if ((draw -= security.Popularity) < 0) return security;
        return DemoSecurity.All[^1];
    }

    string Fill(string template, DemoSecurity security)
    {
        var price = _prices[security.Ticker];
        var earnings = 0.4 + 4 * _random.NextDouble();
        return template
            .Replace("{N}", security.Name).Replace("{T}", security.Ticker).Replace("{S}", security.Sector)
            .Replace("{P}", Number(price)).Replace("{Q}", Number(price * (1.08 + 0.2 * _random.NextDouble())))
            .Replace("{R}", _random.Next(2, 15).ToString(CultureInfo.InvariantCulture)).Replace("{M}", (50 * _random.Next(1, 40)).ToString(CultureInfo.InvariantCulture))
            .Replace("{E}", Number(earnings)).Replace("{F}", Number(earnings * (0.75 + 0.15 * _random.NextDouble())))
            .Replace("{B}", DemoTexts.Banks[_random.Next(DemoTexts.Banks.Length)]);
    }

    static string Number(double value) => value.ToString(value < 20 ? "0.00" : "0", CultureInfo.InvariantCulture);

    // Sum of uniforms: near enough to a normal of deviation 0.5, and never far out.
    double Bell() => _random.NextDouble() + _random.NextDouble() + _random.NextDouble() - 1.5;
}

/// <summary>What one half hour delivered, feed by feed.</summary>
sealed record DemoSlice(DateTimeOffset Start, IReadOnlyList<DemoFeed> Feeds);
