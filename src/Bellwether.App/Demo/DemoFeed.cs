using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml;
using Bellwether.Feeds;

namespace Bellwether.App.Demo;

enum DemoKind { News, Note, Tweet, Post, Filing }

/// <param name="Fault">For a broken record, what is wrong with it.</param>
sealed record DemoPost(DemoKind Kind, DateTimeOffset At, int Serial, DemoSecurity? Security, string Title, string Text, string? Fault);

/// <summary>Some posts in the form in which a feed of their kind delivers them, so that the demo goes through the same readers as real data.</summary>
sealed record DemoFeed(FeedSource Source, FeedOptions Options)
{
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static DemoFeed Of(DemoKind kind, IReadOnlyList<DemoPost> posts, DateTimeOffset slice)
    {
        var time = slice.ToString("HHmm", CultureInfo.InvariantCulture);
        return kind switch
        {
            DemoKind.News => Make($"demo-wire-{time}.csv", News(posts), new() { Format = FeedFormat.Csv, Source = "demo-wire", Header = CsvHeader.Present }),
            DemoKind.Note => Make($"demo-notes-{time}.ndjson", Notes(posts), new() { Format = FeedFormat.JsonLines, Source = "demo-notes" }),
            DemoKind.Tweet => Make($"demo-x-{time}.json", Tweets(posts), new() { Format = FeedFormat.Json }),
            DemoKind.Post => Make($"demo-reddit-{time}.json", Listing(posts), new() { Format = FeedFormat.Json }),
            _ => Make($"demo-filings-{time}.xml", Filings(posts),
                new() { Format = FeedFormat.Xml, Source = "demo-filings", Type = EventType.Filing, Priority = Priority.High }),
        };
    }

    static DemoFeed Make(string name, string content, FeedOptions options)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        return new(FeedSource.Of(name, () => new MemoryStream(bytes, writable: false)), options);
    }

    static string News(IEnumerable<DemoPost> posts)
    {
        var csv = new StringBuilder("id,published_at,headline,ticker,url\n");
        foreach (var p in posts)
            csv.Append(p.Fault switch
            {
                null => $"demo-n{p.Serial},{Time(p)},\"{p.Title.Replace("\"", "\"\"")}\",{p.Security!.Ticker},https://wire.example/{p.Serial}\n",
                "columns" => $"demo-n{p.Serial},{Time(p)}\n",
                "time" => $"demo-n{p.Serial},yesterday-ish,\"Shares move\",AAPL,https://wire.example/{p.Serial}\n",
                _ => $"demo-n{p.Serial},{Time(p)},\"Shares move\",\"AAPL'); drop table x;--\",https://wire.example/{p.Serial}\n",
            });
        return csv.ToString();
    }

    static string Notes(IEnumerable<DemoPost> posts)
    {
        var lines = new StringBuilder();
        foreach (var p in posts)
        {
            // What subscribers pay for travels at high priority.
            var tier = p.Serial % 3 == 0 ? "premium" : "standard";
            lines.Append(p.Fault switch
            {
                null => JsonSerializer.Serialize(new
                {
                    id = $"demo-a{p.Serial}",
                    timestamp = Time(p),
                    title = p.Title,
                    tickers = new[] { p.Security!.Ticker },
                    weight = 2,
                    premium_tier = tier,
                    url = $"https://notes.example/{p.Serial}",
                }, Json),
                "columns" => $$"""{"id":"demo-a{{p.Serial}}","timestamp":"{{Time(p)}}","title":"cut of""",
                "time" => $$"""{"id":"demo-a{{p.Serial}}","timestamp":"0000-00-00","title":"Estimates","tickers":["AAPL"]}""",
                _ => $$"""{"id":"demo-a{{p.Serial}}","timestamp":"{{Time(p)}}","title":"Estimates","tickers":["AAPL"],"weight":-1}""",
            }).Append('\n');
        }
        return lines.ToString();
    }

    static string Tweets(IEnumerable<DemoPost> posts)
    {
        var list = posts.ToList();
        return JsonSerializer.Serialize(new
        {
            data = list.Select(p => new { id = $"{9_000_000_000_000_000L + p.Serial}", text = p.Text, created_at = Time(p), author_id = $"{700 + p.Serial % 97}" }),
            includes = new
            {
                users = list.Select(p => 700 + p.Serial % 97).Distinct().Select(id => new
                {
                    id = $"{id}",
                    username = $"demo_trader_{id}",
                    public_metrics = new { followers_count = id * id % 50_000 },
                }),
            },
        }, Json);
    }

    static string Listing(IEnumerable<DemoPost> posts) => JsonSerializer.Serialize(new
    {
        kind = "Listing",
        data = new
        {
            children = posts.Select(p => new
            {
                kind = "t3",
                data = new
                {
                    id = $"dm{p.Serial}",
                    name = $"t3_dm{p.Serial}",
                    title = p.Title,
                    selftext = p.Text,
                    created_utc = p.At.ToUnixTimeSeconds(),
                    author = $"demo_poster_{p.Serial % 61}",
                    subreddit = "demostocks",
                    permalink = $"/r/demostocks/comments/dm{p.Serial}/",
                },
            }),
        },
    }, Json);

    static string Filings(IEnumerable<DemoPost> posts)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new() { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("rss");
            xml.WriteAttributeString("version", "2.0");
            xml.WriteStartElement("channel");
            foreach (var p in posts)
            {
                xml.WriteStartElement("item");
                xml.WriteElementString("title", p.Title);
                xml.WriteElementString("description", $"{p.Text} (NYSE: {p.Security!.Ticker})");
                xml.WriteElementString("link", $"https://filings.example/{p.Serial}");
                xml.WriteElementString("guid", $"demo-f{p.Serial}");
                xml.WriteElementString("pubDate", p.At.UtcDateTime.ToString("R", CultureInfo.InvariantCulture));
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return text.ToString();
    }

    static string Time(DemoPost post) => post.At.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
