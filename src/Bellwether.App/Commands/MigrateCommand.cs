using System.CommandLine;
using Bellwether.Storage;

namespace Bellwether.App.Commands;

/// <param name="Revision">0 for a database that was never migrated.</param>
sealed record MigrationState(int Revision, string? Name, int Latest, IReadOnlyList<MigrationStep> Pending, DateTimeOffset? AppliedAt);

sealed record MigrationStep(int Revision, string Name);

/// <param name="Steps">Revisions applied or undone, in the order of the work.</param>
sealed record MigrationAnswer(int Revision, bool DryRun, IReadOnlyList<MigrationStep> Steps);

sealed record VerifyAnswer(bool Agrees, IReadOnlyList<string> Problems);

/// <summary><c>bellwether migrate</c>: the schema of the database, one numbered revision a transaction.</summary>
static class MigrateCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("migrate", "Look at the schema of the database and move it up or down",
            "migrate current --json", "migrate up --dry-run", "migrate down --revision -1", "migrate verify");
        command.Add(Up(screen, globals));
        command.Add(Down(screen, globals));
        command.Add(new Verb("current", "Show the revision of the database", "migrate current", "migrate current --json").Runs(screen, globals, CurrentAsync));
        command.Add(new Verb("verify", "Compare the database's history with the shipped scripts", "migrate verify").Runs(screen, globals, VerifyAsync));
        return command;
    }

    static Verb Up(Screen screen, GlobalOptions globals)
    {
        var (to, dryRun) = (To(), DryRun());
        return new Verb("up", "Apply revisions", "migrate up", "migrate up --to 1", "migrate up --dry-run") { to, dryRun }
            .Runs(screen, globals, (session, cancellationToken) => MoveAsync(session, session.Get(dryRun), s => s.Up,
                (migrator, dry) => migrator.UpAsync(session.Get(to), dry, cancellationToken), cancellationToken));
    }

    static Verb Down(Screen screen, GlobalOptions globals)
    {
        var (to, dryRun) = (To(), DryRun());
        var relative = new Option<int?>("--revision") { Description = "A revision, or how far to go back: -1 undoes the newest one [default: -1]", HelpName = "N" };
        return new Verb("down", "Undo revisions, and with them what is stored in their tables",
                "migrate down", "migrate down --revision -1", "migrate down --to 0 --dry-run") { to, relative, dryRun }
            .Runs(screen, globals, (session, cancellationToken) => MoveAsync(session, session.Get(dryRun), s => s.Down, async (migrator, dry) =>
            {
                if (session.Get(to) is not null && session.Get(relative) is not null) throw CommandException.Usage("--to and --revision say the same thing: give one of them.");
                var wanted = session.Get(to) ?? session.Get(relative) ?? -1;
                var current = (await migrator.AppliedAsync(cancellationToken)).Count;
                return await migrator.DownAsync(wanted < 0 ? Math.Max(0, current + wanted) : wanted, dry, cancellationToken);
            }, cancellationToken));
    }

    static Option<int?> To() => new("--to") { Description = "Revision to stop at", HelpName = "N" };

    static Option<bool> DryRun() => new("--dry-run") { Description = "Print the SQL and change nothing" };

    static async Task<int> MoveAsync(
        Session session, bool dryRun, Func<Migration, string> script, Func<Migrator, bool, Task<IReadOnlyList<Migration>>> move, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken, migrate: false);
        var migrator = new Migrator(desk.DataSource);
        var steps = await move(migrator, dryRun);
        var output = session.Screen.Out;
        if (session.Json)
        {
            var revision = (await migrator.AppliedAsync(cancellationToken)).Count;
            session.WriteJson(new MigrationAnswer(revision, dryRun, [.. steps.Select(Step)]), CommandJson.Relaxed.MigrationAnswer);
        }
        else if (dryRun)
        {
            foreach (var step in steps) output.WriteLine($"-- revision {step.Revision} ({step.Name})\n{script(step).TrimEnd()}\n");
            if (steps.Count == 0) output.WriteLine("-- nothing to do");
        }
        else
        {
            foreach (var step in steps) output.WriteLine($"{(ReferenceEquals(script(step), step.Up) ? "applied" : "undone")}: revision {step.Revision} ({step.Name})");
            output.WriteLine($"The database is at revision {(await migrator.AppliedAsync(cancellationToken)).Count} of {migrator.Latest}.");
        }
        return ExitCode.Ok;
    }

    static async Task<int> CurrentAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken, migrate: false);
        var migrator = new Migrator(desk.DataSource);
        var applied = await migrator.AppliedAsync(cancellationToken);
        var newest = applied.LastOrDefault();
        var state = new MigrationState(newest?.Revision ?? 0, newest?.Name, migrator.Latest,
            [.. Migration.Shipped.Skip(applied.Count).Select(Step)], newest is null ? null : new DateTimeOffset(newest.AppliedAt, TimeSpan.Zero));
        if (session.Json)
        {
            session.WriteJson(state, CommandJson.Relaxed.MigrationState);
        }
        else
        {
            session.Screen.Out.WriteLine(newest is null
                ? $"The database was never migrated; this program knows {state.Latest} revisions."
                : $"revision {state.Revision} ({state.Name}) of {state.Latest}, applied {Moments.Text(state.AppliedAt!.Value)}");
            foreach (var step in state.Pending) session.Screen.Out.WriteLine($"pending: {step.Revision} ({step.Name})");
        }
        return ExitCode.Ok;
    }

    static async Task<int> VerifyAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken, migrate: false);
        var problems = await new Migrator(desk.DataSource).VerifyAsync(cancellationToken);
        if (session.Json) session.WriteJson(new(problems.Count == 0, problems), CommandJson.Relaxed.VerifyAnswer);
        else foreach (var line in problems.DefaultIfEmpty("The database and the shipped scripts agree.")) session.Screen.Out.WriteLine(line);
        return problems.Count == 0 ? ExitCode.Ok : ExitCode.Unavailable;
    }

    static MigrationStep Step(Migration migration) => new(migration.Revision, migration.Name);
}
