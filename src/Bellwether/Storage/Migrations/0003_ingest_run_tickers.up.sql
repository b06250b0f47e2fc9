-- Tickers whose state an ingest changed, told apart from what other producers do at the same time.
CREATE TABLE ops.ingest_run_tickers (
    run_id uuid NOT NULL REFERENCES ops.ingest_runs (run_id) ON DELETE CASCADE,
    ticker text NOT NULL,
    PRIMARY KEY (run_id, ticker)
);
