using Npgsql;

namespace Bellwether.Counts.Buckets;

/// <summary>How far the buckets of an account and profile are, and the features made of them.</summary>
/// <param name="Until">All changes up to here are in the buckets.</param>
/// <param name="FeaturesUntil">All buckets computed up to here are in the features; null where there are none yet.</param>
/// <param name="FeaturesFrom">The first reference time.</param>
/// <param name="FeaturesThrough">The last one.</param>
sealed record BucketState(
    DateTimeOffset Until, DateTimeOffset ObservedFrom, DateTimeOffset ObservedUntil, DateTimeOffset? FeaturesUntil, DateTimeOffset? FeaturesFrom, DateTimeOffset? FeaturesThrough)
{
    public static async Task<BucketState?> ReadAsync(NpgsqlConnection connection, string account, CountingProfile profile, CancellationToken cancellationToken) => (await connection.Sql(
        "SELECT buckets_until, observed_from, observed_until, features_until, features_from, features_through FROM counts.bucket_states WHERE account = $1 AND profile = $2",
        account, profile.Name).ListAsync(row => new BucketState(row.Time(0), row.Time(1), row.Time(2), row.TimeOrNull(3), row.TimeOrNull(4), row.TimeOrNull(5)), cancellationToken)
        .ConfigureAwait(false)).FirstOrDefault();

    public static Task WriteAsync(NpgsqlConnection connection, string account, CountingProfile profile, DateTimeOffset now, DateTimeOffset from, DateTimeOffset until,
        CancellationToken cancellationToken) => connection.Sql("""
            INSERT INTO counts.bucket_states (account, profile, buckets_until, observed_from, observed_until) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (account, profile) DO UPDATE SET buckets_until = excluded.buckets_until, observed_from = excluded.observed_from, observed_until = excluded.observed_until
            """, account, profile.Name, now, from, until).RunAsync(cancellationToken);
}
