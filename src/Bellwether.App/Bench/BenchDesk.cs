using System.CommandLine;
using System.Text;
using Bellwether.App.Commands;
using Bellwether.Events;

namespace Bellwether.App.Bench;

/// <summary>What all measurements run on: a fresh desk, and generated headlines.</summary>
static class BenchDesk
{
    static readonly string[] Companies = ["Apple", "Microsoft", "Tesla", "Nvidia", "Boeing", "Pfizer", "Costco", "Walmart", "Intel", "Netflix"];
    static readonly string[] Tickers = ["AAPL", "MSFT", "TSLA", "NVDA", "BA", "PFE", "COST", "WMT", "INTC", "NFLX"];
    static readonly string[] News =
    [
        "beats estimates as margins widen", "cuts its full-year outlook", "is upgraded to overweight, target raised to ${0}", "misses on revenue",
        "announces a ${0} million buyback", "recalls a product after complaints", "shares are trading higher after results", "names a new finance chief",
    ];

    public static Option<int> Number(string name, string description, int otherwise)
    {
        var number = new Option<int>(name) { Description = description, DefaultValueFactory = _ => otherwise, HelpName = "N" };
        number.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() < 1) given.AddError($"{name} must be at least 1");
        });
        return number;
    }

    public static Option<EventLogKind?> Log() =>
        new("--log") { Description = "Event log to measure with: postgres or kafka [default: as in the settings]", HelpName = "KIND" };

    /// <summary>The user's settings over a folder of its own, and over topics and keys of their own where those are shared.</summary>
    public static DeskOptions Options(Session session, BenchFolder folder, EventLogKind? kind)
    {
        var options = session.LoadOptions(folder.Path).Passing();
        options = options with { EventLog = options.EventLog with { Kind = kind ?? options.EventLog.Kind } };
        if (options.EventLog.Kind != EventLogKind.Kafka) return options;
        var prefix = $"bench-{$"{Guid.NewGuid():N}"[..8]}.";
        session.Note($"Kafka at {options.EventLog.Kafka.BootstrapServers}; the topics {prefix}* stay there");
        return options with { EventLog = options.EventLog with { Kafka = options.EventLog.Kafka with { TopicPrefix = prefix } } };
    }

    public static string WriteHeadlines(BenchFolder folder, int events)
    {
        var path = Path.Combine(folder.Path, "headlines.csv");
        using var output = new StreamWriter(path, append: false, new UTF8Encoding(false));
        output.WriteLine("title,date,stock");
        var start = new DateTime(2024, 1, 2, 14, 30, 0, DateTimeKind.Utc);
        for (var i = 0; i < events; i++)
            output.WriteLine($"\"{Headline(i)}\",{start.AddSeconds(i * 7):yyyy-MM-ddTHH:mm:ssZ},{Tickers[i % 10]}");
        return path;
    }

    /// <summary>Articles of about so many characters, over enough tickers that every partition gets its share.</summary>
    public static string WriteArticles(BenchFolder folder, int events, int characters)
    {
        var path = Path.Combine(folder.Path, "articles.csv");
        using var output = new StreamWriter(path, append: false, new UTF8Encoding(false));
        output.WriteLine("title,text,date,stock");
        var start = new DateTime(2024, 1, 2, 14, 30, 0, DateTimeKind.Utc);
        var text = new StringBuilder();
        for (var i = 0; i < events; i++)
        {
            text.Clear();
            for (var sentence = i; text.Length < characters; sentence++) text.Append(Headline(sentence * 7)).Append(". ");
            output.WriteLine($"\"{Headline(i)}\",\"{text}\",{start.AddSeconds(i * 7):yyyy-MM-ddTHH:mm:ssZ},T{i % 64}");
        }
        return path;
    }

    public static string Headline(int i) => $"{Companies[i % 10]} {string.Format(null, News[i / 10 % 8], i % 900 + 10)} ({i})";
}
