using System.Diagnostics;
using Bellwether.App;
using Bellwether.Lake;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

/// <summary>A desk with its own PostgreSQL, whose programs are killed as they seal days, merge late rows and bring days back.</summary>
public sealed class TierCrashTests : IAsyncLifetime
{
    const int Days = 40, HistoryDays = 20;
    static readonly DateOnly First = new(2024, 2, 1);
    readonly string _folder = TestFolder.Create("tier-crash");
    Desk _desk = null!;
    ColdTierReader _reader = null!;
    TimeSpan _idle;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _desk = await Desk.OpenAsync(new() { DataDirectory = _folder }, null, Token, new TestLog());
        _reader = _desk.CreateColdReader()!;
        // Some days share a partition, as history does, and some have one each.
        await ExecuteAsync($"CREATE TABLE sentiment.sentiment_data_history PARTITION OF sentiment.sentiment_data FOR VALUES FROM (MINVALUE) TO ('{First.AddDays(HistoryDays):yyyy-MM-dd} 00:00+00')");
        await ExecuteAsync(LakeTestDatabase.AddDaySql(First.AddDays(HistoryDays), Days - HistoryDays));
        await ExecuteAsync(LakeTestDatabase.FillSql(First, Days, 250, "a"));
        await (await _desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _desk.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = _desk.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = _desk.DataSource.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>All rows, by plain SQL: how many there are, and a hash over every value of each.</summary>
    Task<string> PlainAsync() => ScalarAsync<string>("SELECT count(*) || ' ' || md5(string_agg(md5(a::text), '' ORDER BY article_id, ticker, timestamp)) FROM sentiment.all_sentiment a");

    /// <summary>The same by the way of `bellwether sql`.</summary>
    async Task<string> LakeAsync()
    {
        await using var query = await (await _desk.LakeSqlAsync(null, Token)).QueryAsync(
            "SELECT count(*), md5(string_agg(md5(CAST(a AS VARCHAR)), '' ORDER BY article_id, ticker, timestamp)) FROM all_sentiment a", Token);
        await foreach (var row in query.ReadRowsAsync(Token)) return string.Join(' ', row);
        return "";
    }

    /// <summary>Kills the command after a while; true where it had come to its end before.</summary>
    async Task<bool> RunAsync(TimeSpan? life, params string[] command)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Bellwether.App"), ["--data", _folder, .. command]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        if (life is { } until)
        {
            await Task.WhenAny(process.WaitForExitAsync(Token), Task.Delay(until, TimeProvider.System, Token));
            process.Kill();
        }
        await process.WaitForExitAsync(Token);
        var killed = process.ExitCode == 137;
        if (!killed) Assert.True(process.ExitCode == 0, string.Concat(await said));
        return !killed;
    }

    /// <summary>Kills the command after about so many times as long as an idle one takes; whether it was still at work.</summary>
    async Task<bool> KillAsync(double times, params string[] command)
    {
        var began = TimeProvider.System.GetTimestamp();
        var ended = await RunAsync(_idle * times, command);
        var took = TimeProvider.System.GetElapsedTime(began);
        // Other work on the machine has ended since it was measured.
        if (ended && took < _idle) _idle = took;
        return !ended;
    }

    [Fact]
    public async Task Programs_killed_at_any_moment_leave_every_row_in_one_place()
    {
        var random = new Random(20240201);
        var (rounds, killed) = (12, 0);
        // How long a program takes that has nothing to do: what it does comes about then, on a fast machine and on a slow one.
        await RunAsync(null, "lake", "write");
        var began = TimeProvider.System.GetTimestamp();
        await RunAsync(null, "lake", "write");
        _idle = TimeProvider.System.GetElapsedTime(began);
        for (var round = 0; round < rounds; round++)
        {
            // Late rows of three days, whatever these are by now; their partition may have been dropped.
            var day = First.AddDays(random.Next(Days - 3));
            for (var late = day; late < day.AddDays(3); late = late.AddDays(1))
            {
                if (late >= First.AddDays(HistoryDays)) await new Bellwether.Storage.RangePartitions(_desk.DataSource, "sentiment.sentiment_data").EnsureDayAsync(late, Token);
                await ExecuteAsync(LakeTestDatabase.FillSql(late, 1, 4, $"late {round} {late}"));
            }
            var (plain, lake) = (await PlainAsync(), await LakeAsync());
            string[] command = (round % 4) switch
            {
                0 or 2 => ["lake", "write"],
                1 => ["lake", "seal", "--before", $"{First.AddDays(random.Next(Days + 1)):yyyy-MM-dd}"],
                _ => random.Next(2) == 0 ? ["lake", "seal", "--before", "2025-01-01"] : ["lake", "write"],
            };
            if (await KillAsync(0.5 + 0.8 * random.NextDouble(), command)) killed++;
            Assert.Equal(plain, await PlainAsync());
            Assert.Equal(lake, await LakeAsync());
        }
        Assert.True(killed > 2, $"{killed} of {rounds} were killed");

        var (allPlain, allLake) = (await PlainAsync(), await LakeAsync());
        Assert.StartsWith($"{Days * 250 + rounds * 12} ", allPlain);
        await RunAsync(null, "lake", "write");
        await RunAsync(null, "lake", "seal", "--before", "2025-01-01");
        var status = await LakeStatus.ReadAsync(_desk.DataSource, Token);
        Assert.Equal((Days, 0L, 0L), (status.SealedDays, status.DirtyDays, status.HotRows));
        Assert.Equal((allPlain, allLake), (await PlainAsync(), await LakeAsync()));
        Assert.Empty((await new LakeVerifier(_desk.DataSource, await _desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token)).Bad);

        // And back, killed on the way as well.
        killed = 0;
        for (var round = 0; round < 4; round++)
        {
            if (await KillAsync(0.6 + 0.3 * round, "lake", "unseal")) killed++;
            Assert.Equal((allPlain, allLake), (await PlainAsync(), await LakeAsync()));
        }
        Assert.True(killed > 1, $"{killed} of 4 were killed");
        await RunAsync(null, "lake", "unseal");
        Assert.Equal(allPlain, await PlainAsync());
        status = await LakeStatus.ReadAsync(_desk.DataSource, Token);
        Assert.Equal((0L, (long)Days * 250 + rounds * 12), (status.SealedDays, status.HotRows));
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname LIKE 'unsealing%' AND relkind = 'r'"));
    }
}
