using System.Diagnostics;
using System.Text.Json;
using Bellwether.App;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Lake.Legacy;

/// <summary>The program killed at any moment of a migration and of its rollback.</summary>
public sealed class LegacyCrashTests
{
    const int Kills = 6;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_migration_resumes_to_the_same_files_and_killed_rollback_to_none()
    {
        var root = TestFolder.Create("legacy-killed");
        try
        {
            var old = Path.Combine(root, "old");
            LegacyFiles.Make(old, 36_000, 12, days: 30, textLength: 400);
            var watch = Stopwatch.StartNew();
            Assert.Equal(36_000, (await RunAsync(Path.Combine(root, "clean"), "migrate", "--from", old)).GetProperty("migrated").GetInt64());
            var length = watch.Elapsed;
            var clean = await StateAsync(Path.Combine(root, "clean"));
            watch.Restart();
            await RunAsync(Path.Combine(root, "clean"), "rollback");
            var back = watch.Elapsed;

            var folder = Path.Combine(root, "killed");
            var random = new Random(20_240_102);
            var kills = await KillAsync(folder, random, length, "migrate", "--from", old, "--resume");
            Assert.True(kills > 0, "none was killed");
            TestContext.Current.TestOutputHelper!.WriteLine($"{kills} of {Kills} migrations were killed");
            var report = await RunAsync(folder, "migrate", "--from", old, "--resume");
            Assert.Equal(24, report.GetProperty("rejected").GetInt64() + (report.GetProperty("migration").ValueKind == JsonValueKind.Null ? 24 : 0));
            Assert.Equal(clean, await StateAsync(folder));

            Assert.True(await KillAsync(folder, random, back, "rollback") > 0, "none was killed");
            using (var last = Start(folder, "rollback"))
            {
                // The one before may have come to its end after all.
                await last.WaitForExitAsync(Token);
                Assert.Contains(last.ExitCode, new[] { 0, 3 });
            }
            Assert.Equal(["files 0", "inbox 0", "rows 0", "status rolled_back", "tickers 0"], await StateAsync(folder, rolledBack: true));
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder, "lake"), "*.parquet", SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Starts it again and again; returns how often it was killed, and did not end by itself before.</summary>
    static async Task<int> KillAsync(string folder, Random random, TimeSpan length, params string[] command)
    {
        var killed = 0;
        for (var start = 0; start < Kills; start++)
        {
            using var run = Start(folder, command);
            await Task.WhenAny(run.WaitForExitAsync(Token), Task.Delay(length * (0.2 + 0.3 * random.NextDouble()), TimeProvider.System, Token));
            if (!run.HasExited) run.Kill(); // SIGKILL: no handler, no flush
            await run.WaitForExitAsync(Token);
            // 128 and the signal.
            if (run.ExitCode == 137) killed++;
        }
        return killed;
    }

    static async Task<JsonElement> RunAsync(string folder, params string[] command)
    {
        using var run = Start(folder, command);
        var (answer, error) = (run.StandardOutput.ReadToEndAsync(Token), run.StandardError.ReadToEndAsync(Token));
        await run.WaitForExitAsync(Token);
        Assert.True(run.ExitCode == 0, await error);
        return JsonElement.Parse(await answer);
    }

    static Process Start(string folder, params string[] command)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Bellwether.App")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--data", folder, "lake", .. command, "--json"]) start.ArgumentList.Add(argument);
        start.Environment["BELLWETHER__DUCKDB"] = DuckDbTestLibrary.Path;
        return Process.Start(start)!;
    }

    static async Task<List<string>> StateAsync(string folder, bool rolledBack = false)
    {
        await using var desk = await Desk.OpenAsync(DeskOptions.Load(folder, new Dictionary<string, string?>()), null, Token);
        await using var connection = await desk.DataSource.OpenConnectionAsync(Token);
        var sql = rolledBack
            ? """
              SELECT 'rows ' || count(*) FROM sentiment.all_sentiment UNION ALL SELECT 'inbox ' || count(*) FROM ops.inbox UNION ALL
              SELECT 'tickers ' || count(*) FROM sentiment.ticker_sentiment UNION ALL SELECT 'files ' || count(*) FROM ops.lake_files UNION ALL
              SELECT 'status ' || status FROM ops.lake_migrations
              """
            : """
              SELECT * FROM (SELECT (to_jsonb(t) - 'last_updated')::text AS line FROM sentiment.ticker_sentiment t
              UNION ALL SELECT day || ' ' || rows || ' ' || content_hash || ' ' || file_sha256 FROM ops.lake_files
              UNION ALL SELECT count(*) || ' ' || md5(string_agg(event_key::text, '' ORDER BY event_key)) FROM ops.inbox
              UNION ALL SELECT 'dirty ' || count(*) FROM ops.lake_days WHERE revision > written_revision
              UNION ALL SELECT status FROM ops.lake_migrations) AS l
              """;
        return [.. (await connection.QueryAsync<string>(sql)).Order(StringComparer.Ordinal)];
    }
}
