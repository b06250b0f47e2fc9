using System.Diagnostics;
using Bellwether.Diagnostics;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.App.Commands;

/// <summary>The account of one ingest: read = accepted + duplicates + rejected, always.</summary>
/// <param name="Scored">Events of this run with their results committed.</param>
/// <param name="Results">Stored results, one for each event and ticker.</param>
/// <param name="DeadLettered">Accepted events that could not be scored and were put aside with the reason.</param>
/// <param name="Pending">Accepted events that wait for a worker; 0 after <c>--wait</c>.</param>
/// <param name="Tickers">Tickers whose state this run changed.</param>
/// <param name="Seconds">From the first byte read to the last commit, without the start of the database and without the lake.</param>
/// <param name="EventsPerSecond">Records read by those seconds.</param>
sealed record IngestAnswer(
    long Read, long Accepted, long Duplicates, long Rejected, long Scored, long Results, long DeadLettered, long Pending, long Tickers, double Seconds,
    double EventsPerSecond, double LakeSeconds, int LakeFiles, string Run);

sealed class IngestRunner(Session session, IngestRequest request)
{
    IReadOnlyList<FeedException> _failures = [];
    readonly RejectionNotes _rejections = new(session);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var loggers = StderrLog.Create(session);
        using var traces = Tracing.Start();
        // Its context travels with every event, to whichever process scores it.
        using var span = Instruments.Spans.StartActivity("ingest", ActivityKind.Producer);
        await using var desk = await session.OpenAsync(cancellationToken, loggers: loggers);
        if (request.Wait) await HalfLifeNote.WriteAsync(session, desk, cancellationToken);
        var answer = await ProgressView.RunAsync(session, new IngestGauge(request.Bytes), (gauge, token) => RunAsync(desk, gauge, token), cancellationToken);
        _rejections.Summarise();
        Write(answer);
        if (_failures.Count > 0)
        {
            var problems = _failures.Select(f => $"{f.Origin}{(f.Line is { } line ? $", line {line}" : "")}: {f.Problem}.");
            throw new CommandException(
                ExitCode.BadInput, "bad_input", string.Join(" ", problems), string.Join(" ", _failures.Select(f => f.Mend).Distinct()), _failures[0]);
        }
        // Some bad records among good ones are a matter of course; nothing but bad ones is a wrong file.
        if (answer.Rejected > 0 && answer.Rejected == answer.Read)
            throw new CommandException(ExitCode.BadInput, "bad_input", "Every record was rejected.", "The first reasons stand above; perhaps --map or --format is wrong.");
        return ExitCode.Ok;
    }

    async Task<IngestAnswer> RunAsync(Desk desk, IngestGauge gauge, CancellationToken cancellationToken)
    {
        var lake = request.Wait ? await desk.LakeOptionsAsync(session.Progress, cancellationToken) : null;
        var feed = request.Feed with { MaxAhead = desk.Options.Scoring.MaxAhead, ParquetRows = ParquetInput.Of(desk, session.Progress) };
        var started = session.Time.GetTimestamp();
        IngestRun run;
        IngestOutcome outcome;
        await using (var workers = request.Wait ? new ScoringTasks(desk, cancellationToken) : null)
        {
            run = await desk.Ingestor.RunAsync(request.Sources, feed, gauge, cancellationToken, _rejections.Add);
            _failures = run.Failures;
            outcome = workers is null
                ? await run.OutcomeAsync(cancellationToken)
                : await workers.GuardAsync(desk.Ingestor.WaitAsync(run, gauge, cancellationToken));
        }
        if (desk.Hot is GuardedHotStore { HasMissedWrites: true } shared && !await desk.CreateCatchUp()!.TryAsync(cancellationToken))
            session.Note($"{shared.State.Problem} It missed results of this run; `bellwether hotstore rebuild` brings them when it is back, and a server that runs does so by itself.");
        var seconds = session.Time.GetElapsedTime(started).TotalSeconds;
        var written = lake is null ? null : await new LakeWriter(desk.DataSource, lake, session.Time, desk.Cold).WriteDirtyDaysAsync(gauge, cancellationToken);
        return new(outcome.Read, outcome.Accepted, outcome.Duplicates, outcome.Rejected, outcome.Scored, outcome.Results, outcome.DeadLettered, outcome.Pending,
            await run.TickersAsync(cancellationToken), Math.Round(seconds, 3), Math.Round(outcome.Read / seconds, 1), Math.Round(written?.Elapsed.TotalSeconds ?? 0, 3), written?.DaysWritten ?? 0, $"{run.Id:N}");
    }

    void Write(IngestAnswer answer)
    {
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.IngestAnswer);
            return;
        }
        var output = session.Screen.Out;
        output.WriteLine($"read {answer.Read:n0} = accepted {answer.Accepted:n0} + duplicates {answer.Duplicates:n0} + rejected {answer.Rejected:n0}");
        if (!request.Wait)
        {
            output.WriteLine($"{answer.Pending:n0} wait to be scored: `bellwether serve` does it, at once if it runs on this desk; else ingest with --wait");
            return;
        }
        output.WriteLine($"scored {answer.Scored:n0} with {answer.Results:n0} results for {answer.Tickers:n0} tickers, dead-lettered {answer.DeadLettered:n0}");
        output.WriteLine($"{answer.Seconds:0.00} s, {answer.EventsPerSecond:n0} events/s; lake: {answer.LakeFiles:n0} files in {answer.LakeSeconds:0.00} s");
        if (answer.DeadLettered > 0) output.WriteLine("dead letters and their reasons: bellwether dlq list");
    }
}

/// <summary>Shows the first rejections as they come, and counts the rest.</summary>
sealed class RejectionNotes(Session session)
{
    const int Shown = 10;
    // What the reason of a rejection has to do with, and the option that may mend it.
    static readonly (string Reason, string Mend)[] Mends =
    [
        ("lies in the future", "for times without an offset --timezone names their zone"),
        ("is none of news, tweet, reddit, filing", "--type sets a type for the whole input"),
        ("invalid UTF-8", "--encoding names another encoding"),
    ];

    readonly HashSet<string> _mends = [];
    long _count;

    public void Add(FeedRejection rejection)
    {
        foreach (var (reason, mend) in Mends)
            if (rejection.Reason.Contains(reason, StringComparison.Ordinal)) _mends.Add(mend);
        if (++_count <= Shown) session.Note($"rejected {rejection}");
    }

    public void Summarise()
    {
        foreach (var mend in _mends) session.Note(mend);
        if (_count > Shown) session.Note($"rejected {_count - Shown:n0} more; all of them with their reasons: {CommandLine.ProgramName} dlq list");
    }
}
