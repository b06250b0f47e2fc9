using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <summary>Rows of one file in PostgreSQL, in a temporary table of the caller's transaction, and what is done with them there.</summary>
sealed class ArchiveTransfer(NpgsqlConnection connection, ArchiveWorkshop workshop, IReadOnlyList<ArchiveColumn> columns, string time)
{
    public const string Staged = "pg_temp.archived";

    int Place => columns.Select(column => column.Name).ToList().IndexOf(time);

    /// <summary>Loads a file; returns what it holds.</summary>
    public async Task<LakeDigest> LoadAsync(string path, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            $"DROP TABLE IF EXISTS {Staged}; CREATE TEMP TABLE archived ({string.Join(", ", columns.Select(column => $"{column.Quoted} {column.StagedType}"))}) ON COMMIT DROP",
            cancellationToken).ConfigureAwait(false);
        return await workshop.Parquet.LoadAsync(path, columns, Place, connection, Staged, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Inserts the loaded rows into a table with these columns; returns what the table took.</summary>
    public Task<LakeDigest> InsertAsync(string table, CancellationToken cancellationToken) => DigestAsync($"""
        INSERT INTO {table} AS t ({Names}) SELECT {string.Join(", ", columns.Select(column => Value(column, column.Type)))} FROM {Staged} AS a
        RETURNING {string.Join(", ", columns.Select(column => column.Sent("t")))}
        """, cancellationToken);

    /// <summary>What a query gives back, which selects the columns in order and as they are sent.</summary>
    public async Task<LakeDigest> DigestAsync(string query, CancellationToken cancellationToken)
    {
        var (digest, encoder, place) = (new LakeDigest(), new LakeRowEncoder(columns.Select(column => column.Kind)), Place);
        await using var stream = await connection.BeginRawBinaryCopyAsync(PostgresToDuckDb.Copy(query), cancellationToken).ConfigureAwait(false);
        using var rows = new PostgresCopyReader(stream, columns.Count);
        while (await rows.FillAsync(cancellationToken).ConfigureAwait(false))
            while (rows.Next())
            {
                encoder.Encode(rows);
                digest.Add(rows.IsNull(place) ? 0 : PostgresToDuckDb.Timestamp(rows.Field(place)), encoder.Row);
            }
        return digest;
    }

    public string Names => string.Join(", ", columns.Select(column => column.Quoted));

    /// <summary>A loaded value in a type of the target.</summary>
    public static string Value(ArchiveColumn column, string type) => column.StagedType == type ? $"a.{column.Quoted}" : $"a.{column.Quoted}::{type}";

    public async Task<long> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
