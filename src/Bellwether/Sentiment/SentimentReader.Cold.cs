using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>What spans sealed days: rows of the lake and hot rows together, to the same bits as if all were hot.</summary>
public sealed partial class SentimentReader
{
    // A page usually ends within a few days; each step back takes four times as many.
    const int FirstColdDays = 8;

    readonly record struct Point(DateTimeOffset Timestamp, string ArticleId, double Sentiment, double Confidence, double Weight);

    static async Task<IReadOnlyList<SentimentInterval>> HistoryAsync(
        NpgsqlConnection held, LakeColdRows cold, LakeFilter filter, TimeSpan interval, CancellationToken cancellationToken)
    {
        var points = new List<Point>();
        await using (var command = new NpgsqlCommand("""
            SELECT timestamp, article_id, sentiment, confidence, weight FROM sentiment.sentiment_data
            WHERE ticker = $1 AND timestamp >= $2 AND timestamp < $3 AND ($4::timestamptz IS NULL OR processing_timestamp_utc <= $4)
            """, held))
        {
            command.Parameters.Add(new() { Value = filter.Tickers[0] });
            command.Parameters.Add(new() { Value = filter.From!.Value.ToUniversalTime() });
            command.Parameters.Add(new() { Value = filter.To!.Value.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = filter.AsOf?.UtcDateTime });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                points.Add(new(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1), row.GetDouble(2), row.GetDouble(3), row.GetDouble(4)));
        }
        await foreach (var row in cold.ReadAsync(held, filter, cancellationToken)) points.Add(new(row.Timestamp, row.ArticleId, row.Sentiment, row.Confidence, row.Weight));
        points.Sort((a, b) => a.Timestamp.CompareTo(b.Timestamp) is var byTime && byTime != 0 ? byTime : string.CompareOrdinal(a.ArticleId, b.ArticleId));
        return [.. points.GroupBy(point => StartOf(point.Timestamp, interval)).Select(Interval)];
    }

    /// <summary>As PostgreSQL's date_bin from 1970-01-01 on, whose intervals are whole microseconds.</summary>
    static DateTimeOffset StartOf(DateTimeOffset time, TimeSpan interval)
    {
        var since = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var past = since % interval.Ticks;
        return DateTimeOffset.UnixEpoch.AddTicks(since - (past < 0 ? past + interval.Ticks : past));
    }

    static SentimentInterval Interval(IGrouping<DateTimeOffset, Point> points)
    {
        var (count, weighted, weight, confidence, low, high) = (0L, 0.0, 0.0, 0.0, double.MaxValue, double.MinValue);
        foreach (var point in points)
        {
            count++;
            weighted += point.Sentiment * point.Weight;
            weight += point.Weight;
            confidence += point.Confidence;
            (low, high) = (Math.Min(low, point.Sentiment), Math.Max(high, point.Sentiment));
        }
        return new(points.Key, weighted / weight, confidence / count, weight, count, low, high);
    }

    /// <summary>The newest of hot articles and of those of sealed days, newest first.</summary>
    /// <param name="days">Newest first; read only as far back as they are needed.</param>
    static async Task<IReadOnlyList<Article>> WithColdAsync(
        NpgsqlConnection held, LakeColdRows cold, IReadOnlyList<DateOnly> days, List<Article> articles, LakeFilter filter, CancellationToken cancellationToken)
    {
        var limit = filter.Newest!.Value;
        for (var (done, take) = (0, FirstColdDays); done < days.Count; done += take, take *= 4)
        {
            var some = days.Skip(done).Take(take).ToArray();
            if (articles.Count == limit && DateOnly.FromDateTime(articles[^1].Timestamp.UtcDateTime) > some[0]) break;
            var part = filter with { From = StartOf(some[^1]), To = some[0] == DateOnly.MaxValue ? null : StartOf(some[0].AddDays(1)) };
            await foreach (var row in cold.ReadAsync(held, part, cancellationToken))
                articles.Add(new(
                    row.ArticleId, row.Ticker, row.Timestamp, row.KnownAt, row.ArticleTitle, row.Source, row.SourceUrl, row.EventType, row.Sentiment, row.Confidence,
                    SentimentLevel.Of(row.Sentiment), row.Model, row.ModelVersion, row.Weight, HotStore.TickerSnapshot.Preview(row.Text), filter.WithText ? row.Text : null)
                {
                    ChainId = row.ChainId,
                    NoveltyWeight = row.NoveltyWeight,
                });
            articles.Sort((a, b) => b.Timestamp.CompareTo(a.Timestamp) is var byTime && byTime != 0 ? byTime : string.CompareOrdinal(b.ArticleId, a.ArticleId));
            if (articles.Count > limit) articles.RemoveRange(limit, articles.Count - limit);
        }
        return articles;
    }

    static DateTimeOffset StartOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
