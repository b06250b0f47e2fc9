ALTER TABLE sentiment.influencer_weights DROP COLUMN learned_as_of;
DROP TABLE market.trading_hours;
ALTER TABLE market.price_history DROP COLUMN loaded_on, DROP COLUMN splits_in_prices;
