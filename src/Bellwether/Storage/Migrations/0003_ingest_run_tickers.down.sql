DROP TABLE ops.ingest_run_tickers;
