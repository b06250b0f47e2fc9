using Bellwether.Counts.Buckets;
using Npgsql;

namespace Bellwether.Counts.Gaps;

/// <summary>A stretch in which the collector was away, half-open.</summary>
public sealed record CountGap(long Id, string Account, DateTimeOffset GapStart, DateTimeOffset GapEnd, string? Reason, string Source, DateTimeOffset CreatedAt);

/// <summary>A gap that is to be recorded.</summary>
public sealed record NewGap(DateTimeOffset GapStart, DateTimeOffset GapEnd, string? Reason = null, string Source = "manual");

/// <summary>Recorded gaps. Hours and days that touch one are not counted as empty; they are not counted at all.</summary>
public sealed class GapStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    public async Task<IReadOnlyList<CountGap>> ListAsync(string account, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await CountAccount.GetAsync(connection, account, cancellationToken).ConfigureAwait(false);
        return await ListAsync(connection, account, cancellationToken).ConfigureAwait(false);
    }

    internal static Task<List<CountGap>> ListAsync(NpgsqlConnection connection, string account, CancellationToken cancellationToken) => connection.Sql(
        "SELECT id, account, gap_start, gap_end, reason, source, created_at FROM counts.gaps WHERE account = $1 AND NOT is_deleted ORDER BY gap_start, gap_end", account)
        .ListAsync(row => new CountGap(row.GetInt64(0), row.GetString(1), row.Time(2), row.Time(3), row.TextOrNull(4), row.GetString(5), row.Time(6)), cancellationToken);

    /// <summary>Records gaps; those that are recorded already stay as they are. Returns how many are new.</summary>
    public async Task<int> AddAsync(string account, IReadOnlyCollection<NewGap> gaps, CancellationToken cancellationToken)
    {
        foreach (var gap in gaps)
        {
            if (gap.GapEnd <= gap.GapStart) throw CountsException.Input($"A gap from {gap.GapStart:u} to {gap.GapEnd:u} ends before it begins.");
            CountsLimits.Require("The start of a gap", gap.GapStart);
            CountsLimits.Require("The end of a gap", gap.GapEnd);
        }
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        var added = 0;
        foreach (var gap in gaps) added += await AddAsync(connection, account, gap, now, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return added;
    }

    internal static Task<int> AddAsync(NpgsqlConnection connection, string account, NewGap gap, DateTimeOffset now, CancellationToken cancellationToken) => connection.Sql("""
        INSERT INTO counts.gaps AS g (account, gap_start, gap_end, reason, source, created_at, changed_at) VALUES ($1, $2, $3, $4::text, $5, $6, $6)
        ON CONFLICT (account, gap_start, gap_end) DO UPDATE SET is_deleted = false, changed_at = excluded.changed_at WHERE g.is_deleted
        """, account, gap.GapStart, gap.GapEnd, gap.Reason, gap.Source, now).RunAsync(cancellationToken);

    /// <summary>
    /// Says that the collector was there: a silence in this stretch is one of the account, and not an outage, however long it looks. A gap that was
    /// removed says the same of its stretch. Returns whether it is new.
    /// </summary>
    public async Task<bool> ConfirmAsync(string account, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        if (to <= from) throw CountsException.Input($"The stretch from {from:u} to {to:u} ends before it begins.");
        CountsLimits.Require("The start of the stretch", from);
        CountsLimits.Require("The end of the stretch", to);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        var made = await connection.Sql("""
            INSERT INTO counts.gaps (account, gap_start, gap_end, reason, source, created_at, is_deleted, changed_at) VALUES ($1, $2, $3, 'the collector was there', 'manual', $4, true, $4)
            ON CONFLICT (account, gap_start, gap_end) DO NOTHING
            """, account, from, to, now).RunAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return made == 1;
    }

    /// <summary>Stretches of removed gaps.</summary>
    internal static Task<List<CountWindow>> SeenAsync(NpgsqlConnection connection, string account, CancellationToken cancellationToken) => connection.Sql(
        "SELECT gap_start, gap_end FROM counts.gaps WHERE account = $1 AND is_deleted", account).ListAsync(row => new CountWindow(row.Time(0), row.Time(1)), cancellationToken);

    /// <exception cref="CountsException">There is no such gap.</exception>
    public async Task RemoveAsync(string account, long id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        if (await connection.Sql("UPDATE counts.gaps SET is_deleted = true, changed_at = $3 WHERE account = $1 AND id = $2 AND NOT is_deleted", account, id, now)
            .RunAsync(cancellationToken).ConfigureAwait(false) == 0)
            throw new CountsException(CountsProblem.Unknown, $"{account} has no gap {id}.", "`bellwether counts gaps list` shows them.");
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }
}
