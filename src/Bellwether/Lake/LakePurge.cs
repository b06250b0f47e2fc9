using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake;

/// <summary>Writes days anew from which rows were taken for good, and removes what still holds these rows: replaced versions, and their copies in the cache.</summary>
public sealed class LakePurge(NpgsqlDataSource database, LakeOptions options, TimeProvider time)
{
    /// <param name="days">Days that are dirty because of it.</param>
    public async Task RunAsync(IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        var old = await HashesAsync("WHERE day = ANY($1)", days, cancellationToken).ConfigureAwait(false);
        await new LakeWriter(database, options, time).WriteDirtyDaysAsync(null, cancellationToken).ConfigureAwait(false);
        var named = await HashesAsync("WHERE $1::date[] IS NOT NULL", days, cancellationToken).ConfigureAwait(false);
        // No grace for anybody: a query that began before gets an error instead of what was erased.
        await new LakeFiles(options with { KeepReplaced = TimeSpan.Zero }, time).SweepAsync(named, cancellationToken).ConfigureAwait(false);
        foreach (var hash in old.Except(named)) options.Store?.Cache.Forget(hash);
    }

    async Task<HashSet<string>> HashesAsync(string condition, IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT file_sha256 FROM ops.lake_files {condition} AND file_sha256 IS NOT NULL");
        command.Parameters.Add(new() { Value = days.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) hashes.Add(row.GetString(0));
        return hashes;
    }
}
