using System.CommandLine;
using Bellwether.Backup;
using Bellwether.Retention.Erase;

namespace Bellwether.App.Commands;

/// <param name="Restored">What restoring it into a database of its own gave; null where that was not asked for.</param>
sealed record BackupCheckAnswer(string Path, DateTimeOffset TakenAt, int Files, int Ok, long Rows, IReadOnlyList<BadBackupFile> Bad, RestoreReport? Restored);

/// <summary><c>bellwether backup</c>: everything that the database holds, as of one moment, and back.</summary>
static class BackupCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("backup", "Back up the database, look at backups, and restore them",
            "backup create --with-lake --with-archive", "backup list", "backup verify --restore", "backup restore --from backups/ --data new/");
        command.Add(CreateVerb(screen, globals));
        command.Add(List(screen, globals));
        command.Add(Verify(screen, globals));
        command.Add(Restore(screen, globals));
        return command;
    }

    static Verb CreateVerb(Screen screen, GlobalOptions globals)
    {
        var to = new Option<string?>("--to") { Description = "Folder of backups; each is a folder in it [default: `backups` in the data folder]", HelpName = "DIR" };
        var withLake = new Option<bool>("--with-lake") { Description = "With the files of the lake; sealed days are in no other place" };
        var withArchive = new Option<bool>("--with-archive") { Description = "With the files of the archive; archived rows are in no other place" };
        var keep = new Option<int?>("--keep") { Description = "Afterwards remove all but the N newest backups of the folder", HelpName = "N" };
        keep.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1) result.AddError("--keep: at least 1 backup stays.");
        });
        return new Verb("create", "Write all tables as of one moment, while everybody goes on working", "backup create", "backup create --to /mnt/backups --with-lake --with-archive --keep 7 --json")
            { to, withLake, withArchive, keep }
            .Runs(screen, globals, async (session, token) =>
            {
                await using var desk = await session.OpenAsync(token);
                var writer = await desk.BackupWriterAsync(session.Progress, token);
                var folder = session.Get(to) ?? desk.Options.BackupFolder;
                var done = await ProgressView.RunAsync(session, new BackupProgressGauge(), (gauge, stop) => writer.CreateAsync(folder, session.Get(withLake), session.Get(withArchive), gauge, stop), token);
                if (session.Get(keep) is { } newest)
                    foreach (var old in BackupInfo.Thin(folder, newest)) session.Note($"removed {old}");
                if (session.Json)
                {
                    session.WriteJson(done, CommandJson.Relaxed.BackupReport);
                    return ExitCode.Ok;
                }
                session.Screen.Out.WriteLine($"{done.Path}: {done.Tables:n0} tables with {done.Rows:n0} rows, {(done.WithLake ? $"{done.LakeFiles:n0} lake files, " : "")}{(done.WithArchive ? $"{done.ArchiveFiles:n0} archive files, " : "")}{done.Bytes:n0} bytes, in {done.Seconds:0.00} s");
                if (done.SealedOutside > 0) session.Note($"The rows of {done.SealedOutside:n0} sealed days are in the lake only: add --with-lake, or back up the lake itself.");
                if (done.ArchivedOutside > 0) session.Note($"The rows of {done.ArchivedOutside:n0} archive files are in the archive only: add --with-archive, or back up the archive itself.");
                return ExitCode.Ok;
            });
    }

    static Verb List(Screen screen, GlobalOptions globals)
    {
        var folder = new Option<string?>("--in") { Description = "Folder of backups [default: `backups` in the data folder]", HelpName = "DIR" };
        return new Verb("list", "List backups, newest first", "backup list", "backup list --in /mnt/backups --json") { folder }.Runs(screen, globals, (session, _) =>
        {
            var found = BackupInfo.List(session.Get(folder) ?? session.LoadOptions().BackupFolder);
            if (session.Json)
            {
                session.WriteJson(found, CommandJson.Relaxed.IReadOnlyListBackupInfo);
                return Task.FromResult(ExitCode.Ok);
            }
            var table = new TextTable(new("taken at"), new("rows", Right: true), new("bytes", Right: true), new("lake"), new("archive"), new("schema", Right: true), new("folder"));
            foreach (var b in found.Where(b => b.Problem is null))
                table.Add(Moments.Text(b.TakenAt), $"{b.Rows:n0}", $"{b.Bytes:n0}", b.WithLake ? $"{b.LakeFiles:n0} files" : "no", b.WithArchive ? $"{b.ArchiveFiles:n0} files" : "no", $"{b.Revision}", b.Path);
            table.Write(session.Screen);
            foreach (var bad in found.Where(b => b.Problem is not null)) session.Screen.Out.WriteLine($"bad: {bad.Path} {bad.Problem}");
            return Task.FromResult(ExitCode.Ok);
        });
    }

    static Verb Verify(Screen screen, GlobalOptions globals)
    {
        var from = From("A backup, or a folder of backups for its newest one [default: `backups` in the data folder]");
        var restore = new Option<bool>("--restore") { Description = "Restore it into a database of its own as well, compare every row there, and throw it away" };
        return new Verb("verify", "Read a backup to its last byte and compare it with its manifest", "backup verify", "backup verify --from /mnt/backups --restore --json") { from, restore }
            .Runs(screen, globals, async (session, token) =>
            {
                var folder = BackupInfo.Resolve(session.Get(from) ?? session.LoadOptions().BackupFolder, bad => Skipped(session, bad));
                var check = await ProgressView.RunAsync(session, new BackupProgressGauge(), (gauge, stop) => BackupVerifier.RunAsync(folder, gauge, stop), token);
                var restored = session.Get(restore) && check.Bad.Count == 0 ? await DrillAsync(session, folder, token) : null;
                if (session.Json)
                {
                    session.WriteJson(new(check.Path, check.TakenAt, check.Files, check.Ok, check.Rows, check.Bad, restored), CommandJson.Relaxed.BackupCheckAnswer);
                }
                else
                {
                    foreach (var file in check.Bad) session.Screen.Out.WriteLine($"bad: {file.File} {file.Reason}");
                    session.Screen.Out.WriteLine($"{check.Ok:n0} of {check.Files:n0} files of {check.Path} are as its manifest says, {check.Rows:n0} rows");
                    if (restored is not null) session.Screen.Out.WriteLine($"restored and compared: {restored.Tables:n0} tables with {restored.Rows:n0} rows, in {restored.Seconds:0.00} s");
                }
                return check.Bad.Count == 0 ? ExitCode.Ok : ExitCode.BadInput;
            });
    }

    static Verb Restore(Screen screen, GlobalOptions globals)
    {
        var from = From("A backup, or a folder of backups for its newest one");
        from.Required = true;
        var replace = new Option<bool>("--replace") { Description = "Lose what the database of the data folder holds" };
        var force = new Option<bool>("--force") { Description = "Also while a desk is running on the database; what its processes have in hand may be mixed in" };
        return new Verb("restore", "Bring a backup into an empty data folder, or in place of what one holds", "backup restore --from backups/ --data new/", "backup restore --from /mnt/backups --data desk/ --replace --json")
            { from, replace, force }
            .Runs(screen, globals, async (session, token) =>
            {
                if (session.NamedDataDirectory is null && !session.Get(replace))
                    throw CommandException.Usage("It must be said where to restore to.", "Name an empty folder with --data NEWDIR.");
                var folder = BackupInfo.Resolve(session.Get(from)!, bad => Skipped(session, bad));
                var done = await RestoreAsync(session, folder, session.LoadOptions(), session.Get(replace), session.Get(force), token);
                if (session.Json)
                {
                    session.WriteJson(done, CommandJson.Relaxed.RestoreReport);
                    return ExitCode.Ok;
                }
                session.Screen.Out.WriteLine($"restored {done.Tables:n0} tables with {done.Rows:n0} rows as of {Moments.Text(done.TakenAt)}, {done.LakeFiles:n0} lake files and {done.ArchiveFiles:n0} archive files, in {done.Seconds:0.00} s");
                if (done.DaysToWrite > 0) session.Note($"{done.DaysToWrite:n0} days are written to the lake again: `bellwether lake write`, or the next `bellwether serve`.");
                if (done.SealedMissing is [var first, ..])
                    session.Note($"The files of {done.SealedMissing.Count:n0} sealed days, among them {first:yyyy-MM-dd}, are not there: put the old lake's files into {session.LoadOptions().LakePlace}.");
                if (done.ArchiveMissing is [var key, ..])
                    session.Note($"{done.ArchiveMissing.Count:n0} archive files, among them {key}, are not there: put the old archive's files into {session.LoadOptions().ArchivePlace}.");
                return ExitCode.Ok;
            });
    }

    static Option<string?> From(string description) => new("--from") { Description = description, HelpName = "DIR" };

    static async Task<RestoreReport> RestoreAsync(Session session, string folder, DeskOptions options, bool replace, bool force, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken, migrate: false, options: options);
        var restore = await desk.BackupRestoreAsync(session.Progress, cancellationToken);
        var done = await ProgressView.RunAsync(session, new BackupProgressGauge(), (gauge, stop) => restore.RunAsync(folder, replace, force, gauge, stop), cancellationToken);
        // The database went back: what a shared hot store has is newer, and wrong.
        if (desk.Hot is Sentiment.HotStore.GuardedHotStore shared) await new Sentiment.HotStore.HotStoreRebuild(desk.Reader, shared.Inner).RunAsync(null, cancellationToken);
        return done;
    }

    static void Skipped(Session session, BackupInfo bad) => session.Note($"passed over {bad.Path}: {bad.Problem}");

    /// <summary>Restores into a private database that is thrown away.</summary>
    static async Task<RestoreReport> DrillAsync(Session session, string folder, CancellationToken cancellationToken)
    {
        var options = session.LoadOptions();
        foreach (var dead in DrillFolders.Dead(options.DataDirectory)) DrillFolders.Remove(dead);
        var scratch = DrillFolders.Of(options.DataDirectory);
        try
        {
            return await RestoreAsync(session, folder, options.Passing() with { DataDirectory = scratch, Postgres = null, HotStore = new() }, false, false, cancellationToken);
        }
        finally
        {
            DrillFolders.Remove(scratch);
        }
    }
}

/// <summary>How far a backup or a restore has come.</summary>
sealed class BackupProgressGauge : IGauge, IProgress<BackupGauge>
{
    volatile Tuple<BackupGauge>? _state;

    public void Report(BackupGauge value) => _state = Tuple.Create(value);

    public string Text => _state?.Item1 is { } s ? $"{s.Stage}: {s.Done:n0}{(s.Total > 0 ? $" of {s.Total:n0}" : "")}" : "beginning";

    public double? Fraction => _state?.Item1 is { Total: > 0 } s ? Math.Min(1, (double)s.Done / s.Total) : null;
}
