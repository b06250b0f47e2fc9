using Bellwether.Retention;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>Market conditions that are over two years old: daily summaries stay, the rows go to the archive.</summary>
public sealed class DownsamplingTests(TestServer server) : IAsyncLifetime
{
    RetentionLab _lab = null!;

    public async ValueTask InitializeAsync() => _lab = await RetentionLab.CreateAsync(server, nameof(DownsamplingTests));

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    Task<string> DailyAsync() => _lab.ScalarAsync<string>("""
        SELECT string_agg(concat_ws(' ', symbol, to_char(day, 'YYYY-MM-DD'), open::float8, high::float8, low::float8, close::float8, volume, rsi_14, detected_regime, samples, formula), '; ' ORDER BY symbol, day)
        FROM improvement.market_conditions_daily
        """);

    Task AddAsync(string rows) => _lab.ExecuteAsync(
        $"INSERT INTO improvement.market_conditions (symbol, timestamp, open, high, low, close, volume, rsi_14, detected_regime) VALUES {rows}");

    const string TwoDays = """
        ('AAPL', '2024-05-20 09:30+00', 10, 12, 9, 11, 100, 50.25, 'ranging'), ('AAPL', '2024-05-20 12:00+00', 11, 15.5, 10, 14, 200, 61, 'trending_up'), ('AAPL', '2024-05-20 16:00+00', 14, 14.5, 8.25, 9, 50, NULL, NULL),
        ('TSLA', '2024-05-20 10:00+00', 5, 5, 5, 5, 1, 1, 'volatile'), ('AAPL', '2024-05-21 09:30+00', 20, 21, 19, 20.5, 7, 2, 'ranging')
        """;

    const string Summaries =
        "AAPL 2024-05-20 10 15.5 8.25 9 350 61.00 trending_up 3 daily-bar-v1; AAPL 2024-05-21 20 21 19 20.5 7 2.00 ranging 1 daily-bar-v1; TSLA 2024-05-20 5 5 5 5 1 1.00 volatile 1 daily-bar-v1";

    [Fact]
    public async Task Rows_are_summed_up_by_day_and_archived()
    {
        await _lab.ExecuteAsync(RetentionLab.MarketConditions);
        // Two years before 2026-06-01, 12:00 is 2024-06-01, 12:00; the day itself stays whole.
        await AddAsync(TwoDays + ", ('AAPL', '2024-06-01 01:00+00', 1, 1, 1, 1, 1, 1, 'ranging')");
        var done = await _lab.RunAsync("market_conditions");
        Assert.Equal(("downsample_delete", 5L), (done.Action, done.Rows));
        Assert.Equal(new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero), done.Before);
        Assert.Equal(Summaries, await DailyAsync());
        Assert.Equal(1, await _lab.ScalarAsync<long>("SELECT count(*) FROM improvement.market_conditions"));
        Assert.Equal(5, (await _lab.RestoreAsync("market_conditions", beside: true)).Rows);
        Assert.Equal("9.00000000", await _lab.ScalarAsync<string>("SELECT close::text FROM improvement.market_conditions_restored WHERE timestamp = '2024-05-20 16:00+00'"));
        Assert.Contains("counted twice", (await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("market_conditions"))).Message);
    }

    [Fact]
    public async Task Late_rows_are_added_to_the_day_in_any_order()
    {
        await _lab.ExecuteAsync(RetentionLab.MarketConditions);
        foreach (var row in TwoDays.ReplaceLineEndings(" ").Split("),", StringSplitOptions.TrimEntries).Reverse())
        {
            await AddAsync($"({row.Trim('(', ')', ',', ' ')})");
            await _lab.RunAsync("market_conditions");
        }
        Assert.Equal(Summaries, await DailyAsync());
    }

    [Fact]
    public async Task Daily_partitions_are_dropped_with_their_summary_in_one_transaction()
    {
        await _lab.ExecuteAsync(RetentionLab.MarketConditions + " PARTITION BY RANGE (timestamp)");
        await _lab.ExecuteAsync("""
            CREATE TABLE improvement.mc_20 PARTITION OF improvement.market_conditions FOR VALUES FROM ('2024-05-20 00:00+00') TO ('2024-05-21 00:00+00');
            CREATE TABLE improvement.mc_21 PARTITION OF improvement.market_conditions FOR VALUES FROM ('2024-05-21 00:00+00') TO ('2024-05-22 00:00+00');
            CREATE TABLE improvement.mc_rest PARTITION OF improvement.market_conditions DEFAULT
            """);
        await AddAsync(TwoDays + ", ('AAPL', '2024-05-25 01:00+00', 1, 1, 1, 1, 1, 1, 'ranging'), ('AAPL', '2025-05-25 01:00+00', 1, 1, 1, 1, 1, 1, 'ranging')");
        var done = await _lab.RunAsync("market_conditions");
        Assert.Equal(("downsample_drop", 6L), (done.Action, done.Rows));
        Assert.Equal("mc_rest", await _lab.ScalarAsync<string>("SELECT string_agg(c.relname, ',') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'improvement.market_conditions'::regclass"));
        Assert.Equal("4,1,1", await _lab.ScalarAsync<string>("SELECT string_agg(n::text, ',' ORDER BY day) FROM (SELECT day, sum(samples) n FROM improvement.market_conditions_daily GROUP BY day) s"));
        Assert.StartsWith(Summaries.Split(';')[0], await DailyAsync());
    }

    [Fact]
    public async Task Summary_that_does_not_agree_stops_the_deletion()
    {
        await _lab.ExecuteAsync(RetentionLab.MarketConditions);
        await AddAsync(TwoDays);
        await _lab.RunAsync("market_conditions");
        // Somebody tampers with what comes into the summaries.
        await _lab.ExecuteAsync("""
            CREATE FUNCTION improvement.lower_high() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.high := NEW.high / 2; RETURN NEW; END';
            CREATE TRIGGER lower_high BEFORE INSERT OR UPDATE ON improvement.market_conditions_daily FOR EACH ROW EXECUTE FUNCTION improvement.lower_high()
            """);
        await AddAsync("('MSFT', '2024-05-20 09:30+00', 10, 12, 9, 11, 100, 50.25, 'ranging')");
        Assert.Contains("does not agree with 1 rows", (await Assert.ThrowsAsync<RetentionException>(_lab.RunAsync)).Message);
        Assert.Equal(1, await _lab.ScalarAsync<long>("SELECT count(*) FROM improvement.market_conditions"));
        Assert.Equal(Summaries, await DailyAsync());
    }
}
