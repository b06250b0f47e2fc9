using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Bellwether.App.Commands;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Storage;

namespace Bellwether.App.Demo;

/// <summary>What the demo came to. read = accepted + duplicates + rejected.</summary>
sealed record DemoAnswer(
    DateOnly Day, int Seed, long Read, long Accepted, long Duplicates, long Rejected, long Scored, long Results, long DeadLettered, int Tickers, double Seconds,
    double EventsPerSecond, double LakeSeconds, int LakeFiles, long LakeRows, string Sql, JsonElement SqlAnswer,
    IReadOnlyList<SentimentAnswer> Sentiment, string Data);

/// <summary>Plays the day: feeds, log, workers, live state, lake, SQL.</summary>
sealed class DemoRunner(Session session, int events, int seed, bool serve)
{
    const int ShownTickers = 15;
    const string Sql = "select event_type, count(*) as results, round(avg(sentiment), 3) as mean, max(timestamp) as latest from all_sentiment group by event_type order by results desc";

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = DemoFolder.Take(Path.GetFullPath(session.NamedDataDirectory ?? Path.Combine(GlobalOptions.DataHome(), "demo")));
        using var loggers = StderrLog.Create(session);
        var options = session.LoadOptions(folder.Path).Passing();
        await using var desk = await session.OpenAsync(cancellationToken, migrate: false, loggers, options);
        if (options.Postgres is null) await DemoFolder.EmptyAsync(desk, cancellationToken);
        else await DemoFolder.RequireEmptyAsync(desk.DataSource, cancellationToken);
        await new Migrator(desk.DataSource).UpAsync(null, false, cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);

        var day = TradingDay.LastFinished(session.Time.GetUtcNow());
        using var meter = new PipelineMeter(events);
        var answer = await ProgressView.RunAsync(session, meter, (_, token) => PlayAsync(desk, lake, day, meter, token), cancellationToken);
        if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.DemoAnswer);
        else await WriteAsync(desk, lake, answer, cancellationToken);
        return serve ? await ServeCommand.ServeAsync(session, desk, new(), cancellationToken) : ExitCode.Ok;
    }

    async Task<DemoAnswer> PlayAsync(Desk desk, LakeOptions lake, TradingDay day, PipelineMeter meter, CancellationToken cancellationToken)
    {
        var started = session.Time.GetTimestamp();
        IngestOutcome outcome;
        await using (var workers = new ScoringTasks(desk, cancellationToken))
        {
            var run = await desk.Ingestor.RunAsync("demo", ReadAsync(day, meter, cancellationToken), null, cancellationToken);
            outcome = await workers.GuardAsync(desk.Ingestor.WaitAsync(run, null, cancellationToken));
        }
        var seconds = session.Time.GetElapsedTime(started).TotalSeconds;
        meter.Report(default(LakeWriteProgress));
        var written = await new LakeWriter(desk.DataSource, lake, session.Time, desk.Cold).WriteDirtyDaysAsync(meter, cancellationToken);
        var known = session.Time.GetUtcNow();
        var tickers = (await desk.Reader.StoredAsync(null, cancellationToken))
            .OrderByDescending(s => s.Weight).ThenBy(s => s.Ticker, StringComparer.Ordinal).Select(s => SentimentAnswer.Of(s, known)).ToArray();
        return new(day.Date, seed, outcome.Read, outcome.Accepted, outcome.Duplicates, outcome.Rejected, outcome.Scored, outcome.Results, outcome.DeadLettered,
            tickers.Length, Math.Round(seconds, 3), Math.Round(outcome.Read / seconds, 1), Math.Round(written.Elapsed.TotalSeconds, 3), written.DaysWritten,
            written.Rows, Sql, await AskAsync(desk, lake, cancellationToken), tickers, desk.Options.DataDirectory);
    }

    async IAsyncEnumerable<FeedRecord> ReadAsync(TradingDay day, PipelineMeter meter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var slice in new DemoDay(day, events, seed).Play())
        {
            meter.Clock = $"{slice.Start:HH:mm}";
            foreach (var feed in slice.Feeds)
                await foreach (var record in FeedReader.ReadAsync(feed.Source, feed.Options with { Clock = session.Time }, cancellationToken)) yield return record;
        }
    }

    static async Task<JsonElement> AskAsync(Desk desk, LakeOptions lake, CancellationToken cancellationToken)
    {
        await using var query = await new LakeSql(desk.DataSource, lake).QueryAsync(Sql, cancellationToken);
        using var answer = new MemoryStream();
        await LakeQueryWriter.WriteAsync(query, LakeFormat.Json, answer, cancellationToken);
        using var document = JsonDocument.Parse(answer.ToArray());
        return document.RootElement.Clone();
    }

    async Task WriteAsync(Desk desk, LakeOptions lake, DemoAnswer answer, CancellationToken cancellationToken)
    {
        var output = session.Screen.Out;
        output.WriteLine($"A generated market day: {answer.Day:dddd yyyy-MM-dd}, New York, seed {answer.Seed}");
        output.WriteLine();
        SentimentCommand.WriteTable(session.Screen, answer.Sentiment.Take(ShownTickers));
        if (answer.Tickers > ShownTickers) output.WriteLine($"… and {answer.Tickers - ShownTickers} more tickers");
        output.WriteLine();
        output.WriteLine($"read      {answer.Read:n0} = accepted {answer.Accepted:n0} + duplicates {answer.Duplicates:n0} + rejected {answer.Rejected:n0}");
        output.WriteLine($"scored    {answer.Scored:n0} with {answer.Results:n0} results for {answer.Tickers:n0} tickers; dead-lettered {answer.DeadLettered:n0}");
        output.WriteLine($"speed     {answer.EventsPerSecond:n0} events/s, from feed to committed result, in {answer.Seconds:0.00} s");
        output.WriteLine($"lake      {answer.LakeFiles:n0} files, {answer.LakeRows:n0} rows, verified, in {answer.LakeSeconds:0.00} s: {FromHome(desk.Options.LakeDirectory)}");
        output.WriteLine();
        output.WriteLine($"sql> {Sql}");
        await using (var query = await new LakeSql(desk.DataSource, lake).QueryAsync(Sql, cancellationToken))
        {
            using var table = new MemoryStream();
            await LakeQueryWriter.WriteAsync(query, LakeFormat.Table, table, cancellationToken);
            output.Write(Encoding.UTF8.GetString(table.ToArray()));
        }
        output.WriteLine();
        output.WriteLine($"Look around: {CommandLine.ProgramName} --data {FromHome(answer.Data)} sentiment {answer.Sentiment.FirstOrDefault()?.Ticker}");
    }

    static string FromHome(string path)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        return home.Length > 1 && path.StartsWith(home + "/", StringComparison.Ordinal) ? "~" + path[home.Length..] : path;
    }
}
