using Npgsql;

namespace Bellwether.Counts.Import;

/// <param name="Changed">Posts whose mark changed.</param>
/// <param name="Unknown">Ids that are not there.</param>
public sealed record DeletionResult(string Account, bool Deleted, int Changed, int Unchanged, IReadOnlyList<string> Unknown);

/// <summary>Marks posts as deleted and back again: they stay, and stop or start to count.</summary>
public sealed class PostDeletion(NpgsqlDataSource dataSource, TimeProvider time)
{
    public async Task<DeletionResult> RunAsync(string account, IReadOnlyCollection<string> ids, bool deleted, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        string[] distinct = [.. ids.Distinct(StringComparer.Ordinal)];
        var changed = await connection.Sql(
            "UPDATE counts.raw_tweets SET is_deleted = $3, changed_at = $4 WHERE account = $1 AND tweet_id = ANY($2) AND is_deleted <> $3", account, distinct, deleted, now)
            .RunAsync(cancellationToken).ConfigureAwait(false);
        var unknown = await connection.Sql(
            "SELECT id FROM unnest($2::text[]) AS u(id) WHERE NOT EXISTS (SELECT FROM counts.raw_tweets WHERE account = $1 AND tweet_id = u.id) ORDER BY id", account, distinct)
            .ListAsync(row => row.GetString(0), cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(account, deleted, changed, distinct.Length - changed - unknown.Count, unknown);
    }
}
