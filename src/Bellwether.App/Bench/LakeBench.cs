using System.CommandLine;
using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;

namespace Bellwether.App.Bench;

/// <param name="WriteRowsPerSecond">From PostgreSQL to verified files in the lake.</param>
/// <param name="ScriptRowsPerSecond">The same rows by COPY to CSV and DuckDB's COPY to Parquet, unverified: what one would write by hand.</param>
/// <param name="DuckDbRowsPerSecond">DuckDB's COPY to Parquet alone, of rows that it has already, as many threads.</param>
/// <param name="ScanRowsPerSecond">An aggregate over every row and its text, asked of the product.</param>
/// <param name="DuckDbScanRowsPerSecond">The same asked of DuckDB over the same files, by a connection that is open.</param>
/// <param name="FreshScanRatio">Against a DuckDB that is opened for the question. The product has one for each too, so that no query sees what another made.</param>
/// <param name="CompactSeconds">Late rows merged into as many small files of sealed days, half of all rows in each.</param>
/// <param name="OnceSeconds">The same files written once with all their rows.</param>
/// <param name="PeakMb">Of this process while the product wrote and scanned.</param>
sealed record LakeBenchAnswer(
    long Rows, int Days, int Characters, int Threads,
    double WriteRowsPerSecond, double ScriptRowsPerSecond, double WriteRatio, double DuckDbRowsPerSecond, double DuckDbWriteRatio,
    double ScanRowsPerSecond, double DuckDbScanRowsPerSecond, double ScanRatio, double FreshScanRatio,
    int CompactedFiles, double CompactSeconds, double OnceSeconds, double CompactRatio, long PeakMb, int Processors);

