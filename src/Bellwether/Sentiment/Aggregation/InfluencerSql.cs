namespace Bellwether.Sentiment.Aggregation;

static class InfluencerSql
{
    /// <summary>Who wrote what about which symbol, on both platforms. Posts that retention took away have no author any more.</summary>
    public const string Authors = """
        SELECT s.symbol, s.created_at, s.processed_at, s.sentiment, p.article_id, 'twitter' AS platform, coalesce(p.author_id, p.username) AS account
        FROM sentiment.tweet_sentiments s JOIN sentiment.tweets p ON p.id = s.tweet_ref
        UNION ALL
        SELECT s.symbol, s.created_at, s.processed_at, s.sentiment, p.article_id, 'reddit', p.author
        FROM sentiment.reddit_sentiments s JOIN sentiment.reddit_posts p ON p.id = s.post_ref
        """;
}
