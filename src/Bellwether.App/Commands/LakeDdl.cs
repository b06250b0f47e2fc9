using System.CommandLine;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

sealed record LakeDdlAnswer(string Engine, string Place, int SealedDays, string Sql);

/// <summary><c>lake ddl</c>: the statements by which another engine reads the lake.</summary>
static class LakeDdl
{
    static readonly Dictionary<string, LakeDdlTarget> Engines = new(StringComparer.OrdinalIgnoreCase)
    {
        ["duckdb"] = LakeDdlTarget.DuckDb,
        ["pg_duckdb"] = LakeDdlTarget.PgDuckDb,
        ["parquet_fdw"] = LakeDdlTarget.ParquetFdw,
        ["trino"] = LakeDdlTarget.Trino,
        ["spark"] = LakeDdlTarget.Spark,
    };

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var engine = new Option<string>("--for") { Description = "The engine", HelpName = string.Join('|', Engines.Keys), Required = true };
        engine.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Engines.Keys]);
        return new Verb("ddl", "Print the statements by which another engine reads the lake's files where they lie",
                "lake ddl --for duckdb", "lake ddl --for spark --json") { engine }
            .Runs(screen, globals, (session, cancellationToken) => RunAsync(session, session.Get(engine)!.ToLowerInvariant(), cancellationToken));
    }

    static async Task<int> RunAsync(Session session, string engine, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var cold = new List<(DateOnly Day, string Path)>();
        await using (var command = desk.DataSource.CreateCommand(
            "SELECT day, path FROM ops.lake_files JOIN ops.lake_days USING (day) WHERE sealed_at IS NOT NULL ORDER BY day"))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken)) cold.Add((row.GetFieldValue<DateOnly>(0), row.GetString(1)));
        var place = desk.Options.LakeBucket is null ? Path.GetFullPath(desk.Options.LakeDirectory) : desk.Options.LakePlace.TrimEnd('/');
        var sql = new Lake.LakeDdl(place).For(Engines[engine], cold);
        if (session.Json) session.WriteJson(new(engine, place, cold.Count, sql), CommandJson.Relaxed.LakeDdlAnswer);
        else session.Screen.Out.Write(sql);
        return ExitCode.Ok;
    }
}
