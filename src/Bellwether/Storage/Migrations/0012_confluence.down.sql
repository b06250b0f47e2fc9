DROP TABLE sentiment.influencer_weights, sentiment.confluence_scores, sentiment.aggregated_sentiments;
ALTER TABLE sentiment.symbol_sentiments DROP COLUMN effective_mentions, DROP COLUMN standard_error;
