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
        var file = LakeOutput.Place("Write to a file, which is replaced when the whole answer is there");
        return new Verb("sql", "Ask the hot rows and the lake together, read-only",
                "sql \"select count(*) from all_sentiment\" --format json",
                "sql \"select ticker, avg(sentiment) as mean from all_sentiment group by ticker order by mean desc limit 10\"",
                "sql \"select * from all_sentiment where ticker = 'AAPL'\" --out aapl.parquet",
                "sql \"show tables\"") { sql, format, file }
            .Runs(screen, globals, (session, cancellationToken) => RunAsync(session, session.Get(sql)!, session.Get(format), session.Get(file), cancellationToken));
    }

    static async Task<int> RunAsync(Session session, string sql, string? named, string? file, CancellationToken cancellationToken)
    {
        var output = LakeOutput.Of(session, named, file);
        if (sql == "-")
        {
            using var input = new StreamReader(new StandardInput());
            sql = await input.ReadToEndAsync(cancellationToken);
        }
        await using var desk = await session.OpenAsync(cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        await using var query = await new LakeSql(desk.DataSource, lake).QueryAsync(sql, cancellationToken);
        await output.WriteAsync(session, query, lake, cancellationToken);
        return ExitCode.Ok;
    }
}
