using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bellwether.App.Commands;
using Bellwether.Market;
using Bellwether.Market.Prices;
using Npgsql;

namespace Bellwether.App.Bench;

/// <param name="RowsPerSecond">Into the partitioned, keyed table by this program.</param>
/// <param name="PlainRowsPerSecond">The same rows as CSV into one table without partitions and keys, by the client.</param>
/// <param name="KeyedRowsPerSecond">The same into one table without partitions, with the same key.</param>
/// <param name="Client">What copied them: psql, or where there is none the text COPY of this program's driver.</param>
sealed record BarsBenchAnswer(
    int Rows, int Symbols, int Partitions, string Client, double RowsPerSecond, double PlainRowsPerSecond, double Ratio, double KeyedRowsPerSecond, double KeyedRatio, int Processors);

/// <summary>Loading bars against the database's own client, on the same rows and in one run.</summary>
static class BarsBench
{
    const int Runs = 3;
    const string Columns = "ticker, bar_interval, date, known_at, open_price, high_price, low_price, close_price, volume, adjusted_close, data_source";

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var rows = BenchDesk.Number("--rows", "Bars to load", 1_000_000);
        var symbols = BenchDesk.Number("--symbols", "Tickers that they belong to", 1_000);
        return new Verb("bars", "Loading bars into the partitioned table, against psql's COPY into plain tables", "bench bars", "bench bars --rows 3000000 --json") { rows, symbols }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(rows), session.Get(symbols), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.BarsBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.RowsPerSecond:n0} bars/s into {answer.Partitions} partitions with their key; {answer.Client} {answer.PlainRowsPerSecond:n0} into a plain table ({answer.Ratio:0.00} times), "
                    + $"{answer.KeyedRowsPerSecond:n0} into one with the same key ({answer.KeyedRatio:0.00} times)");
                return ExitCode.Ok;
            });
    }

    static async Task<BarsBenchAnswer> RunAsync(Session session, int rows, int symbols, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, null));
        var each = Math.Max(1, rows / symbols);
        var series = Series(symbols, each, desk.Time.GetUtcNow().UtcDateTime.Date);
        var file = Path.Combine(folder.Path, "bars.csv");
        await WriteFileAsync(file, series, cancellationToken);
        var psql = Psql(desk);
        var store = new PriceStore(desk.DataSource, desk.Time);
        await store.EnsurePartitionsAsync(series[0].Bars, cancellationToken);

        var (own, plain, keyed) = (new List<double>(), new List<double>(), new List<double>());
        // In turns, so that what else the machine does meets all alike; none is counted that finds the server cold.
        for (var run = 0; run <= Runs; run++)
        {
            await ExecuteAsync(desk, $"TRUNCATE {PriceStore.Table}", cancellationToken);
            var ownTime = await TimeAsync(session, () => store.AppendAsync(BarInterval.Day, "bench", series, cancellationToken));
            var plainTime = await ClientAsync(session, desk, psql, file, "", cancellationToken);
            var keyedTime = await ClientAsync(session, desk, psql, file, ", PRIMARY KEY (ticker, bar_interval, date, known_at)", cancellationToken);
            if (run == 0) continue;
            own.Add(ownTime);
            plain.Add(plainTime);
            keyed.Add(keyedTime);
        }
        var count = symbols * each;
        await using var partitions = desk.DataSource.CreateCommand($"SELECT count(DISTINCT tableoid) FROM {PriceStore.Table}");
        double Middle(List<double> times) => times.Order().ElementAt(Runs / 2);
        double Ratio(List<double> other) => Math.Round(Middle(other) / Middle(own), 2);
        return new(count, symbols, (int)(long)(await partitions.ExecuteScalarAsync(cancellationToken))!, psql is null ? "text COPY" : "psql",
            Math.Round(count / Middle(own)), Math.Round(count / Middle(plain)), Ratio(plain), Math.Round(count / Middle(keyed)), Ratio(keyed), Environment.ProcessorCount);
    }

    /// <summary>Daily bars up to today, as many of each ticker.</summary>
    static (string Ticker, ReadOnlyMemory<PriceBar> Bars)[] Series(int symbols, int each, DateTime today)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, symbols).Select(symbol =>
        {
            var (bars, price) = (new PriceBar[each], 20 + 300 * random.NextDouble());
            for (var i = 0; i < each; i++)
            {
                var (open, close) = (price, Math.Round(price * (1 + 0.03 * (random.NextDouble() - 0.5)), 2));
                bars[i] = new(DateTime.SpecifyKind(today.AddDays(i - each), DateTimeKind.Utc), Math.Round(open, 2), Math.Round(Math.Max(open, close) * 1.01, 2), Math.Round(Math.Min(open, close) * 0.99, 2),
                    close, random.NextInt64(100_000_000), Math.Round(close * 0.97, 2));
                price = Math.Max(1, close);
            }
            return ($"T{symbol}", (ReadOnlyMemory<PriceBar>)bars);
        })];
    }

    static async Task WriteFileAsync(string path, (string Ticker, ReadOnlyMemory<PriceBar> Bars)[] series, CancellationToken cancellationToken)
    {
        await using var output = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 16);
        var line = new StringBuilder();
        foreach (var (ticker, bars) in series)
        {
            line.Clear();
            foreach (var bar in bars.Span)
                line.Append(CultureInfo.InvariantCulture, $"{ticker},1d,{bar.Date:yyyy-MM-dd}T00:00:00Z,{bar.Date.AddDays(1):yyyy-MM-dd}T00:00:00Z,{bar.Open:R},{bar.High:R},{bar.Low:R},{bar.Close:R},{bar.Volume},{bar.AdjustedClose:R},bench\n");
            await output.WriteAsync(line, cancellationToken);
        }
    }

    static async Task<double> ClientAsync(Session session, Desk desk, string? psql, string file, string key, CancellationToken cancellationToken)
    {
        const string table = "public.bars_bench";
        await ExecuteAsync(desk, $"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (LIKE {PriceStore.Table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS{key})", cancellationToken);
        try
        {
            return await TimeAsync(session, () => psql is null ? DriverAsync(desk, table, file, cancellationToken) : PsqlAsync(desk, psql, table, file, cancellationToken));
        }
        finally
        {
            await ExecuteAsync(desk, $"DROP TABLE {table}", CancellationToken.None);
        }
    }

    static async Task PsqlAsync(Desk desk, string psql, string table, string file, CancellationToken cancellationToken)
    {
        var server = new NpgsqlConnectionStringBuilder(desk.DataSource.ConnectionString);
        var start = new ProcessStartInfo(psql, ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", $"\\copy {table} ({Columns}) from '{file}' with (format csv)"]) { RedirectStandardError = true };
        foreach (var (name, value) in new (string, string?)[] { ("PGHOST", server.Host), ("PGPORT", server.Port.ToString(CultureInfo.InvariantCulture)), ("PGUSER", server.Username), ("PGDATABASE", server.Database), ("PGPASSWORD", server.Password) })
            if (!string.IsNullOrEmpty(value)) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new CommandException(ExitCode.Unavailable, "engine", $"{psql} does not start.");
        var errors = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0) throw new CommandException(ExitCode.Unavailable, "engine", $"psql: {errors.Trim()}");
    }

    static async Task DriverAsync(Desk desk, string table, string file, CancellationToken cancellationToken)
    {
        await using var connection = await desk.DataSource.OpenConnectionAsync(cancellationToken);
        await using var input = File.OpenRead(file);
        await using var copy = await connection.BeginRawBinaryCopyAsync($"COPY {table} ({Columns}) FROM STDIN (FORMAT csv)", cancellationToken);
        await input.CopyToAsync(copy, 1 << 16, cancellationToken);
    }

    /// <summary>On the path, else beside the server's programs; null where there is none.</summary>
    static string? Psql(Desk desk) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Prepend(desk.Options.PostgresBin ?? "").Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, "psql"))
            .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", "psql")) : []).FirstOrDefault(File.Exists);

    static async Task ExecuteAsync(Desk desk, string sql, CancellationToken cancellationToken)
    {
        await using var command = desk.DataSource.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<double> TimeAsync(Session session, Func<Task> work)
    {
        var started = session.Time.GetTimestamp();
        await work();
        return session.Time.GetElapsedTime(started).TotalSeconds;
    }
}
