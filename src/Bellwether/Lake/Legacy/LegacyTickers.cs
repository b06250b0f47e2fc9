using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>
/// What migrated results mean for the live states of their tickers. Supplied by whoever keeps those states; all of it happens inside the
/// transaction of the connection.
/// </summary>
/// <param name="Add">Adds results to the states of their tickers; returns the revisions that they have then.</param>
/// <param name="Refold">Computes the states of tickers anew from all of their results.</param>
/// <param name="EnsureDays">Makes room for results of these days, before the transaction.</param>
/// <param name="ForgetDays">The room of these days is gone again.</param>
/// <param name="Channel">Notification channel on which the keepers of caches are told.</param>
public sealed record LegacyTickers(
    Func<NpgsqlConnection, IReadOnlyList<LakeRow>, CancellationToken, Task<IReadOnlyDictionary<string, long>>> Add,
    Func<NpgsqlConnection, IReadOnlyList<string>, IAsyncEnumerable<LakeRow>, CancellationToken, Task> Refold,
    Func<IReadOnlyCollection<DateOnly>, CancellationToken, Task> EnsureDays,
    Action<IReadOnlyCollection<DateOnly>> ForgetDays,
    string Channel)
{
    /// <summary>Payload of a notification: states went back, so that the older revision is the right one.</summary>
    public const string WentBack = "back";
}
