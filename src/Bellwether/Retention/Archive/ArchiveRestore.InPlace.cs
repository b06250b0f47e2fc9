using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Retention.Archive;

public sealed partial class ArchiveRestore
{
    async Task<(long Rows, int Files)> InPlaceAsync(Run run, List<ArchiveFile> files, CancellationToken cancellationToken)
    {
        if (run.Live.Key.Count == 0) throw new RetentionException($"{run.Live.Name} has no primary key to find its rows by: restore them beside, with --beside");
        var (rows, used) = (0L, 0);
        foreach (var file in files)
        {
            if (file.Columns.FirstOrDefault(column => run.Live.Column(column.Name) is null) is { } gone)
                throw new RetentionException($"{run.Live.Name} has no column {gone.Name} any more: restore the rows beside, with --beside");
            var restored = await InPlaceAsync(run, file, cancellationToken).ConfigureAwait(false);
            if (restored == 0) continue;
            (rows, used) = (rows + restored, used + 1);
            run.Progress?.Report(rows);
        }
        return (rows, used);
    }

    /// <summary>One file, or its part in the range, in one transaction; what is not wanted becomes files of its own.</summary>
    async Task<long> InPlaceAsync(Run run, ArchiveFile file, CancellationToken cancellationToken)
    {
        var path = await run.Workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
        Require(file, path, run.Workshop, cancellationToken);
        var (wanted, rest) = Split(run, file, path, cancellationToken);
        if (wanted is null) return 0;
        if (rest.Count > 0) await ArchiveCatalog.StoreAsync(database, run.Workshop, [wanted, .. rest], cancellationToken).ConfigureAwait(false);
        // Storing may move a file: it is read from where it can be had.
        var local = File.Exists(wanted.Path) ? wanted.Path : await CopyAsync(run, wanted, cancellationToken).ConfigureAwait(false);

        await using var transaction = await run.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(run.Connection, "SET LOCAL idle_in_transaction_session_timeout = '15min'; SET LOCAL lock_timeout = '5s'", cancellationToken).ConfigureAwait(false);
        var transfer = new ArchiveTransfer(run.Connection, run.Workshop, file.Columns, file.Time);
        var loaded = await transfer.LoadAsync(local, cancellationToken).ConfigureAwait(false);
        Require(file, wanted.Digest.ToString(), loaded.ToString());
        await EnsurePartitionsAsync(run, wanted.From, wanted.To, cancellationToken).ConfigureAwait(false);

        var links = LinksOf(run.Live.Name, file);
        var values = file.Columns.Select(column => links.TryGetValue(column.Name, out var link) ? link : ArchiveTransfer.Value(column, run.Live.Column(column.Name)!.Type));
        await ExecuteAsync(run.Connection,
            $"INSERT INTO {run.Live.Qualified} ({transfer.Names}) OVERRIDING SYSTEM VALUE SELECT {string.Join(", ", values)} FROM {ArchiveTransfer.Staged} AS a ON CONFLICT DO NOTHING",
            cancellationToken).ConfigureAwait(false);
        await RelinkAsync(run, file, cancellationToken).ConfigureAwait(false);
        await ProveAsync(run, file, transfer, wanted, links, cancellationToken).ConfigureAwait(false);

        var now = time.GetUtcNow();
        if (rest.Count > 0)
        {
            await ArchiveCatalog.ForgetAsync(run.Connection, [file], cancellationToken, options.KeepSuperseded).ConfigureAwait(false);
            await ArchiveCatalog.RecordAsync(run.Connection, file.Table, file.Time, [wanted, .. rest], cancellationToken).ConfigureAwait(false);
        }
        await using (var mark = new NpgsqlCommand("UPDATE ops.archive_files SET restored_at = $2 WHERE key = $1", run.Connection))
        {
            mark.Parameters.Add(new() { Value = rest.Count > 0 ? wanted.Key : file.Key });
            mark.Parameters.Add(ArchiveCatalog.Time(now));
            await mark.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        ArchiveWorkshop.Remove(local);
        return wanted.Digest.Rows;
    }

    /// <summary>The part of a file in the range, and the parts before and behind it; together they are the file, by its hash.</summary>
    static (StagedFile? Wanted, List<StagedFile> Others) Split(Run run, ArchiveFile file, string path, CancellationToken cancellationToken)
    {
        var (from, to) = (run.From > file.From ? run.From : file.From, run.To < file.To ? run.To : file.To);
        var parquet = run.Workshop.Parquet;
        if (from == file.From && to == file.To)
            return (run.Workshop.Verified(path, file.Columns, file.TimePlace, parquet.Read(path, file.Columns, file.TimePlace, cancellationToken), file.Table, from, to, cancellationToken), []);
        var (together, parts) = (new LakeDigest(), new List<StagedFile?>());
        foreach (var (start, end) in new[] { (file.From, from), (from, to), (to, file.To) })
        {
            var part = run.Workshop.NewPath();
            parquet.Filter(path, part, Within(file.Time, start, end), cancellationToken);
            var digest = parquet.Read(part, file.Columns, file.TimePlace, cancellationToken, together);
            parts.Add(digest.Rows == 0 ? null : run.Workshop.Verified(part, file.Columns, file.TimePlace, digest, file.Table, start, end, cancellationToken));
        }
        if (!file.Is(together)) throw new RetentionException($"the parts of {file.Key} are not the whole; nothing was changed");
        ArchiveWorkshop.Remove(path);
        return (parts[1], [.. new[] { parts[0], parts[2] }.OfType<StagedFile>()]);
    }

    async Task<string> CopyAsync(Run run, StagedFile file, CancellationToken cancellationToken)
    {
        var path = run.Workshop.NewPath();
        await options.Objects.GetAsync(file.Key, path, file.Sha256, cancellationToken).ConfigureAwait(false);
        return path;
    }

    /// <summary>The rows by their key as the table has them now, links aside: those are of today.</summary>
    static async Task ProveAsync(Run run, ArchiveFile file, ArchiveTransfer transfer, StagedFile wanted, Dictionary<string, string> links, CancellationToken cancellationToken)
    {
        var keys = run.Live.Key.Select(key => $"t.{LakeColumn.Quote(key)} = " + (file.Columns.FirstOrDefault(column => column.Name == key) is { } column
            ? ArchiveTransfer.Value(column, run.Live.Column(key)!.Type)
            : throw new RetentionException($"{file.Key} has no column {key}, which the rows are found by: restore them beside, with --beside")));
        var shown = file.Columns.Select(column => links.ContainsKey(column.Name) ? $"a.{column.Quoted}"
            : run.Live.Column(column.Name)!.Type == column.Type ? column.Sent("t") : $"t.{column.Quoted}::{column.Type}{(column.Kind == LakeKind.Text ? "::text" : "")}");
        var found = await transfer.DigestAsync(
            $"SELECT {string.Join(", ", shown)} FROM {ArchiveTransfer.Staged} AS a JOIN {run.Live.Qualified} AS t ON {string.Join(" AND ", keys)}", cancellationToken).ConfigureAwait(false);
        if (found.ToString() != wanted.Digest.ToString())
            throw new RetentionException(
                $"{run.Live.Name} has other rows in the place of some of {file.Key}: {found} instead of {wanted.Digest}. Nothing was changed; restore them beside, with --beside");
    }

    /// <summary>Links to tables whose rows may have come back under other numbers, or not at all.</summary>
    Dictionary<string, string> LinksOf(string table, ArchiveFile file) => policies.All
        .SelectMany(parent => parent.Dependents.Where(link => link.Dependent == table && link is { Link: not null, Key: not null }), (parent, link) => (parent, link))
        .Where(pair => file.Columns.Any(column => column.Name == pair.link.Link) && file.Columns.Any(column => column.Name == pair.link.Key))
        .ToDictionary(pair => pair.link.Link!, pair => $"(SELECT p.id FROM sentiment.{pair.parent.Table} AS p WHERE p.{pair.link.Key} = a.{pair.link.Key})", StringComparer.Ordinal);

    /// <summary>What outlived the rows is linked to them again.</summary>
    static async Task RelinkAsync(Run run, ArchiveFile file, CancellationToken cancellationToken)
    {
        foreach (var link in run.Policy.Dependents.Where(link => link is { Link: not null, Key: not null } && file.Columns.Any(column => column.Name == link.Key)))
            await ExecuteAsync(run.Connection, $"""
                UPDATE sentiment.{link.Dependent} AS c SET {link.Link} = t.id FROM {run.Live.Qualified} AS t JOIN {ArchiveTransfer.Staged} AS a ON a.{link.Key} = t.{link.Key}
                WHERE c.{link.Key} = t.{link.Key} AND c.{link.Link} IS NULL
                """, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Partitions that were dropped are made again where the range has none.</summary>
    static async Task EnsurePartitionsAsync(Run run, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        if (!run.Live.IsPartitioned) return;
        var live = (await LiveTable.FindAsync(run.Connection, run.Live.Name, cancellationToken).ConfigureAwait(false))!;
        if (live.Partitions.Any(p => p.From is null && p.To is null)) return;
        var at = from;
        foreach (var partition in live.Partitions.OrderBy(p => p.From ?? DateTimeOffset.MinValue))
        {
            var (start, end) = (partition.From ?? DateTimeOffset.MinValue, partition.To ?? DateTimeOffset.MaxValue);
            if (end <= at) continue;
            if (start >= to) break;
            if (start > at) await CreateAsync(at, start).ConfigureAwait(false);
            at = end;
        }
        if (at < to) await CreateAsync(at, to).ConfigureAwait(false);

        Task CreateAsync(DateTimeOffset start, DateTimeOffset end) => ExecuteAsync(run.Connection, $"""
            CREATE TABLE {LakeColumn.Quote(live.Schema)}.{LakeColumn.Quote($"{live.Name}_r{start.UtcTicks / 10:x}")} PARTITION OF {live.Qualified}
            FOR VALUES FROM ({RetentionScope.At(start)}) TO ({RetentionScope.At(end)})
            """, cancellationToken);
    }
}
