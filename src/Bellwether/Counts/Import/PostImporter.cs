using Bellwether.Counts.Gaps;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Counts.Import;

/// <summary>What is imported, beyond the posts themselves.</summary>
public sealed record PostImport
{
    public required string Account { get; init; }

    /// <summary>What rows say that they are from, at most 32 characters; null for the form of the input.</summary>
    public string? Source { get; init; }

    /// <summary>The collector had seen everything from here on; null: from the hour of the first post on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The collector had seen everything up to here; null: to the end of the hour of the last post.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>A stretch that no import has covered.</summary>
/// <param name="Recorded">It is a gap now, since the import said from or up to when the collector had seen everything. Otherwise it counts as observed and empty.</param>
public sealed record UncoveredStretch(DateTimeOffset From, DateTimeOffset To, bool Recorded);

/// <summary>The account of one import: read = accepted + duplicates + rejected.</summary>
/// <param name="Reclassified">Duplicates whose kind was unknown before and is known now.</param>
/// <param name="Between">What lies between this import and those before it; null where they touch.</param>
/// <param name="Rejections">The first of them, in the order of the input.</param>
public sealed record ImportResult(
    string Account, string Source, long Read, long Accepted, long Duplicates, long Rejected, long Reclassified, DateTimeOffset? First, DateTimeOffset? Last,
    DateTimeOffset? ObservedFrom, DateTimeOffset? ObservedUntil, UncoveredStretch? Between, double Seconds, IReadOnlyList<RejectedPost> Rejections);

/// <summary>Takes posts in: ids, times and kinds, never their content. The same post twice is one post.</summary>
public sealed class PostImporter(NpgsqlDataSource dataSource, TimeProvider time)
{
    const int MaxRejections = 100;

