using Bellwether.Counts.Buckets;
using Bellwether.Counts.Events;
using Npgsql;

namespace Bellwether.Counts.Features;

/// <param name="Computed">Rows that were computed now.</param>
/// <param name="Rows">Rows that there are.</param>
public sealed record FeatureResult(string Account, string Profile, int Computed, long Rows, DateTimeOffset? From, DateTimeOffset? Through, double Seconds);

/// <summary>
/// Keeps the features up to date, one row for every hour that begins in the observed stretch and one for its end. What changed since, buckets, gaps or
/// events, touches the rows of the week after it, and those are computed anew.
/// </summary>
public sealed class FeatureBuilder(NpgsqlDataSource dataSource, TimeProvider time)
{
    const int WeekHours = 7 * 24;

    /// <param name="full">Compute everything, not only what has changed.</param>
    /// <exception cref="CountsException">The account is unknown, or its buckets were not computed.</exception>
    public async Task<FeatureResult> RunAsync(string account, CountingProfile profile, bool full, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        var state = await BucketState.ReadAsync(connection, account, profile, cancellationToken).ConfigureAwait(false)
            ?? throw new CountsException(CountsProblem.NotEnough, $"The buckets of {account} with the profile {profile} have not been computed.",
                $"First: bellwether counts buckets --account {account}{(profile == CountingProfile.All ? "" : $" --count {profile}")}");
        var since = full ? null : state.FeaturesUntil;
        var hours = (int)Math.Round((state.ObservedUntil - state.ObservedFrom).TotalHours);
        var wanted = await WantedAsync(connection, account, profile, state, since, hours, cancellationToken).ConfigureAwait(false);
        var counts = await CountsAsync(connection, account, profile, state.ObservedFrom, hours, cancellationToken).ConfigureAwait(false);
        var kernel = new FeatureKernel(state.ObservedFrom, counts, await EventStore.AllAsync(connection, account, cancellationToken).ConfigureAwait(false));
        var rows = Enumerable.Range(0, hours + 1).Where(hour => wanted[hour]).Select(kernel.At);
        var computed = await FeatureTable.WriteAsync(connection, account, profile, rows, now, empty: state.FeaturesUntil is null, cancellationToken).ConfigureAwait(false);
        await connection.Sql("UPDATE counts.bucket_states SET features_until = buckets_until, features_from = observed_from, features_through = observed_until WHERE account = $1 AND profile = $2",
            account, profile.Name).RunAsync(cancellationToken).ConfigureAwait(false);
        var total = await connection.Sql("SELECT count(*) FROM counts.features WHERE account = $1 AND profile = $2", account, profile.Name).ScalarAsync<long>(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(account, profile.Name, computed, total, state.ObservedFrom, state.ObservedUntil, Math.Round(time.GetElapsedTime(started).TotalSeconds, 3));
    }

    /// <summary>Marks the reference times whose features may be others now.</summary>
    static async Task<bool[]> WantedAsync(
        NpgsqlConnection connection, string account, CountingProfile profile, BucketState state, DateTimeOffset? since, int hours, CancellationToken cancellationToken)
    {
        var wanted = new bool[hours + 1];
        if (since is not { } last)
        {
            Array.Fill(wanted, true);
            return wanted;
        }
        // Rows that there never were, at either end.
        Mark(state.ObservedFrom, state.FeaturesFrom!.Value);
        Mark(state.FeaturesThrough!.Value + CountsClock.Hour, state.ObservedUntil + CountsClock.Hour);
        // An hour that came to be observed at the start fills lags of the week behind it.
        if (state.ObservedFrom < state.FeaturesFrom) Mark(state.FeaturesFrom.Value, state.FeaturesFrom.Value.AddHours(WeekHours + 1));
        foreach (var hour in await connection.Sql(
            "SELECT bucket_start FROM counts.time_buckets WHERE account = $1 AND profile = $2 AND granularity = 'hourly' AND computed_at > $3", account, profile.Name, last)
            .ListAsync(row => row.Time(0), cancellationToken).ConfigureAwait(false))
            Mark(hour, hour.AddHours(WeekHours + 1));
        foreach (var (start, end) in await connection.Sql("SELECT gap_start, gap_end FROM counts.gaps WHERE account = $1 AND changed_at > $2", account, last)
            .ListAsync(row => (row.Time(0), row.Time(1)), cancellationToken).ConfigureAwait(false))
            Mark(CountsClock.FloorHour(start), CountsClock.CeilingHour(end).AddHours(WeekHours + 1));
        foreach (var (start, end) in await EventStore.ChangedAsync(connection, account, last, cancellationToken).ConfigureAwait(false))
            Mark(CountsClock.FloorHour(start), CountsClock.CeilingHour(end).AddHours(25));
        return wanted;

        void Mark(DateTimeOffset from, DateTimeOffset to)
        {
            var first = Math.Max(0, (from - state.ObservedFrom).TotalHours);
            var end = Math.Min(hours + 1, (to - state.ObservedFrom).TotalHours);
            for (var hour = (int)Math.Min(first, hours + 1); hour < end; hour++) wanted[hour] = true;
        }
    }

    static async Task<int?[]> CountsAsync(
        NpgsqlConnection connection, string account, CountingProfile profile, DateTimeOffset start, int hours, CancellationToken cancellationToken)
    {
        var counts = new int?[hours];
        await using var command = connection.Sql(
            "SELECT bucket_start, tweet_count FROM counts.time_buckets WHERE account = $1 AND profile = $2 AND granularity = 'hourly'", account, profile.Name);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var hour = (int)Math.Round((row.Time(0) - start).TotalHours);
            if (hour >= 0 && hour < hours) counts[hour] = row.GetInt32(1);
        }
        return counts;
    }
}
