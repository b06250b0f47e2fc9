using System.CommandLine;
using Bellwether.Events;

namespace Bellwether.App.Commands;

/// <param name="Kind"><c>postgres</c> or <c>kafka</c>.</param>
sealed record TopicsCreateAnswer(string Kind, IReadOnlyList<TopicMade> Topics);

/// <param name="Lag">Of every group that reads the topic and is known to the desk.</param>
sealed record TopicAnswer(string Topic, bool Exists, long Records, IReadOnlyList<PartitionState> Partitions, IReadOnlyList<GroupLag> Lag);

sealed record TopicsAnswer(string Kind, IReadOnlyList<TopicAnswer> Topics);

/// <summary><c>bellwether topics</c>: the topics of the event log, whichever it is.</summary>
static class TopicsCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var partitions = new Option<int?>("--partitions") { Description = "Partitions of a topic that is made [default: EventLog:Partitions]", HelpName = "N" };
        partitions.Validators.Add(result => Within(result, partitions, 1, 256));
        var replication = new Option<int?>("--replication") { Description = "Copies of every record, in Kafka [default: as the brokers have it]", HelpName = "N" };
        replication.Validators.Add(result => Within(result, replication, 1, 100));
        return new Verb("topics", "Make and look at the topics of the event log", "topics create --partitions 12 --replication 3", "topics describe --json")
        {
            new Verb("create", "Make the topics that are not there yet; those that are there stay as they are",
                    "topics create", "topics create --partitions 12 --replication 3 --json") { partitions, replication }
                .Runs(screen, globals, (session, cancellationToken) => CreateAsync(session, session.Get(partitions), session.Get(replication), cancellationToken)),
            new Verb("describe", "Show partitions, records and what groups have still to read", "topics describe", "topics describe --json").Runs(screen, globals, DescribeAsync),
        };
    }

    static void Within(System.CommandLine.Parsing.OptionResult result, Option<int?> option, int least, int most)
    {
        if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is { } value && (value < least || value > most))
            result.AddError($"{option.Name} is outside {least}..{most}.");
    }

    static async Task<int> CreateAsync(Session session, int? partitions, int? replication, CancellationToken cancellationToken)
    {
        using var loggers = StderrLog.Create(session);
        await using var desk = await session.OpenAsync(cancellationToken, loggers: loggers);
        var made = new List<TopicMade>();
        foreach (var topic in TopicsOf(desk)) made.Add(await desk.Log.CreateAsync(topic, partitions, replication, cancellationToken));
        if (session.Json)
        {
            session.WriteJson(new(Kind(desk), made), CommandJson.Relaxed.TopicsCreateAnswer);
            return ExitCode.Ok;
        }
        foreach (var topic in made)
        {
            session.Screen.Out.WriteLine($"{topic.Topic}: {(topic.Created ? "made with" : "is there with")} {topic.Partitions} partitions");
            if (topic.Note is { } note) session.Note($"{topic.Topic}: {note}");
            if (partitions is { } wanted && wanted != topic.Partitions)
                session.Note($"{topic.Topic}: keeps {topic.Partitions} partitions instead of {wanted}: a change would send a ticker's events to another partition, out of their order");
        }
        return ExitCode.Ok;
    }

    static async Task<int> DescribeAsync(Session session, CancellationToken cancellationToken)
    {
        using var loggers = StderrLog.Create(session);
        await using var desk = await session.OpenAsync(cancellationToken, loggers: loggers);
        var answer = new TopicsAnswer(Kind(desk), [.. await TopicsAsync(desk, cancellationToken)]);
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.TopicsAnswer);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("topic"), new("partitions", Right: true), new("records", Right: true), new("still to read"));
        foreach (var topic in answer.Topics)
            table.Add(topic.Topic, topic.Exists ? $"{topic.Partitions.Count}" : "none yet", $"{topic.Records:n0}",
                topic.Lag.Count == 0 ? "nobody reads it" : string.Join("; ", topic.Lag.Select(l => $"{l.Group} {l.Records:n0}")));
        table.Write(session.Screen);
        session.Screen.Out.WriteLine(answer.Kind == "kafka" ? $"Kafka at {desk.Options.EventLog.Kafka.BootstrapServers}" : "embedded log, in PostgreSQL");
        return ExitCode.Ok;
    }

    static async Task<List<TopicAnswer>> TopicsAsync(Desk desk, CancellationToken cancellationToken)
    {
        var answers = new List<TopicAnswer>();
        var stored = desk.Options.EventLog.StoredGroup(desk.Options.Scoring.Group);
        foreach (var topic in TopicsOf(desk))
        {
            var states = await desk.Log.DescribeAsync(topic, cancellationToken);
            // Results and letters are for readers of the user's own; the desk itself only reads what comes in.
            IReadOnlyList<GroupLag> lag = states.Count == 0 || topic is not (Topics.HighPriority or Topics.StandardPriority)
                ? [] : [await GroupLag.OfAsync(desk.DataSource, desk.Log, topic, stored, cancellationToken)];
            answers.Add(new(topic, states.Count > 0, states.Sum(s => s.NextOffset - s.FirstOffset), states, lag));
        }
        return answers;
    }

    static IEnumerable<string> TopicsOf(Desk desk) =>
        desk.Options.EventLog.Kind == EventLogKind.Kafka ? Topics.All.Concat(Topics.DeadLetters) : Topics.All;

    static string Kind(Desk desk) => desk.Options.EventLog.Kind.ToString().ToLowerInvariant();
}
