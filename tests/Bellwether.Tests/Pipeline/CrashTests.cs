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
        var watch = Stopwatch.StartNew();
        var clean = await CleanAsync();
        var length = watch.Elapsed;
        Assert.Equal(76_589, clean.Rows);

        var random = new Random(20_140_101);
        for (var kills = 0; kills < Kills;)
        {
            var folder = TestFolder.Create("killed");
            try
            {
                // Until the work is done, or has been killed often enough and is then let finish.
                while (true)
                {
                    using var run = Program(folder);
                    if (kills < Kills) await Task.WhenAny(run.WaitForExitAsync(Cancel), Task.Delay(length * (0.03 + 0.25 * random.NextDouble()), TimeProvider.System, Cancel));
                    else await run.WaitForExitAsync(Cancel);
                    if (run.HasExited)
                    {
                        Assert.Equal(0, run.ExitCode);
                        break;
                    }
                    run.Kill(); // SIGKILL: no handler, no flush
                    await run.WaitForExitAsync(Cancel);
                    // Now and then the database dies with the program.
                    if (++kills % 5 == 0) KillServer(folder);
                }
                var killed = await ResultsAsync(folder);
                Assert.Equal(clean.Rows, killed.Rows);
                Assert.Equal(clean.ContentHash, killed.ContentHash);
                Assert.Equal(clean.Tickers, killed.Tickers);
            }
            finally
            {
                Directory.Delete(folder, true);
            }
        }
    }

    static async Task<(long Rows, string ContentHash, IReadOnlyList<string> Tickers)> CleanAsync()
    {
        var folder = TestFolder.Create("clean");
        try
        {
            using var run = Program(folder);
            await run.WaitForExitAsync(Cancel);
            Assert.Equal(0, run.ExitCode);
            return await ResultsAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, true);
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
