using Bellwether.App.Commands;
using Bellwether.Engines;
using Bellwether.Engines.DuckDb;
using Bellwether.Engines.Unix;
using Bellwether.Lake;
using Bellwether.Market.Features;

namespace Bellwether.App.Bench;

/// <param name="Seconds">From opening the engine to the finished file, nothing computed or compiled before, on one processor.</param>
/// <param name="CpuSeconds">Of that, what the processor worked for it: the same as long as nothing else wants the processor.</param>
/// <param name="PeakMb">Highest memory of the process.</param>
sealed record FactorsBenchAnswer(double Seconds, double CpuSeconds, long PeakMb, long Rows, int Symbols, int Bars, int Factors, double RowsPerSecond, double InputMb, double OutputMb, int Processors);

/// <summary>Fourteen factors over daily bars that are read from Parquet and written back, on one processor.</summary>
static class FactorsBench
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var symbols = BenchDesk.Number("--symbols", "Symbols", 800);
        var bars = BenchDesk.Number("--bars", "Daily bars of each", 3_400);
        return new Verb("factors", "Fourteen factors over daily bars, from Parquet to Parquet on one core", "bench factors", "bench factors --symbols 800 --bars 3400 --json") { symbols, bars }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(symbols), session.Get(bars), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.FactorsBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.Factors} factors of {answer.Rows:n0} bars in {answer.Seconds:0.0} s ({answer.RowsPerSecond:n0} bars/s, {answer.CpuSeconds:0.0} s of work) on one core, {answer.InputMb:0} MB read, {answer.OutputMb:0} MB written; peak {answer.PeakMb} MB");
                return ExitCode.Ok;
            });
    }

    static async Task<FactorsBenchAnswer> RunAsync(Session session, int symbols, int bars, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        var options = new LakeOptions
        {
            Directory = folder.Path,
            ScratchDirectory = Path.Combine(folder.Path, "scratch"),
            DuckDbLibrary = await new EngineCache().FindDuckDbLibraryAsync(session.LoadOptions().DuckDb, session.Progress, cancellationToken),
            Threads = 1,
        };
        Directory.CreateDirectory(options.ScratchDirectory);
        var (input, output) = (Path.Combine(folder.Path, "bars.parquet"), Path.Combine(folder.Path, "factors.parquet"));
        Generate(options, input, symbols, bars, session, cancellationToken);
        // All threads there are, and all that they start.
        Processor.Bind(0);
        var (started, worked) = (session.Time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var done = await FactorJob.RunAsync(input, output, options, cancellationToken);
        var seconds = session.Time.GetElapsedTime(started).TotalSeconds;
        return new(Math.Round(seconds, 2), Math.Round((Environment.CpuUsage.TotalTime - worked).TotalSeconds, 2), BenchFolder.PeakMegabytes(), done.Rows, done.Symbols, bars, Analytics.Indicators.FactorSet.Names.Count, Math.Round(done.Rows / seconds),
            Math.Round(new FileInfo(input).Length / 1e6, 1), Math.Round(new FileInfo(output).Length / 1e6, 1), Environment.ProcessorCount);
    }

    /// <summary>Random walks with two decimals and whole volumes, as files of vendors have them.</summary>
    static void Generate(LakeOptions options, string path, int symbols, int bars, Session session, CancellationToken cancellationToken)
    {
        using var database = DuckDbDatabase.Open(options.DuckDbLibrary, new() { Threads = 1, MemoryLimitMb = 256, TempDirectory = options.ScratchDirectory });
        using var connection = database.Connect();
        connection.Execute("SET TimeZone = 'UTC'; CREATE TABLE bars (ticker VARCHAR, date TIMESTAMPTZ, open_price DOUBLE, high_price DOUBLE, low_price DOUBLE, close_price DOUBLE, volume BIGINT)", cancellationToken);
        var (random, first) = (new Random(1), new DateTimeOffset(session.Time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(-bars));
        using (var rows = connection.CreateAppender("bars"))
        {
            for (var symbol = 0; symbol < symbols; symbol++)
            {
                var price = 20 + 300 * random.NextDouble();
                for (var bar = 0; bar < bars; bar++)
                {
                    var (open, close) = (price, Math.Round(Math.Max(1, price * (1 + 0.04 * (random.NextDouble() - 0.5))), 2));
                    rows.Append($"S{symbol:0000}");
                    rows.Append(first.AddDays(bar));
                    rows.Append(Math.Round(open, 2));
                    rows.Append(Math.Round(Math.Max(open, close) * 1.01, 2));
                    rows.Append(Math.Round(Math.Min(open, close) * 0.99, 2));
                    rows.Append(close);
                    rows.Append(random.NextInt64(1_000, 100_000_000));
                    rows.EndRow();
                    price = close;
                }
            }
            rows.Complete();
        }
        connection.Execute($"COPY bars TO '{path}' (FORMAT parquet, COMPRESSION zstd)", cancellationToken);
    }
}
