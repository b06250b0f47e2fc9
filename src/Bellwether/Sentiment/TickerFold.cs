using Bellwether.Analytics.Decay;
using Bellwether.Feeds;
using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>Adds stored results up to a ticker's state, by the kernel that keeps the live one: the same results give the same bits.</summary>
sealed class TickerFold(string ticker, double halfLifeSeconds)
{
    public const string Columns = """
        ticker, timestamp, sentiment, weight, model, article_id, article_title, source_url, left(text, 400), processing_timestamp_utc
        """;

    /// <summary>The same of rows of the lake.</summary>
    public static readonly LakeFilter Filter = new() { TextPreview = 400, Unordered = true };

    const int ResultsAtOnce = 4_096;

    readonly List<(string Model, EventEnvelope Envelope, double Score)> _pending = [];
    TickerState _state = new(ticker, HalfLifeState.Empty(halfLifeSeconds));
    DateTimeOffset _known = DateTimeOffset.MinValue;

    public string Ticker => ticker;

    /// <summary>Adds a row selected by <see cref="Columns"/>.</summary>
    public void Add(NpgsqlDataReader row) => Add(row.GetString(4), ArticleOf(row), row.GetDouble(2), row.GetFieldValue<DateTimeOffset>(9));

    /// <summary>Adds a row read by <see cref="Filter"/>.</summary>
    public void Add(LakeRow row) => Add(row.Model, new()
    {
        Timestamp = row.Timestamp,
        Weight = row.Weight,
        ArticleId = row.ArticleId,
        EventId = "",
        Source = "",
        Tickers = [ticker],
        ArticleTitle = row.ArticleTitle,
        SourceUrl = row.SourceUrl,
        Text = row.Text ?? "",
        FetchedAt = default,
    }, row.Sentiment, row.KnownAt);

    void Add(string model, EventEnvelope article, double score, DateTimeOffset known)
    {
        _pending.Add((model, article, score));
        if (known > _known) _known = known;
        if (_pending.Count == ResultsAtOnce) Flush();
    }

    public TickerState State()
    {
        Flush();
        return _state;
    }

    void Flush()
    {
        foreach (var model in _pending.GroupBy(c => c.Model)) _state = _state.Add(model.Key, [.. model.Select(c => (c.Envelope, c.Score))], _known);
        _pending.Clear();
    }

    EventEnvelope ArticleOf(NpgsqlDataReader row) => new()
    {
        Timestamp = row.GetFieldValue<DateTimeOffset>(1),
        Weight = row.GetDouble(3),
        ArticleId = row.GetString(5),
        EventId = "",
        Source = "",
        Tickers = [ticker],
        ArticleTitle = row.IsDBNull(6) ? null : row.GetString(6),
        SourceUrl = row.IsDBNull(7) ? null : row.GetString(7),
        Text = row.IsDBNull(8) ? "" : row.GetString(8),
        FetchedAt = default,
    };
}
