using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <param name="Path">Name in the archive.</param>
/// <param name="Rows">Rows that the file held.</param>
/// <param name="InTable">They are in their table as well, so that none is lost.</param>
/// <param name="Reason">Why it cannot be read.</param>
public sealed record ForgottenArchiveFile(string Table, string Path, DateTimeOffset From, DateTimeOffset To, long Rows, bool InTable, string Sha256, string Reason);

/// <summary>
/// Writes off archive files that are lost: missing, or damaged. What they held and their hashes stay in <c>ops.retention_actions</c>, so that a copy
/// which turns up later can still be recognised.
/// </summary>
public sealed class ArchiveForget(NpgsqlDataSource database, ArchiveOptions options, TimeProvider time)
{
    /// <summary>Name of the action.</summary>
    public const string Action = "forget_lost";

    /// <param name="keys">Names in the archive; all of them are written off, or none.</param>
    /// <exception cref="RetentionException">There is no such file, or it is sound.</exception>
    /// <exception cref="ObjectStoreException">It cannot be told: the store cannot be asked, or does not let this program read.</exception>
    public async Task<IReadOnlyList<ForgottenArchiveFile>> RunAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        var files = await ArchiveCatalog.NamedAsync(mine.Connection, keys, cancellationToken).ConfigureAwait(false);
        if (keys.Except(files.Select(file => file.Key)).ToArray() is [var unknown, ..])
            throw new RetentionException($"there is no file {unknown} in the manifest of the archive; `bellwether archive list --json` names them. Nothing was changed");
        var lost = new List<ForgottenArchiveFile>();
        using (var workshop = new ArchiveWorkshop(options, time))
            foreach (var file in files)
                lost.Add(new(file.Table, file.Key, file.From, file.To, file.Rows, file.RestoredAt is not null, file.Sha256,
                    await LossAsync(workshop, file, cancellationToken).ConfigureAwait(false)
                    ?? throw new RetentionException($"{file.Key} is there, and holds what the manifest says. Nothing was changed")));
        await using (var transaction = await mine.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false))
        {
            var audit = await RetentionAudit.BeginAsync(mine.Connection, RetentionCause.Command, time, cancellationToken).ConfigureAwait(false);
            foreach (var (file, entry) in files.Zip(lost))
                await audit.AddAsync(file.Table, Action, file.Rows, file.Bytes, file.To,
                    $"{file.Key} with rows from {file.From:u} to {file.To:u}, SHA-256 {file.Sha256}, content {file.ContentHash}{(entry.InTable ? ", which are in their table" : "")}: {entry.Reason}",
                    cancellationToken).ConfigureAwait(false);
            await ArchiveCatalog.ForgetAsync(mine.Connection, files, cancellationToken).ConfigureAwait(false);
            await audit.EndAsync(true, $"{files.Count} lost files of the archive were written off", cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        // Of a damaged one the rest goes too.
        await ArchiveCatalog.SweepAsync(mine.Connection, options.Objects, cancellationToken).ConfigureAwait(false);
        return lost;
    }

    /// <summary>Null for a file that is sound. Whoever may not read it does not know whether it is lost.</summary>
    static async Task<string?> LossAsync(ArchiveWorkshop workshop, ArchiveFile file, CancellationToken cancellationToken)
    {
        try
        {
            var path = await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
            // It has the hash that it was recorded with, when it was read back and compared.
            ArchiveWorkshop.Remove(path);
            return null;
        }
        catch (RetentionException error)
        {
            return error.Message;
        }
    }
}
