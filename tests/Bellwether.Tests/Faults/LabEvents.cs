using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bellwether.Feeds;

namespace Bellwether.Tests.Faults;

/// <summary>What an event must have become when all is over.</summary>
enum Fate
{
    /// <summary>One result for each of its tickers.</summary>
    Scored,

    /// <summary>One dead letter, since no ticker can be found.</summary>
    PutAside,

    /// <summary>One dead letter, since it cannot be read; it never reaches the log.</summary>
    Rejected,
}

/// <param name="Id">The sender's own name of it, unique.</param>
/// <param name="ArticleId">The identity that the program must find for it.</param>
sealed record LabEvent(string Id, string ArticleId, string Json, Fate Fate, IReadOnlyList<string> Tickers, string Type);

/// <summary>One request, to be sent until it is answered with a success.</summary>
sealed record LabBody(IReadOnlyList<LabEvent> Events)
{
    public bool IsLines => Events.Count > 1;

    public string Text => string.Join('\n', Events.Select(e => e.Json));
}

/// <summary>
/// Makes the load: the same seed gives the same events. News, tweets and posts of both priorities for few tickers, so that workers meet;
/// times in no order; events that come twice, in other company, before or after their first delivery is worked on.
/// </summary>
sealed class LabEvents(int seed, DateTimeOffset newest)
{
    public const int TickerCount = 24;
    const int RecentEvents = 400;

    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly string[] Subjects = ["Shares", "The stock", "Quarterly revenue", "The outlook", "Guidance", "Margins", "Orders", "Costs"];
    static readonly string[] Verbs = ["surge", "rise", "fall", "plunge", "disappoint", "beat expectations", "miss estimates", "hold steady"];

    readonly Random _random = new(seed);
    readonly List<LabEvent> _recent = [];
    readonly Queue<LabEvent> _held = [];
    int _count;

    public static string Ticker(int number) => string.Create(CultureInfo.InvariantCulture, $"LAB{(char)('A' + number)}");

    /// <summary>Every event that was made, once.</summary>
    public List<LabEvent> All { get; } = [];

    /// <summary>The next request: one event, or up to twenty.</summary>
    public LabBody Next()
    {
        var size = _random.Next(3) == 0 ? _random.Next(2, 21) : 1;
        var events = new List<LabEvent>(size);
        while (events.Count < size)
        {
            // Delivered again, in another request and at another place.
            if (_random.Next(12) == 0 && _recent.Count > 0) events.Add(_recent[_random.Next(_recent.Count)]);
            // Delivered late: events that were made after it have gone before.
            else if (_random.Next(15) == 0) _held.Enqueue(Make());
            else if (_held.Count > 0 && _random.Next(12) == 0) events.Add(_held.Dequeue());
            else events.Add(Make());
        }
        foreach (var e in events)
            if (e.Fate != Fate.Rejected) Remember(e);
        return new(events);
    }

    /// <summary>What was held back and not sent yet.</summary>
    public IEnumerable<LabBody> Rest()
    {
        while (_held.TryDequeue(out var held)) yield return new([held]);
    }

    /// <summary>One event of each priority for each ticker, so that every partition has one.</summary>
    public LabBody Probe() => new([.. Enumerable.Range(0, TickerCount * 2).Select(i => Article([Ticker(i / 2)], i % 2 == 0 ? "high" : "standard", "probe"))]);

    void Remember(LabEvent e)
    {
        if (_recent.Count < RecentEvents) _recent.Add(e);
        else _recent[_random.Next(RecentEvents)] = e;
    }

    LabEvent Make() => _random.Next(100) switch
    {
        < 3 => Add(Fate.PutAside, [], "news", "lab", id =>
            new { article_id = id, timestamp = When(), source = "lab", text = $"Nothing is said of any company here, number {id}" }),
        < 5 => Add(Fate.Rejected, [], "news", "lab", id =>
            new { article_id = id, timestamp = When(), source = "lab", tickers = new[] { "LABA" }, weight = -1, text = $"{Text()} {id}" }),
        < 30 => Post("tweet"),
        < 45 => Post("reddit"),
        _ => Article(Tickers(), _random.Next(3) == 0 ? "high" : "standard", $"wire{_random.Next(4)}"),
    };

    LabEvent Article(string[] tickers, string priority, string source) => Add(Fate.Scored, tickers, "news", source, id => new
    {
        article_id = id,
        timestamp = When(),
        source,
        article_title = $"{Text()} ({id})",
        text = $"{Text()}. {Text()}. {Text()}, {id}.",
        tickers,
        priority,
        weight = 1 + _random.Next(4),
        source_url = $"https://news.example/{id}",
    });

    LabEvent Post(string type)
    {
        var (tickers, author) = (Tickers(), _random.Next(30));
        return Add(Fate.Scored, tickers, type, type, id => type == "tweet"
            ? new
            {
                tweet_id = id,
                type,
                timestamp = When(),
                source = "twitter",
                text = $"{Text()} {id}",
                tickers,
                author_id = $"u{author}",
                username = $"user{author}",
                followers = author * 1_000,
            }
            : new { post_id = id, type, timestamp = When(), source = "reddit", title = Text(), text = $"{Text()} {id}", tickers, author = $"poster{author}" });
    }

    /// <param name="scope">Where the sender's names are unique.</param>
    LabEvent Add(Fate fate, string[] tickers, string type, string scope, Func<string, object> content)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{seed}-{_count++}");
        var made = new LabEvent(id, ArticleId.FromNativeId(scope, id), JsonSerializer.Serialize(content(id), Plain), fate, tickers, type);
        All.Add(made);
        return made;
    }

    string[] Tickers() => [.. Enumerable.Range(0, _random.Next(4) == 0 ? _random.Next(2, 5) : 1).Select(_ => Ticker(_random.Next(TickerCount))).Distinct()];

    string Text() => $"{Subjects[_random.Next(Subjects.Length)]} {Verbs[_random.Next(Verbs.Length)]} after {_random.Next(2, 60)} days";

    // An hour and more in the past: a clock that is wrong by minutes must not make it the future.
    string When() => newest.AddMilliseconds(-_random.NextInt64((long)TimeSpan.FromDays(3).TotalMilliseconds)).UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
