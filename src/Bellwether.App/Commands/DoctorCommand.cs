using System.CommandLine;
using Bellwether.Engines;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage.Objects;

namespace Bellwether.App.Commands;

sealed record DoctorAnswer(bool Ready, IReadOnlyList<EngineFinding> Findings);

/// <summary><c>bellwether doctor</c>: what is there, what is missing, and the command that mends it. Only looks.</summary>
static class DoctorCommand
{
    public static Command Create(Screen screen, GlobalOptions globals) =>
        new Verb("doctor", "Explain what is found, what is missing and how to mend it", "doctor", "doctor --json")
            .Runs(screen, globals, (session, cancellationToken) => RunAsync(session, cancellationToken));

    static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        var options = session.LoadOptions();
        IReadOnlyList<EngineFinding> findings = [.. await EngineReport.InspectAsync(new()
        {
            DataDirectory = options.DataDirectory,
            ConnectionString = options.Postgres,
            BinDirectory = options.PostgresBin,
        }, options.DuckDb, options.EventLog.Kind == EventLogKind.Kafka
            ? new(options.EventLog.Kafka.Library, (library, token) => KafkaProbe.ReachAsync(options.EventLog.Kafka, library, token))
            : null, SentimentModels.NeedingOnnx(options.Scoring) is { } needing ? new(options.Scoring.Onnx.Library, needing) : null, cancellationToken), await LakeAsync(options, session.Time, cancellationToken)];
        if (options.HotStore.Kind == HotStoreKind.Redis) findings = [.. findings, await RedisAsync(options.HotStore, session, cancellationToken)];
        findings = [.. findings, .. Models(options.Scoring)];
        var answer = new DoctorAnswer(findings.All(f => f.Status != FindingStatus.Missing), findings);
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.DoctorAnswer);
        }
        else
        {
            var table = new TextTable(new("what"), new("state"), new("found"));
            foreach (var finding in findings) table.Add(finding.Name, finding.Status.ToString().ToLowerInvariant(), finding.Detail);
            table.Write(session.Screen);
            foreach (var finding in findings.Where(f => f.Mend is not null)) session.Screen.Out.WriteLine($"{finding.Name}: {finding.Mend}");
            session.Screen.Out.WriteLine(!answer.Ready ? "Something needed is missing."
                : findings.Any(f => f.Status == FindingStatus.Warning) ? "It can run, but not all is as the settings ask: see the warnings."
                : "Everything needed is there.");
        }
        return answer.Ready ? ExitCode.Ok : ExitCode.Unavailable;
    }

    // Warnings: others score in the place of what cannot be used. Each model that the settings ask for is loaded, as by `model list`.
    static IEnumerable<EngineFinding> Models(ScoringOptions options)
    {
        var names = SentimentModels.NamesOf(options);
        string[] missing = [.. options.Routing.Missing(names)];
        foreach (var problem in missing)
            yield return new("models", FindingStatus.Warning, $"Scoring:Routing: {problem}",
                "Add it (`bellwether model add NAME --path DIR`), or take it out of the settings.");
        ModelAnswer[] asked = [.. options.Routing.Rules.SelectMany(r => r.Models).Where(name => names.Contains(name)).Prepend(options.Model).Distinct()
            .Select(name => ModelCommand.Look(name, options))];
        foreach (var model in asked.Where(m => !m.Sound))
            yield return new("models", FindingStatus.Warning, $"{model.Name} is not usable: {Printable.Text(model.Problem!)}",
                "Others score in its place until then; `bellwether model list` shows which models there are.");
        if (missing.Length == 0 && asked.All(m => m.Sound))
            yield return new("models", FindingStatus.Ok, string.Join(", ", asked.Select(m => $"{m.Name} {m.Version}")));
    }

    /// <summary>Where the lake lies, and whether it answers; a bucket is asked once, and not for long.</summary>
    static async Task<EngineFinding> LakeAsync(DeskOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        const string name = "lake";
        if (options.LakeBucket is not { } bucket)
        {
            return Directory.Exists(options.LakeDirectory)
                ? new(name, FindingStatus.Ok, options.LakeDirectory)
                : new(name, FindingStatus.Ok, $"{options.LakeDirectory}, made when the first day is written");
        }
        try
        {
            using var store = new S3ObjectStore(bucket, options.LakeObjects with { Timeout = TimeSpan.FromSeconds(5), RetryFor = TimeSpan.Zero }, time);
            await foreach (var _ in store.ListAsync("year=", null, cancellationToken)) break;
            return new(name, FindingStatus.Ok, $"{store.Place}, read through {options.LakeCacheDirectory}");
        }
        catch (ObjectStoreException error)
        {
            return new(name, FindingStatus.Missing, error.Message, error.Mend);
        }
    }

    // A warning at most: everything works without it, only slower.
    static async Task<EngineFinding> RedisAsync(HotStoreOptions options, Session session, CancellationToken cancellationToken)
    {
        try
        {
            await using var store = new RedisHotStore(options, session.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<RedisHotStore>.Instance);
            return new("redis", FindingStatus.Ok, await store.DescribeAsync(cancellationToken));
        }
        catch (HotStoreException error)
        {
            return new("redis", FindingStatus.Warning, error.Message + " Readers are served from the database.", error.Mend);
        }
    }
}
