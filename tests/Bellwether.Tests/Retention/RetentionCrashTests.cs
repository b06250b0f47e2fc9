using System.Diagnostics;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>The program killed at any moment while it archives, restores and drops: each row stays in exactly one place, and whole.</summary>
public sealed class RetentionCrashTests(TestServer server)
{
    const int Kills = 24;

    static readonly DateTimeOffset Old = new(2026, 1, 20, 0, 0, 0, TimeSpan.Zero);

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_again_and_again_every_row_is_in_one_place()
    {
        await using var lab = await RetentionLab.CreateAsync(server, nameof(RetentionCrashTests));
        var folder = TestFolder.Create("retention-kill");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "bellwether.json"),
                $$"""{ "Archive": "{{lab.ArchiveFolder}}", "Retention": { "RowsPerFile": 1000, "KeepRestoredDays": 0 } }""", Token);
            await lab.AddTweetsAsync(Old, 6_000);
            await lab.ExecuteAsync("UPDATE sentiment.tweets SET created_at = timestamptz '2026-01-20 00:00+00' + (id % 864000) * interval '100 ms'");
            await lab.ExecuteAsync(RetentionLab.TradeOutcomes);
            await lab.AddTradesAsync(new(2021, 3, 1, 0, 0, 0, TimeSpan.Zero), 8, 500);
            // What the proof goes by: every row as it was, and its hash. The id of a tweet comes back too.
            await lab.ExecuteAsync("""
                CREATE TABLE public.tweets_as_they_were AS TABLE sentiment.tweets; CREATE TABLE public.trades_as_they_were AS TABLE improvement.trade_outcomes
                """);
            string[][] lines = [["retention", "run", "--now", "2026-06-01T12:00:00Z"], ["archive", "restore", "tweets"], ["archive", "restore", "trade_outcomes"]];
            var random = new Random(20_260_601);
            var lengths = lines.Select(_ => TimeSpan.FromSeconds(4)).ToArray();
            for (var (kills, turn) = (0, 0); kills < Kills; turn++)
            {
                var which = turn % lines.Length;
                var watch = Stopwatch.StartNew();
                using var run = Program(folder, lab, lines[which]);
                await Task.WhenAny(run.WaitForExitAsync(Token), Task.Delay(lengths[which] * (0.1 + 0.9 * random.NextDouble()), TimeProvider.System, Token));
                if (run.HasExited)
                {
                    Assert.True(run.ExitCode == 0, await run.StandardError.ReadToEndAsync(Token));
                    lengths[which] = watch.Elapsed;
                }
                else
                {
                    run.Kill(); // SIGKILL: no handler, no flush
                    await run.WaitForExitAsync(Token);
                    kills++;
                }
                await CheckAsync(lab, "sentiment.tweets", "public.tweets_as_they_were", "tweets");
                await CheckAsync(lab, "improvement.trade_outcomes", "public.trades_as_they_were", "trade_outcomes");
            }
            foreach (var line in lines)
            {
                using var run = Program(folder, lab, line);
                await run.WaitForExitAsync(Token);
                Assert.True(run.ExitCode == 0, await run.StandardError.ReadToEndAsync(Token));
            }
            Assert.Equal(await lab.ContentAsync("public.tweets_as_they_were"), await lab.ContentAsync("sentiment.tweets"));
            Assert.Equal(await lab.ContentAsync("public.trades_as_they_were"), await lab.ContentAsync("improvement.trade_outcomes"));
            Assert.Equal(0, await lab.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweet_sentiments WHERE tweet_ref IS NULL"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Rows of the table are as they were, and the archive has exactly the others, each file with its hash.</summary>
    static async Task CheckAsync(RetentionLab lab, string table, string were, string name)
    {
        var here = await lab.ScalarAsync<long>($"SELECT count(*) FROM {table}");
        Assert.Equal(here, await lab.ScalarAsync<long>($"SELECT count(*) FROM {table} AS t JOIN {were} AS w ON to_jsonb(t) = to_jsonb(w) AND t.id = w.id"));
        var away = (await lab.FilesAsync(name)).Where(file => file.RestoredAt is null).Sum(file => file.Rows);
        Assert.Equal(await lab.ScalarAsync<long>($"SELECT count(*) FROM {were}"), here + away);
        Assert.Empty((await lab.VerifyAsync()).Bad);
    }

    static Process Program(string folder, RetentionLab lab, string[] line)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } dotnet && Path.GetFileName(dotnet) == "dotnet" ? dotnet : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "Bellwether.App.dll"), "--data", folder, "--postgres", lab.ConnectionString, .. line];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }
}
