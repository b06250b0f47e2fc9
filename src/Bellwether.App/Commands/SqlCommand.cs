using System.CommandLine;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether sql</c>: read-only SQL over hot rows and lake together.</summary>
static class SqlCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var sql = new Argument<string>("SQL") { Description = "One SELECT in DuckDB's dialect; SHOW TABLES lists what there is; - reads it from standard input" };
        var format = new Option<string?>("--format") { Description = "How to answer [default: table; json with --json; by the ending of --out]" };
        format.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "table", "csv", "json", "parquet");
        var file = new Option<string?>("--out") { Description = "Write to a file, which is replaced when the whole answer is there", HelpName = "FILE" };
        return new Verb("sql", "Ask the hot rows and the lake together, read-only",
                "sql \"select count(*) from all_sentiment\" --format json",
                "sql \"select ticker, avg(sentiment) as mean from all_sentiment group by ticker order by mean desc limit 10\"",
                "sql \"select * from all_sentiment where ticker = 'AAPL'\" --out aapl.parquet",
                "sql \"show tables\"") { sql, format, file }
            .Runs(screen, globals, (session, cancellationToken) => RunAsync(session, session.Get(sql)!, session.Get(format), session.Get(file), cancellationToken));
    }

    static async Task<int> RunAsync(Session session, string sql, string? named, string? file, CancellationToken cancellationToken)
    {
        var format = FormatOf(session, named, file);
        if (format == LakeFormat.Parquet && file is null) throw CommandException.Usage("Parquet is written to a file.", "Name it with --out FILE.");
        if (sql == "-")
        {
            using var input = new StreamReader(new StandardInput());
            sql = await input.ReadToEndAsync(cancellationToken);
        }
        await using var desk = await session.OpenAsync(cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        await using var query = await new LakeSql(desk.DataSource, lake).QueryAsync(sql, cancellationToken);
        if (file is not null)
        {
            var rows = await WriteFileAsync(query, format, Path.GetFullPath(file), lake, cancellationToken);
            session.Note($"{rows:n0} rows written to {file}");
            return ExitCode.Ok;
        }
        await session.Screen.Out.FlushAsync(cancellationToken);
        await using var output = session.Screen.Raw();
        await LakeQueryWriter.WriteAsync(query, format, output, cancellationToken);
        if (format == LakeFormat.Json) output.WriteByte((byte)'\n');
        return ExitCode.Ok;
    }

    static LakeFormat FormatOf(Session session, string? named, string? file) =>
        named is not null ? Enum.Parse<LakeFormat>(named, ignoreCase: true)
        : session.Json ? LakeFormat.Json
        : Path.GetExtension(file)?.ToLowerInvariant() switch
        {
            ".csv" => LakeFormat.Csv,
            ".json" => LakeFormat.Json,
            ".parquet" => LakeFormat.Parquet,
            _ => LakeFormat.Table,
        };

    // Beside its place, then renamed: whoever looks sees the old file or the whole new one.
    static async Task<long> WriteFileAsync(LakeQuery query, LakeFormat format, string path, LakeOptions lake, CancellationToken cancellationToken)
    {
        var beside = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            long rows;
            if (format == LakeFormat.Parquet)
            {
                rows = await LakeQueryWriter.WriteParquetAsync(query, beside, lake, cancellationToken);
            }
            else
            {
                await using var output = File.Create(beside);
                rows = await LakeQueryWriter.WriteAsync(query, format, output, cancellationToken);
            }
            File.Move(beside, path, overwrite: true);
            return rows;
        }
        finally
        {
            File.Delete(beside);
        }
    }
}