/// <summary>The lake against DuckDB on the same rows, in one run.</summary>
static class LakeBench
{
    const int ScanTurns = 5, ScanRuns = 5, RowsOfSmallFile = 100, PlainMemoryMb = 4_096;
    static readonly DateOnly First = new(2020, 1, 1);
    const string Scan = "SELECT ticker, count(*), avg(sentiment), max(timestamp), sum(length(text)) FROM {0} GROUP BY ticker ORDER BY ticker";

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var rows = BenchDesk.Number("--rows", "Rows to generate", 400_000);
        var days = BenchDesk.Number("--days", "Days that they lie in", 8);
        var characters = BenchDesk.Number("--characters", "Length of a text", 600);
        var files = BenchDesk.Number("--files", "Small files to compact", 1_000);
        return new Verb("lake", "Writing, scanning and compacting the lake, against plain DuckDB", "bench lake", "bench lake --rows 2000000 --characters 1500 --json") { rows, days, characters, files }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(rows), session.Get(days), session.Get(characters), session.Get(files), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.LakeBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"write {answer.WriteRowsPerSecond:n0} rows/s, by hand {answer.ScriptRowsPerSecond:n0} ({answer.WriteRatio:0.00} times), DuckDB alone {answer.DuckDbRowsPerSecond:n0} ({answer.DuckDbWriteRatio:0.00} times); "
                    + $"scan {answer.ScanRowsPerSecond:n0} rows/s, DuckDB alone {answer.DuckDbScanRowsPerSecond:n0} ({answer.ScanRatio:0.00} times, {answer.FreshScanRatio:0.00} with opening it); "
                    + $"{answer.CompactedFiles:n0} files compacted in {answer.CompactSeconds:0.0} s, written once in {answer.OnceSeconds:0.0} s ({answer.CompactRatio:0.00} times); peak {answer.PeakMb} MB");
                return ExitCode.Ok;
            });
    }

    static async Task<LakeBenchAnswer> RunAsync(Session session, int rows, int days, int characters, int files, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, null));
        var options = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        var source = new LakeBenchRows(desk, First, days, characters);
        var count = await source.FillAsync(rows, cancellationToken);
        var write = await TimeAsync(session, () => new LakeWriter(desk.DataSource, options, desk.Time).WriteDirtyDaysAsync(null, cancellationToken));
        var sql = new LakeSql(desk.DataSource, options);
        await ScanAsync(sql, cancellationToken);
        await ScanAsync(sql, cancellationToken);
        var peak = BenchFolder.PeakMegabytes();

        // As many threads, and memory enough to hold the rows, which the product does not ask for.
        using var engine = DuckDbDatabase.Open(options.DuckDbLibrary, new() { Threads = options.Threads, MemoryLimitMb = PlainMemoryMb, TempDirectory = Path.Combine(folder.Path, "spill") });
        using var plain = engine.Connect();
        var lake = $"read_parquet('{options.Directory}/*/*/*/*.parquet', hive_partitioning = false)";
        var (scan, plainScan, freshScan) = await MediansAsync(session,
            () => ScanAsync(sql, cancellationToken),
            () => ReadAsync(() => plain.Query(string.Format(null, Scan, lake), cancellationToken: cancellationToken)),
            () => FreshScanAsync(options, lake, cancellationToken));
        plain.Execute($"CREATE TABLE rows AS FROM {lake}", cancellationToken);
        var plainWrite = await TimeAsync(session, () => Task.Run(() => LakeBenchRows.WriteParquet(plain, "rows", Path.Combine(folder.Path, "plain"), cancellationToken), cancellationToken));
        plain.Execute("DROP TABLE rows", cancellationToken);
        var script = await TimeAsync(session, () => source.ByHandAsync(plain, folder.Path, cancellationToken));
        var (compact, once) = await CompactAsync(session, files, characters, cancellationToken);
        return new(count, days, characters, options.Threads, Speed(count, write), Speed(count, script), Ratio(script, write), Speed(count, plainWrite), Ratio(plainWrite, write),
            Speed(count, scan), Speed(count, plainScan), Ratio(plainScan, scan), Ratio(freshScan, scan), files, Math.Round(compact, 2), Math.Round(once, 2), Ratio(compact, once), peak, Environment.ProcessorCount);
    }

    /// <summary>Small files of sealed days, half of their rows in them, take in the other half; and the same files written once with all rows.</summary>
    static async Task<(double Compact, double Once)> CompactAsync(Session session, int files, int characters, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, null));
        var options = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        var (writer, sealer) = (new LakeWriter(desk.DataSource, options, desk.Time), new LakeSealer(desk.DataSource, options, null, desk.Time));
        var half = new LakeBenchRows(desk, First, files, characters);
        await half.FillAsync(files * RowsOfSmallFile / 2, cancellationToken);
        await writer.WriteDirtyDaysAsync(null, cancellationToken);
        await sealer.SealAsync(First.AddDays(files), null, cancellationToken);
        await half.FillAsync(files * RowsOfSmallFile / 2, cancellationToken);
        var compact = await TimeAsync(session, () => writer.WriteDirtyDaysAsync(null, cancellationToken));

        await new LakeBenchRows(desk, First.AddDays(files), files, characters).FillAsync(files * RowsOfSmallFile, cancellationToken);
        return (compact, await TimeAsync(session, () => writer.WriteDirtyDaysAsync(null, cancellationToken)));
    }

    static Task ScanAsync(LakeSql sql, CancellationToken cancellationToken) => Task.Run(async () =>
    {
        await using var query = await sql.QueryAsync(string.Format(null, Scan, "all_sentiment"), cancellationToken);
        while (await query.ReadChunkAsync(cancellationToken))
        {
            // the answer is small
        }
    }, cancellationToken);

    static Task FreshScanAsync(LakeOptions options, string lake, CancellationToken cancellationToken) => Task.Run(async () =>
    {
        using var engine = DuckDbDatabase.Open(options.DuckDbLibrary, new() { Threads = options.Threads, MemoryLimitMb = options.MemoryLimitMb });
        using var connection = engine.Connect();
        await ReadAsync(() => connection.Query(string.Format(null, Scan, lake), cancellationToken: cancellationToken));
    }, cancellationToken);

    static Task ReadAsync(Func<DuckDbReader> ask) => Task.Run(() =>
    {
        using var answer = ask();
        while (answer.ReadChunk())
        {
            // the answer is small
        }
    });

    static async Task<double> TimeAsync(Session session, Func<Task> work)
    {
        var started = session.Time.GetTimestamp();
        await work();
        return session.Time.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>
    /// The middle of several times of each, asked in turns of a few: what else the machine does meets all of them. The first of each turn is not
    /// counted: files are in memory then, and the program is compiled.
    /// </summary>
    static async Task<(double First, double Second, double Third)> MediansAsync(Session session, params Func<Task>[] works)
    {
        var times = works.Select(_ => new List<double>()).ToArray();
        for (var turn = 0; turn < ScanTurns; turn++)
            for (var i = 0; i < works.Length; i++)
            {
                await works[i]();
                for (var run = 0; run < ScanRuns; run++) times[i].Add(await TimeAsync(session, works[i]));
            }
        var middles = times.Select(taken => taken.Order().ElementAt(taken.Count / 2)).ToArray();
        return (middles[0], middles[1], middles[2]);
    }

    static double Speed(long rows, double seconds) => Math.Round(rows / seconds);

    static double Ratio(double above, double below) => Math.Round(above / below, 2);
}
