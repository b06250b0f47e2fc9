using System.Diagnostics;
using Bellwether.App;
using Bellwether.Tests.Support;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Pipeline;

/// <summary>The promise "nothing lost, nothing doubled" against a program that is killed at any moment.</summary>
public sealed class CrashTests
{
    const int Kills = 20;

    static readonly string[] Ingest =
    [
        "ingest", SharedData.TweetsOrNone, "--map", "text=text,timestamp=created_at_utc,tickers=ticker,id=tweet_id,followers=followers",
        "--type", "tweet", "--wait", "--json",
    ];

    [Fact]
    public async Task Killed_twenty_times_while_ingesting_gives_what_a_clean_run_gives()
    {
        SharedData.File("news", "stock_tweets_2014_2015H1.csv.gz");
        var folders = (Clean: TestFolder.Create("clean"), Killed: TestFolder.Create("killed"));
        try
        {
            var watch = Stopwatch.StartNew();
            using (var clean = Program(folders.Clean)) Assert.Equal(0, await FinishAsync(clean));
            var length = watch.Elapsed;

            var random = new Random(20_140_101);
            var killed = 0;
            for (var i = 0; i < Kills; i++)
            {
                using var run = Program(folders.Killed);
                await Task.WhenAny(run.WaitForExitAsync(Cancel), Task.Delay(length * (0.02 + 0.5 * random.NextDouble()), TimeProvider.System, Cancel));
                if (!run.HasExited) killed++;
                run.Kill(); // SIGKILL: no handler, no flush
                await run.WaitForExitAsync(Cancel);
                // Now and then the database dies with the program.
                if (i % 5 == 4) KillServer(folders.Killed);
            }
            Assert.True(killed >= Kills / 2, $"only {killed} of {Kills} runs were still at work when they were killed");
            using (var last = Program(folders.Killed)) Assert.Equal(0, await FinishAsync(last));

            var (expected, actual) = (await ResultsAsync(folders.Clean), await ResultsAsync(folders.Killed));
            Assert.Equal(76_589, expected.Rows);
            Assert.Equal(expected.Rows, actual.Rows);
            Assert.Equal(expected.ContentHash, actual.ContentHash);
            Assert.Equal(expected.Tickers, actual.Tickers);
        }
        finally
        {
            Directory.Delete(folders.Clean, true);
            Directory.Delete(folders.Killed, true);
        }
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static Process Program(string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } dotnet && Path.GetFileName(dotnet) == "dotnet" ? dotnet : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Bellwether.App.dll"));
        start.ArgumentList.Add("--data");
        start.ArgumentList.Add(folder);
        foreach (var argument in Ingest) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    static async Task<int> FinishAsync(Process process)
    {
        await process.WaitForExitAsync(Cancel);
        return process.ExitCode;
    }

    static void KillServer(string folder)
    {
        var pid = Path.Combine(folder, "postgres", "postmaster.pid");
        if (!File.Exists(pid) || !int.TryParse(File.ReadLines(pid).FirstOrDefault(), out var id)) return;
        try
        {
            using var server = Process.GetProcessById(id);
            server.Kill();
        }
        catch (ArgumentException)
        {
            // It had stopped by itself already.
        }
    }

    /// <summary>Row count, an order-independent hash of every result but its processing times, and the ticker states.</summary>
    static async Task<(long Rows, string ContentHash, IReadOnlyList<string> Tickers)> ResultsAsync(string folder)
    {
        await using var desk = await Desk.OpenAsync(DeskOptions.Load(folder, new Dictionary<string, string?>()), null, Cancel);
        await using var connection = await desk.DataSource.OpenConnectionAsync(Cancel);
        var (rows, distinct) = await connection.QuerySingleAsync<(long, long)>("SELECT count(*), count(DISTINCT (article_id, ticker)) FROM sentiment.all_sentiment");
        Assert.Equal(distinct, rows);
        var hash = await connection.QuerySingleAsync<string>("""
            SELECT md5(string_agg(h, '' ORDER BY h)) FROM (
                SELECT md5((to_jsonb(s) - 'fetch_timestamp_utc' - 'processing_timestamp_utc')::text) AS h FROM sentiment.all_sentiment s) AS rows
            """);
        var tickers = (await connection.QueryAsync<string>("SELECT (to_jsonb(t) - 'last_updated')::text FROM sentiment.ticker_sentiment t ORDER BY ticker")).AsList();
        return (rows, hash, tickers);
    }
}
