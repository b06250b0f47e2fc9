DROP VIEW sentiment.all_sentiment;
DROP TABLE sentiment.ticker_sentiment, sentiment.sentiment_data, sentiment.symbol_sentiments,
    sentiment.reddit_sentiments, sentiment.reddit_posts, sentiment.tweet_sentiments, sentiment.tweets, sentiment.influencers;
DROP SCHEMA sentiment;
