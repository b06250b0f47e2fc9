using Bellwether.Sentiment;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

/// <summary>Partitions of results are days, months and one of all before, without a gap or an overlap.</summary>
public sealed class ResultDaysTests(TestServer server)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Days_lately_months_before_and_one_for_what_is_older()
    {
        await using var database = await server.MigratedAsync(nameof(ResultDaysTests));
        var days = new ResultDays(database.DataSource, new(), new ManualTime(new(2026, 6, 20, 12, 0, 0, TimeSpan.Zero)));
        DateOnly[] wanted = [new(2009, 7, 1), new(2024, 4, 30), new(2024, 5, 1), new(2026, 4, 30), new(2026, 5, 1), new(2026, 6, 20)];
        await days.EnsureAsync(wanted, Cancel);
        // A later start, months on: what was decided at the first one stands.
        await new ResultDays(database.DataSource, new(), new ManualTime(new(2027, 1, 5, 0, 0, 0, TimeSpan.Zero))).EnsureAsync([new(2026, 5, 31), new(2026, 4, 1), new(2023, 1, 1)], Cancel);
        Assert.Equal("202405 202604 20260501 20260531 20260620 history",
            await database.ScalarAsync<string>("""
                SELECT string_agg(replace(inhrelid::regclass::text, 'sentiment.sentiment_data_', ''), ' ' ORDER BY replace(inhrelid::regclass::text, 'sentiment.sentiment_data_', '') COLLATE "C")
                FROM pg_inherits WHERE inhparent = 'sentiment.sentiment_data'::regclass
                """));
        Assert.Equal("FOR VALUES FROM (MINVALUE) TO ('2024-05-01 00:00:00+00')",
            await database.ScalarAsync<string>("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = 'sentiment.sentiment_data_history'::regclass"));
    }
}
