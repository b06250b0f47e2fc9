using System.CommandLine;
using Bellwether.Market.Hypertables;

namespace Bellwether.App.Commands;

/// <param name="Available">Version of TimescaleDB that the server has; null for none.</param>
sealed record HypertableStatusAnswer(string? Available, string? Installed, string? License, IReadOnlyList<HypertableState> Tables);

/// <param name="Applied">False where this is only what would be done.</param>
sealed record HypertablePlanAnswer(bool Applied, string? Timescaledb, IReadOnlyList<HypertableStep> Tables, double Seconds);

static partial class MarketCommand
{
    static readonly TimeSpan UsualCompression = TimeSpan.FromDays(30);

    static Verb Hypertables(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("hypertables", "Keep the large tables of the market as hypertables of TimescaleDB, where the server has it",
            "market hypertables status", "market hypertables plan", "market hypertables apply --compress-after 90d");
        command.Add(new Verb("status", "Show whether the tables are partitions of PostgreSQL or hypertables, their size and policies", "market hypertables status", "market hypertables status --json")
            .Runs(screen, globals, StatusAsync));
        command.Add(Change("plan", "Show the statements that would turn the tables into hypertables, or set the policies of hypertables anew", apply: false));
        command.Add(Change("apply", "Turn the tables into hypertables, or set the policies of hypertables anew; readers and writers of a table wait while its rows move", apply: true));
        return command;

        Verb Change(string name, string description, bool apply)
        {
            var compress = Moments.Interval("--compress-after", "Compress what is older [default: 30d]");
            var without = new Option<bool>("--no-compression") { Description = "Compress nothing" };
            var drop = Moments.Interval("--drop-after", "Drop what is older, without an archive [default: never]");
            var verb = new Verb(name, description, $"market hypertables {name}", $"market hypertables {name} --compress-after 90d --drop-after 3650d", $"market hypertables {name} --no-compression") { compress, without, drop };
            verb.Validators.Add(result =>
            {
                if (result.GetValue(without) && result.GetResult(compress) is not null) result.AddError("--no-compression and --compress-after exclude each other.");
            });
            return verb.Runs(screen, globals, (session, cancellationToken) =>
                ChangeAsync(session, new(session.Get(without) ? null : session.Get(compress) ?? UsualCompression, session.Get(drop)), apply, cancellationToken));
        }
    }

    static async Task<int> ChangeAsync(Session session, HypertablePolicy policy, bool apply, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var (store, started) = (new HypertableStore(desk.DataSource), session.Time.GetTimestamp());
        var server = await store.ServerAsync(cancellationToken);
        if (!server.IsAvailable)
            throw new CommandException(ExitCode.Unavailable, "not_available", "This PostgreSQL has no extension timescaledb.",
                "Nothing is lost without it: prices and conditions are partitioned by month by PostgreSQL itself, and `bellwether retention` takes old ones away. To have it, install TimescaleDB on a server of your own and name that by --postgres.");
        if (server.Refuses(policy) is { } problem) throw new CommandException(ExitCode.Unavailable, "not_available", problem, "Give --no-compression and no --drop-after, or use a newer or complete build.");
        var steps = apply ? await store.ApplyAsync(policy, session.Progress, cancellationToken) : await store.PlanAsync(server, policy, cancellationToken);
        var answer = new HypertablePlanAnswer(apply, server.Version, steps, Seconds(session, started));
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.HypertablePlanAnswer);
            return ExitCode.Ok;
        }
        foreach (var step in steps)
        {
            if (apply)
            {
                session.Screen.Out.WriteLine($"{step.Table}: {(step.Kind == HypertableStore.Converted ? "policies set" : "a hypertable now")}");
                continue;
            }
            session.Screen.Out.WriteLine($"-- {step.Table}, {step.Kind} now");
            foreach (var statement in step.Statements) session.Screen.Out.WriteLine($"{statement};");
        }
        return ExitCode.Ok;
    }

    static async Task<int> StatusAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var store = new HypertableStore(desk.DataSource);
        var server = await store.ServerAsync(cancellationToken);
        var states = await store.StatusAsync(server, cancellationToken);
        if (session.Json)
        {
            session.WriteJson(new(server.Version, server.Installed, server.License, states), CommandJson.Relaxed.HypertableStatusAnswer);
            return ExitCode.Ok;
        }
        session.Screen.Out.WriteLine(server switch
        {
            { Installed: { } version } => $"TimescaleDB {version}{(server.License is { } license ? $", licence {license}" : "")}",
            { Offered: { } version } => $"TimescaleDB {version} can be had: `bellwether market hypertables apply`",
            _ => "The server has no TimescaleDB; the tables are partitioned by PostgreSQL itself",
        });
        var table = new TextTable(new("table"), new("kind"), new("parts", Right: true), new("rows, about", Right: true), new("MB", Right: true), new("compressed after"), new("dropped after"));
        foreach (var s in states) table.Add(s.Table, s.Kind, $"{s.Parts:n0}", $"{s.Rows:n0}", $"{s.Bytes / 1e6:n1}", s.CompressAfter ?? "never", s.DropAfter ?? "never");
        table.Write(session.Screen);
        return ExitCode.Ok;
    }
}
