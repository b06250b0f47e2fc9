using Npgsql;

namespace Bellwether.Counts;

/// <summary>An account whose posts are counted.</summary>
/// <param name="ObservedFrom">From here on the collector has seen everything, except for recorded gaps; null before the first post.</param>
/// <param name="ObservedUntil">Up to here, excluded.</param>
public sealed record CountAccount(string Account, DateTimeOffset? ObservedFrom, DateTimeOffset? ObservedUntil)
{
    /// <summary>Whole hours that may be counted.</summary>
    internal (DateTimeOffset From, DateTimeOffset Until) Hours => ObservedFrom is { } from && ObservedUntil is { } until
        ? (CountsClock.CeilingHour(from), CountsClock.FloorHour(until))
        : throw new CountsException(CountsProblem.NotEnough, $"There is no post of {Account} yet.", $"Import some: bellwether counts import FILE --account {Account}");

    public static async Task<IReadOnlyList<CountAccount>> ListAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await connection.Sql("SELECT account, observed_from, observed_until FROM counts.accounts ORDER BY account").ListAsync(Read, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="CountsException">There is no such account.</exception>
    public static async Task<CountAccount> GetAsync(NpgsqlConnection connection, string account, CancellationToken cancellationToken)
    {
        var found = await connection.Sql("SELECT account, observed_from, observed_until FROM counts.accounts WHERE account = $1", account)
            .ListAsync(Read, cancellationToken).ConfigureAwait(false);
        return found is [var one] ? one : throw Missing(account);
    }

    /// <summary>
    /// Locks an account until the end of the transaction, and gives the time of what is done in it: later than that of everything done before,
    /// even when the clock was set back meanwhile.
    /// </summary>
    /// <param name="create">Whether an account that is new is made.</param>
    /// <exception cref="CountsException">There is no such account.</exception>
    internal static async Task<(CountAccount Account, DateTimeOffset Now)> LockAsync(
        NpgsqlConnection connection, string account, TimeProvider time, bool create, CancellationToken cancellationToken)
    {
        const string advance = "last_change = greatest(a.last_change + interval '1 microsecond', $2)";
        var sql = create
            ? $"""
                INSERT INTO counts.accounts AS a (account, created_at, last_change) VALUES ($1, $2, $2)
                ON CONFLICT (account) DO UPDATE SET {advance} RETURNING account, observed_from, observed_until, last_change
                """
            : $"UPDATE counts.accounts AS a SET {advance} WHERE account = $1 RETURNING account, observed_from, observed_until, last_change";
        var rows = await connection.Sql(sql, account, time.Now()).ListAsync(row => (Read(row), row.Time(3)), cancellationToken).ConfigureAwait(false);
        return rows is [var one] ? one : throw Missing(account);
    }

    static CountAccount Read(NpgsqlDataReader row) => new(row.GetString(0), row.TimeOrNull(1), row.TimeOrNull(2));

    static CountsException Missing(string account) => new(
        CountsProblem.Unknown, $"Nothing is known about the account '{account}'.", $"Import its posts: bellwether counts import FILE --account {account}");
}
