using System.CommandLine;
using Bellwether.Retention.Archive;

namespace Bellwether.App.Commands;

/// <param name="Path">Name in the archive.</param>
sealed record ArchiveFileAnswer(
    string Table, string Path, DateTimeOffset From, DateTimeOffset To, long Rows, long Bytes, string ContentHash, string Sha256, DateTimeOffset CreatedAt,
    DateTimeOffset VerifiedAt, string? Problem, DateTimeOffset? RestoredAt);

/// <summary><c>bellwether archive</c>: rows that have left their tables, how to look after them and how to get them back.</summary>
static class ArchiveCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("archive", "List and verify archived rows, or bring them back", "archive list", "archive verify --all",
            "archive restore tweets --from 2026-01-01 --to 2026-02-01 --beside");
        var name = new Argument<string?>("TABLE") { Description = "Only files of one table", Arity = ArgumentArity.ZeroOrOne };
        command.Add(new Verb("list", "Show the files of the archive", "archive list", "archive list tweets --json") { name }
            .Runs(screen, globals, (session, cancellationToken) => ListAsync(session, session.Get(name), cancellationToken)));
        var all = new Option<bool>("--all") { Description = "Look at every file, not only at those that were not looked at the longest" };
        var most = new Option<int?>("--most") { Description = "Files to look at [default: 100]", HelpName = "N" };
        most.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is < 1) result.AddError("--most must be at least 1.");
        });
        command.Add(new Verb("verify", "Read files back and compare them with the manifest, value for value", "archive verify", "archive verify --all --json") { all, most }
            .Runs(screen, globals, (session, cancellationToken) => VerifyAsync(session, session.Get(all) ? null : session.Get(most) ?? 100, cancellationToken)));
        command.Add(Restore(screen, globals));
        command.Add(new Verb("drill", "Restore a file chosen at random into a temporary table and compare it", "archive drill", "archive drill --json")
            .Runs(screen, globals, DrillAsync));
        command.Add(Forget(screen, globals));
        return command;
    }

    static Verb Forget(Screen screen, GlobalOptions globals)
    {
        var lost = new Option<string[]>("--lost") { Description = "A file that is missing or damaged for good, by its name in the archive; may be given several times", HelpName = "FILE", Required = true };
        return new Verb("forget", "Write off files of the archive that are lost; a sound one is refused",
                "archive forget --lost tweets/year=2026/month=01/20260101T000000-01998a5e000070008000000000000000.parquet") { lost }
            .Runs(screen, globals, (session, cancellationToken) => ForgetAsync(session, session.Get(lost)!, cancellationToken));
    }

    static async Task<int> ForgetAsync(Session session, IReadOnlyCollection<string> lost, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var gone = await (await desk.ArchiveForgetAsync(session.Progress, cancellationToken)).RunAsync([.. lost.Distinct()], cancellationToken);
        if (session.Json)
        {
            session.WriteJson(gone, CommandJson.Relaxed.IReadOnlyListForgottenArchiveFile);
            return ExitCode.Ok;
        }
        foreach (var file in gone)
            session.Screen.Out.WriteLine($"{file.Path}: written off; its {file.Rows:n0} rows from {Moments.Text(file.From)} to {Moments.Text(file.To)} {(file.InTable ? "are in their table" : "are lost")}");
        return ExitCode.Ok;
    }

    static Verb Restore(Screen screen, GlobalOptions globals)
    {
        var table = new Argument<string>("TABLE") { Description = "Table whose rows are wanted" };
        var from = Moments.Option("--from", "First moment, inclusive [default: the oldest]", screen.Time);
        var to = Moments.Option("--to", "Last moment, exclusive [default: the newest]", screen.Time);
        var beside = new Option<bool>("--beside") { Description = "Into a table of its own, TABLE_restored, which is made anew" };
        return new Verb("restore", "Bring archived rows back, into their table or beside it, proven equal by hash",
                "archive restore tweets --from 2026-01-01 --to 2026-02-01", "archive restore trade_outcomes --beside --json") { table, from, to, beside }
            .Runs(screen, globals, (session, cancellationToken) =>
                RestoreAsync(session, session.Get(table)!, session.Get(from), session.Get(to), session.Get(beside), cancellationToken));
    }

    static async Task<int> ListAsync(Session session, string? table, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var files = (await ArchiveList.ReadAsync(desk.DataSource, table, null, null, cancellationToken))
            .Select(f => new ArchiveFileAnswer(f.Table, f.Key, f.From, f.To, f.Rows, f.Bytes, f.ContentHash, f.Sha256, f.CreatedAt, f.VerifiedAt, f.Problem, f.RestoredAt)).ToArray();
        if (session.Json)
        {
            session.WriteJson(files, CommandJson.Relaxed.IReadOnlyListArchiveFileAnswer);
            return ExitCode.Ok;
        }
        var listing = new TextTable(new("table"), new("from"), new("to"), new("rows", Right: true), new("bytes", Right: true), new("verified"), new("state"));
        foreach (var f in files)
            listing.Add(f.Table, Moments.Text(f.From), Moments.Text(f.To), $"{f.Rows:n0}", $"{f.Bytes:n0}", Moments.Text(f.VerifiedAt), f.Problem ?? (f.RestoredAt is null ? "archived" : "restored"));
        if (files.Length > 0) listing.Write(session.Screen);
        session.Screen.Out.WriteLine($"{files.Length:n0} files with {files.Sum(f => f.Rows):n0} rows in {desk.Options.ArchiveBucket?.ToString() ?? desk.Options.ArchiveDirectory}");
        return ExitCode.Ok;
    }

    static async Task<int> VerifyAsync(Session session, int? most, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var verifier = await desk.ArchiveVerifierAsync(session.Progress, cancellationToken);
        var found = await ProgressView.RunAsync(session, new LakeVerifyGauge(), (gauge, token) => verifier.VerifyAsync(most, gauge, token), cancellationToken);
        if (session.Json)
        {
            session.WriteJson(found, CommandJson.Relaxed.ArchiveVerifyResult);
        }
        else
        {
            foreach (var file in found.Bad) session.Screen.Out.WriteLine($"bad: {file.Path}: {file.Reason}");
            session.Screen.Out.WriteLine($"{found.Ok:n0} of {found.Files:n0} files are as the manifest says{(found.Left > 0 ? $"; {found.Left:n0} were not looked at, --all looks at every one" : "")}");
        }
        return found.Bad.Count == 0 ? ExitCode.Ok : ExitCode.BadInput;
    }

    static async Task<int> RestoreAsync(Session session, string table, DateTimeOffset? from, DateTimeOffset? to, bool beside, CancellationToken cancellationToken)
    {
        if (from >= to) throw CommandException.Usage("--from must be before --to.");
        await using var desk = await session.OpenAsync(cancellationToken);
        var restore = await desk.ArchiveRestoreAsync(session.Progress, cancellationToken);
        var done = await ProgressView.RunAsync(session, new RetentionCommand.RowGauge(), (gauge, token) => restore.RunAsync(table, from, to, beside, gauge, token), cancellationToken);
        if (session.Json) session.WriteJson(done, CommandJson.Relaxed.ArchiveRestoreResult);
        else session.Screen.Out.WriteLine($"{done.Rows:n0} rows from {done.Files:n0} files are in {done.Table}, equal to what was archived");
        return ExitCode.Ok;
    }

    static async Task<int> DrillAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var done = await (await desk.ArchiveDrillAsync(session.Progress, cancellationToken)).RunAsync(cancellationToken);
        if (session.Json) session.WriteJson(done, CommandJson.Relaxed.ArchiveDrillResult);
        else session.Screen.Out.WriteLine(done.Table is null ? "the archive is empty"
            : done.Succeeded ? $"{done.Path}: {done.Rows:n0} rows came back equal, in {done.Seconds:0.00} s" : $"{done.Path}: {done.Message}");
        return done.Succeeded ? ExitCode.Ok : ExitCode.BadInput;
    }
}
