using Bellwether.Feeds;
using Bellwether.Sentiment.Novelty;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Sentiment;

public sealed partial class ResultStore
{
    const string CopyResults = """
        COPY sentiment.sentiment_data (timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text,
            fetch_timestamp_utc, processing_timestamp_utc, raw_source_payload_json, event_id, event_type, priority, weight, model_version,
            positive, negative, schema_version, chain_id, novelty_weight) FROM STDIN (FORMAT BINARY)
        """;

    static async Task CopyResultsAsync(
        NpgsqlConnection connection, ScoredBatch batch, List<Result> results, NoveltyOf[]? novelty, DateTimeOffset known, CancellationToken cancellationToken)
    {
        if (results.Count == 0) return;
        await using var copy = await connection.BeginBinaryImportAsync(CopyResults, cancellationToken);
        for (var i = 0; i < results.Count; i++)
        {
            var result = results[i];
            var (envelope, ticker, score) = (result.Event.Envelope, result.Ticker, result.Score);
            var (model, version) = batch.ModelOf(result.Event);
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(envelope.Timestamp.ToUniversalTime(), NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(ticker, NpgsqlDbType.Text, cancellationToken);
            await TextAsync(envelope.ArticleTitle);
            await copy.WriteAsync(score.Score, NpgsqlDbType.Double, cancellationToken);
            await copy.WriteAsync(score.Confidence, NpgsqlDbType.Double, cancellationToken);
            await copy.WriteAsync(envelope.Source, NpgsqlDbType.Text, cancellationToken);
            await TextAsync(envelope.SourceUrl);
            await copy.WriteAsync(model, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(envelope.ArticleId, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(envelope.Text, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(envelope.FetchedAt.ToUniversalTime(), NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(known, NpgsqlDbType.TimestampTz, cancellationToken);
            if (envelope.RawPayload is { } raw) await copy.WriteAsync(raw, NpgsqlDbType.Jsonb, cancellationToken);
            else await copy.WriteNullAsync(cancellationToken);
            await copy.WriteAsync(envelope.EventId, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(Names.Of(envelope.Type), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(Names.Of(envelope.Priority), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(envelope.Weight, NpgsqlDbType.Double, cancellationToken);
            await copy.WriteAsync(version, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(score.Positive, NpgsqlDbType.Double, cancellationToken);
            await copy.WriteAsync(score.Negative, NpgsqlDbType.Double, cancellationToken);
            await copy.WriteAsync((short)envelope.SchemaVersion, NpgsqlDbType.Smallint, cancellationToken);
            await TextAsync(novelty?[i].ChainId);
            if (novelty is null) await copy.WriteNullAsync(cancellationToken);
            else await copy.WriteAsync(novelty[i].Weight, NpgsqlDbType.Double, cancellationToken);
        }
        await copy.CompleteAsync(cancellationToken);

        async ValueTask TextAsync(string? value)
        {
            if (value is null) await copy.WriteNullAsync(cancellationToken);
            else await copy.WriteAsync(value, NpgsqlDbType.Text, cancellationToken);
        }
    }
}

/// <summary>Stored spelling of the enums.</summary>
static class Names
{
    public static string Of(EventType type) => type switch
    {
        EventType.News => "news",
        EventType.Tweet => "tweet",
        EventType.Reddit => "reddit",
        EventType.Filing => "filing",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such event type"),
    };

    public static string Of(Priority priority) => priority == Priority.High ? "high" : "standard";
}
