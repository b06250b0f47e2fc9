using Bellwether.Feeds;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>Rows of the platforms: the post once, its score for each ticker, and the account that wrote it.</summary>
public sealed partial class ResultStore
{
    const string Tweets = """
        INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, author_id, username, followers, text, source_url, fetched_at)
        SELECT post_id, article_id, created_at, author_id, username, followers, text, source_url, fetched_at FROM unnest(
            $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::timestamptz[], $10::text[])
            AS p(post_id, article_id, created_at, author_id, username, followers, text, source_url, fetched_at, title)
        ORDER BY post_id ON CONFLICT (tweet_id) DO NOTHING
        """;

    const string RedditPosts = """
        INSERT INTO sentiment.reddit_posts (post_id, article_id, created_at, author, title, text, source_url, fetched_at)
        SELECT post_id, article_id, created_at, coalesce(username, author_id), title, text, source_url, fetched_at FROM unnest(
            $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::timestamptz[], $10::text[])
            AS p(post_id, article_id, created_at, author_id, username, followers, text, source_url, fetched_at, title)
        ORDER BY post_id ON CONFLICT (post_id) DO NOTHING
        """;

    const string Scores = """
        INSERT INTO sentiment.{0}_sentiments ({1}_ref, {1}_id, symbol, created_at, sentiment, confidence, level, model, model_version, processed_at)
        SELECT p.id, s.post_id, s.symbol, s.created_at, s.sentiment, s.confidence, s.level, s.model, s.model_version, $9
        FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[], $5::float8[], $6::text[], $7::text[], $8::text[])
            AS s(post_id, symbol, created_at, sentiment, confidence, level, model, model_version)
        LEFT JOIN sentiment.{2} AS p ON p.{1}_id = s.post_id
        ORDER BY s.post_id, s.symbol ON CONFLICT DO NOTHING
        """;

    const string Influencers = """
        INSERT INTO sentiment.influencers AS i (platform, account_id, username, followers, first_seen, last_seen)
        SELECT $1, account_id, username, followers, first_seen, last_seen
        FROM unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
            AS a(account_id, username, followers, first_seen, last_seen)
        ORDER BY account_id
        ON CONFLICT (platform, account_id) DO UPDATE SET
            username = CASE WHEN excluded.last_seen >= i.last_seen THEN coalesce(excluded.username, i.username) ELSE i.username END,
            followers = CASE WHEN excluded.last_seen >= i.last_seen THEN coalesce(excluded.followers, i.followers) ELSE i.followers END,
            first_seen = least(i.first_seen, excluded.first_seen), last_seen = greatest(i.last_seen, excluded.last_seen)
        """;

    static readonly string TweetScores = string.Format(null, Scores, "tweet", "tweet", "tweets");
    static readonly string RedditScores = string.Format(null, Scores, "reddit", "post", "reddit_posts");

    static async Task StorePostsAsync(
        NpgsqlConnection connection, ScoredBatch batch, List<Result> results, DateTimeOffset known, CancellationToken cancellationToken)
    {
        await StoreAsync(EventType.Tweet, "twitter", Tweets, TweetScores);
        await StoreAsync(EventType.Reddit, "reddit", RedditPosts, RedditScores);

        async Task StoreAsync(EventType type, string platform, string posts, string scores)
        {
            var rows = results.Where(r => r.Event.Envelope.Type == type).ToArray();
            if (rows.Length == 0) return;
            var envelopes = rows.Select(r => r.Event.Envelope).DistinctBy(e => e.EventId).ToArray();
            await using var statements = new NpgsqlBatch(connection) { BatchCommands = { PostRows(posts, envelopes), ScoreRows(scores, rows, batch, known) } };
            var authors = envelopes.Where(e => e.Author?.Id is not null || e.Author?.Username is not null)
                .GroupBy(e => e.Author!.Id ?? e.Author!.Username!, StringComparer.Ordinal).ToArray();
            if (authors.Length > 0) statements.BatchCommands.Add(AuthorRows(platform, authors));
            await statements.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    static NpgsqlBatchCommand PostRows(string sql, EventEnvelope[] envelopes)
    {
        var command = new NpgsqlBatchCommand(sql);
        void Add<T>(Func<EventEnvelope, T> value) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. envelopes.Select(value)] });
        Add(e => e.EventId);
        Add(e => e.ArticleId);
        Add(e => e.Timestamp.UtcDateTime);
        Add(e => e.Author?.Id);
        Add(e => e.Author?.Username);
        Add(e => e.Author?.Followers);
        Add(e => e.Text);
        Add(e => e.SourceUrl);
        Add(e => e.FetchedAt.UtcDateTime);
        Add(e => e.ArticleTitle);
        return command;
    }

    static NpgsqlBatchCommand ScoreRows(string sql, Result[] rows, ScoredBatch batch, DateTimeOffset known)
    {
        var command = new NpgsqlBatchCommand(sql);
        void Add<T>(Func<Result, T> value) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. rows.Select(value)] });
        Add(r => r.Event.Envelope.EventId);
        Add(r => r.Ticker);
        Add(r => r.Event.Envelope.Timestamp.UtcDateTime);
        Add(r => r.Score.Score);
        Add(r => r.Score.Confidence);
        Add(r => SentimentLevel.Of(r.Score.Score));
        Add(r => batch.ModelOf(r.Event).Name);
        Add(r => batch.ModelOf(r.Event).Version);
        command.Parameters.Add(new() { Value = known });
        return command;
    }

    static NpgsqlBatchCommand AuthorRows(string platform, IGrouping<string, EventEnvelope>[] authors)
    {
        var command = new NpgsqlBatchCommand(Influencers) { Parameters = { new() { Value = platform } } };
        void Add<T>(Func<IGrouping<string, EventEnvelope>, T> value) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. authors.Select(value)] });
        Add(g => g.Key);
        Add(g => g.MaxBy(e => e.Timestamp)!.Author!.Username);
        Add(g => g.MaxBy(e => e.Timestamp)!.Author!.Followers);
        Add(g => g.Min(e => e.Timestamp.UtcDateTime));
        Add(g => g.Max(e => e.Timestamp.UtcDateTime));
        return command;
    }
}
