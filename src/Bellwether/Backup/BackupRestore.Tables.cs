using System.IO.Compression;
using Npgsql;

namespace Bellwether.Backup;

public sealed partial class BackupRestore
{
    // Names of files on their way, which a restore that was cut off may have left; they are no data.
    const string Pending = "archive_pending";

    static async Task RequireRoomAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var (schema, name, _) in await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            if ((schema, name) == ("ops", Pending)) continue;
            await using var any = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {BackupCatalog.Quote(schema)}.{BackupCatalog.Quote(name)})", connection);
            if (await any.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
                throw new BackupException($"the database holds data already, in {schema}.{name} for instance", "Restore into an empty folder with --data NEWDIR, or add --replace to lose what is there.");
        }
    }

    static async Task MakeRoomAsync(NpgsqlConnection connection, bool replace, CancellationToken cancellationToken)
    {
        if (!replace) await RequireRoomAsync(connection, cancellationToken).ConfigureAwait(false);
        else
            foreach (var name in await BackupCatalog.ByProductsAsync(connection, cancellationToken).ConfigureAwait(false))
                await ExecuteAsync(connection, $"DROP TABLE {name}", cancellationToken).ConfigureAwait(false);
        // Those of the backup may have other bounds.
        foreach (var partition in (await BackupCatalog.PartitionsAsync(connection, cancellationToken).ConfigureAwait(false)).AsEnumerable().Reverse())
            await ExecuteAsync(connection, $"DROP TABLE {BackupCatalog.Quote(partition.Schema)}.{BackupCatalog.Quote(partition.Name)}", cancellationToken).ConfigureAwait(false);
        foreach (var month in await BackupCatalog.ColdMonthsAsync(connection, cancellationToken).ConfigureAwait(false))
            await ExecuteAsync(connection, $"DROP TABLE {month}", cancellationToken).ConfigureAwait(false);
        var tables = await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"TRUNCATE {string.Join(", ", tables.Select(table => $"{BackupCatalog.Quote(table.Schema)}.{BackupCatalog.Quote(table.Name)}"))}", cancellationToken)
            .ConfigureAwait(false);
    }

    static async Task LoadAsync(NpgsqlConnection connection, string folder, BackupManifest manifest, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var made = await MakeTablesAsync(connection, manifest, cancellationToken).ConfigureAwait(false);
        foreach (var p in manifest.Partitions)
            await ExecuteAsync(connection, $"CREATE TABLE {BackupCatalog.Quote(p.Schema)}.{BackupCatalog.Quote(p.Name)} PARTITION OF {BackupCatalog.Quote(p.ParentSchema)}.{BackupCatalog.Quote(p.Parent)} "
                + $"{p.Bound}{(p.Key is null ? "" : $" PARTITION BY {p.Key}")}", cancellationToken).ConfigureAwait(false);
        var done = 0;
        foreach (var table in manifest.Tables)
        {
            progress?.Report(new($"loading {table.Schema}.{table.Name}", done++, manifest.Tables.Count));
            using var digest = new CopyDigest();
            await using var file = File.OpenRead(Path.Combine(folder, table.File));
            await using var rows = new GZipStream(file, CompressionMode.Decompress);
            await CopyTables.InAsync(connection, table.Schema, table.Name, table.Columns, digest, rows, cancellationToken).ConfigureAwait(false);
        }
        foreach (var statement in made) await ExecuteAsync(connection, statement, cancellationToken).ConfigureAwait(false);
        foreach (var sequence in manifest.Sequences.Where(sequence => sequence.LastValue is not null))
        {
            await using var set = new NpgsqlCommand("SELECT setval(format('%I.%I', $1, $2)::regclass, $3)", connection);
            set.Parameters.Add(new() { Value = sequence.Schema });
            set.Parameters.Add(new() { Value = sequence.Name });
            set.Parameters.Add(new() { Value = sequence.LastValue!.Value });
            await set.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes what the backup names and no revision of the schema makes; returns what is left to do when the rows are there.</summary>
    static async Task<List<string>> MakeTablesAsync(NpgsqlConnection connection, BackupManifest manifest, CancellationToken cancellationToken)
    {
        var there = (await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false)).ToDictionary(table => (table.Schema, table.Name), table => table.Columns);
        var sequences = (await BackupCatalog.SequencesAsync(connection, cancellationToken).ConfigureAwait(false)).Select(sequence => (sequence.Schema, sequence.Name)).ToHashSet();
        var (now, later, last) = (new List<string>(), new List<string>(), new List<string>());
        var lacking = manifest.Tables.Where(table => table.Shape is not null && !there.ContainsKey((table.Schema, table.Name))).ToArray();
        foreach (var schema in lacking.Select(table => table.Schema).Distinct()) now.Add($"CREATE SCHEMA IF NOT EXISTS {BackupCatalog.Quote(schema)}");
        foreach (var sequence in manifest.Sequences.Where(sequence => sequence.Definition is not null && !sequences.Contains((sequence.Schema, sequence.Name))))
        {
            var name = $"{BackupCatalog.Quote(sequence.Schema)}.{BackupCatalog.Quote(sequence.Name)}";
            now.Add($"CREATE SEQUENCE {name} {sequence.Definition}");
            if (sequence.OwnedBy is { } owner) last.Add($"ALTER SEQUENCE {name} OWNED BY {owner}");
        }
        foreach (var table in lacking)
        {
            var shape = table.Shape!;
            now.Add($"CREATE TABLE {table.FullName} ({string.Join(", ", shape.Columns.Select(Defined))}){(shape.PartitionBy is { } key ? $" PARTITION BY {key}" : "")}");
            later.AddRange(shape.Constraints.Select(constraint => $"ALTER TABLE {table.FullName} ADD {constraint}"));
            later.AddRange(shape.Indexes);
            last.AddRange(shape.Links.Select(link => $"ALTER TABLE {table.FullName} ADD {link}"));
        }
        // Columns that somebody added to one that is there.
        foreach (var table in manifest.Tables.Except(lacking).Where(table => table.Shape is not null))
            now.AddRange(table.Shape!.Columns.Where(column => table.Columns.Contains(column.Name) && !there[(table.Schema, table.Name)].Contains(column.Name))
                .Select(column => $"ALTER TABLE {table.FullName} ADD COLUMN {Defined(column)}"));
        foreach (var statement in now) await ExecuteAsync(connection, statement, cancellationToken).ConfigureAwait(false);
        return [.. later, .. last];

        static string Defined(BackupColumn column) => $"{BackupCatalog.Quote(column.Name)} {column.Definition}";
    }

    /// <summary>Asks the database for what it was given.</summary>
    static async Task CompareAsync(NpgsqlConnection connection, BackupManifest manifest, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var table in manifest.Tables)
        {
            progress?.Report(new($"comparing {table.Schema}.{table.Name}", done++, manifest.Tables.Count));
            using var digest = new CopyDigest();
            await CopyTables.OutAsync(connection, table.Schema, table.Name, table.Columns, digest, null, cancellationToken).ConfigureAwait(false);
            if (digest.Rows != table.Rows || digest.ContentHash != table.ContentHash)
                throw new BackupException($"{table.Schema}.{table.Name} holds {digest.Rows} rows with {digest.ContentHash} after loading; the backup says {table.Rows} with {table.ContentHash}",
                    "Nothing was changed; report this.");
        }
    }
}