    /// <summary>Reads a file or a stream, all of it or, where it is damaged, nothing.</summary>
    /// <param name="origin">Name of the input for messages.</param>
    /// <param name="progress">Told how many records have been read.</param>
    /// <exception cref="CountsException">The input cannot be read, or holds no posts' columns.</exception>
    public async Task<ImportResult> RunAsync(
        PostImport import, Stream input, string origin, PostFormat format, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        Require(import);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, import.Account, time, create: true, cancellationToken).ConfigureAwait(false);
        await StageAsync(connection, cancellationToken).ConfigureAwait(false);
        var (read, rejections, rejected) = (0L, new List<RejectedPost>(), 0L);
        await using (var copy = await connection.BeginBinaryImportAsync("COPY posts_in (line, tweet_id, created_at, kind) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false))
        {
            await foreach (var post in PostFile.ReadAsync(input, origin, format, time, cancellationToken).ConfigureAwait(false))
            {
                if (++read % 10_000 == 0) progress?.Report(read);
                if (post.Rejection is { } reason)
                {
                    if (++rejected <= MaxRejections) rejections.Add(new(post.Line, reason));
                    continue;
                }
                await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(post.Line, NpgsqlDbType.Bigint, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(post.TweetId, NpgsqlDbType.Varchar, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(post.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
                await copy.WriteAsync(post.Kind, NpgsqlDbType.Text, cancellationToken).ConfigureAwait(false);
            }
            await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
        var source = import.Source ?? (format == PostFormat.Json || origin.Contains(".json", StringComparison.OrdinalIgnoreCase) ? "json" : "csv");
        var result = await StoreAsync(connection, import, source, now, read, rejected, rejections, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return result with { Seconds = Math.Round(time.GetElapsedTime(started).TotalSeconds, 3) };
    }

    /// <summary>Takes the posts of the account that have come in for sentiment: ids and times of what the desk was fed.</summary>
    public async Task<ImportResult> RunFromSentimentAsync(PostImport import, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        Require(import);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, import.Account, time, create: true, cancellationToken).ConfigureAwait(false);
        await StageAsync(connection, cancellationToken).ConfigureAwait(false);
        var read = await connection.Sql("""
            INSERT INTO posts_in (line, tweet_id, created_at, kind)
            SELECT row_number() OVER (ORDER BY created_at, tweet_id), tweet_id, created_at, 'unknown' FROM sentiment.tweets
            WHERE (lower(ltrim(username, '@')) = $1 OR lower(author_id) = $1) AND length(tweet_id) <= 64
            """, import.Account).RunAsync(cancellationToken).ConfigureAwait(false);
        var result = await StoreAsync(connection, import, import.Source ?? "sentiment", now, read, 0, [], cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return result with { Seconds = Math.Round(time.GetElapsedTime(started).TotalSeconds, 3) };
    }

    void Require(PostImport import)
    {
        if (import.Source is { } source && (source.Length is 0 or > 32 || source.Any(char.IsControl)))
            throw CountsException.Input($"'{source}' is no source: give 1 to 32 characters.");
        if (import.Until > time.Now()) throw CountsException.Input($"The collector cannot have seen everything until {import.Until:u}, which is still to come.");
        CountsLimits.Require("--since", import.Since);
        CountsLimits.Require("--until", import.Until);
        if (import.Since >= import.Until) throw CountsException.Input($"The collector has seen nothing between {import.Since:u} and {import.Until:u}; the first is to be before the second.");
    }

    static Task<int> StageAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.Sql(
        "CREATE TEMP TABLE posts_in (line bigint, tweet_id varchar(64) COLLATE \"C\", created_at timestamptz, kind text) ON COMMIT DROP").RunAsync(cancellationToken);

    static async Task<ImportResult> StoreAsync(
        NpgsqlConnection connection, PostImport import, string source, DateTimeOffset now, long read, long rejected, List<RejectedPost> rejections, CancellationToken cancellationToken)
    {
        // Without them the joins below are planned for a handful of rows.
        await connection.Sql("ANALYZE posts_in").RunAsync(cancellationToken).ConfigureAwait(false);
        // Of two records with one id in the input the first counts; of those that contradict what is stored, none.
        var accepted = await connection.Sql("""
            INSERT INTO counts.raw_tweets (account, tweet_id, created_at, kind, source, ingest_time, changed_at)
            SELECT DISTINCT ON (tweet_id) $1, tweet_id, created_at, kind, $2, $3, $3 FROM posts_in ORDER BY tweet_id, line
            ON CONFLICT (account, tweet_id) DO NOTHING
            """, import.Account, source, now).RunAsync(cancellationToken).ConfigureAwait(false);
        if (accepted > 1_000) await connection.Sql("ANALYZE counts.raw_tweets").RunAsync(cancellationToken).ConfigureAwait(false);
        var contradictions = await connection.Sql("""
            SELECT p.line, p.tweet_id, p.created_at, r.created_at FROM posts_in AS p JOIN counts.raw_tweets AS r ON r.account = $1 AND r.tweet_id = p.tweet_id
            WHERE r.created_at <> p.created_at ORDER BY p.line
            """, import.Account).ListAsync(row => new RejectedPost(row.GetInt64(0),
                $"tweet_id {row.GetString(1)} is stored with created_at {row.Time(3).UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffffZ}, not {row.Time(2).UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffffZ}"),
            cancellationToken).ConfigureAwait(false);
        var reclassified = await connection.Sql("""
            UPDATE counts.raw_tweets AS r SET kind = p.kind, changed_at = $2
            FROM (SELECT DISTINCT ON (tweet_id) tweet_id, created_at, kind FROM posts_in WHERE kind <> 'unknown' ORDER BY tweet_id, line) AS p
            WHERE r.account = $1 AND r.tweet_id = p.tweet_id AND r.created_at = p.created_at AND r.kind = 'unknown'
            """, import.Account, now).RunAsync(cancellationToken).ConfigureAwait(false);
        var (first, last) = (await connection.Sql("""
            SELECT min(p.created_at), max(p.created_at) FROM posts_in AS p JOIN counts.raw_tweets AS r ON r.account = $1 AND r.tweet_id = p.tweet_id AND r.created_at = p.created_at
            """, import.Account)
            .ListAsync(row => (row.TimeOrNull(0), row.TimeOrNull(1)), cancellationToken).ConfigureAwait(false))[0];
        var (from, until, between) = await CoverAsync(connection, import, first, last, now, cancellationToken).ConfigureAwait(false);
        rejected += contradictions.Count;
        return new(import.Account, source, read, accepted, read - accepted - rejected, rejected, reclassified, first, last, from, until, between, 0,
            [.. rejections.Concat(contradictions).OrderBy(r => r.Line).Take(MaxRejections)]);
    }

    /// <summary>
    /// An hour counts as seen to its end when a post of it was, unless it is not over yet. Between this stretch and what was observed before lies a
    /// gap where the import says where it begins or ends.
    /// </summary>
    static async Task<(DateTimeOffset? From, DateTimeOffset? Until, UncoveredStretch? Between)> CoverAsync(
        NpgsqlConnection connection, PostImport import, DateTimeOffset? first, DateTimeOffset? last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var from = import.Since ?? (first is { } early ? CountsClock.FloorHour(early) : import.Until);
        var until = import.Until ?? (last is { } late ? CountsClock.Min(now, CountsClock.FloorHour(late) + CountsClock.Hour) : import.Since);
        // Posts may lie outside of what the import says that it covers.
        if (first < from) from = CountsClock.FloorHour(first.Value);
        var before = await CountAccount.GetAsync(connection, import.Account, cancellationToken).ConfigureAwait(false);
        UncoveredStretch? between = from > before.ObservedUntil ? new(before.ObservedUntil.Value, from.Value, import.Since is not null && from == import.Since)
            : until < before.ObservedFrom ? new(until.Value, before.ObservedFrom.Value, import.Until is not null && until == import.Until) : null;
        if (between is { Recorded: true })
            await GapStore.AddAsync(connection, import.Account, new(between.From, between.To, "no import covers it", "import"), now, cancellationToken).ConfigureAwait(false);
        var (observedFrom, observedUntil) = (await connection.Sql("""
            UPDATE counts.accounts SET observed_from = least(observed_from, $2::timestamptz), observed_until = greatest(observed_until, $3::timestamptz)
            WHERE account = $1 RETURNING observed_from, observed_until
            """, import.Account, from, until).ListAsync(row => (row.TimeOrNull(0), row.TimeOrNull(1)), cancellationToken).ConfigureAwait(false))[0];
        return (observedFrom, observedUntil, between);
    }
}
