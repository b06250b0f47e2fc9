using System.Globalization;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;

namespace Bellwether.Lake.Legacy;

/// <summary>
/// Turns old rows into results. Scores, model and identity stay those of the old system; what it did not keep is NULL where that can be, and
/// otherwise something that cannot be taken for knowledge: model and version "legacy", confidence 0, weight 1.
/// A row without a score is refused: 0.0 would be a verdict that nobody made.
/// </summary>
sealed class LegacyMapper(LegacyFile file, string fileHash, LegacyColumns columns, LegacyOptions options, TimestampParser times)
{
    const string Unknown = "legacy";
    const int MaxName = 512;

    readonly string _delivery = $"legacy:{fileHash[..16]}:";

    /// <summary>The row of the current chunk.</summary>
    public LegacyOutcome Map(DuckDbReader reader, int row)
    {
        var values = new LegacyValues(reader, columns, row);
        var number = values.RowNumber;
        var results = Read(values, number, out var problem);
        return new(number, results, problem);
    }

    IReadOnlyList<LegacyResult> Read(LegacyValues values, long number, out string? problem)
    {
        if (values.Text(LegacyField.Timestamp) is not { } when)
        {
            problem = "no timestamp";
            return [];
        }
        if (!times.TryParse(when, out var timestamp, out problem) || !TryTickers(values, out var tickers, out problem)
            || !TryScore(values, out var score, out problem) || !TryTimes(values, timestamp, out var fetched, out var known, out problem)) return [];

        var (title, text, url) = (values.Text(LegacyField.Title), values.Text(LegacyField.Text), values.Name(LegacyField.Url));
        var web = url is not null && CanonicalUrl.IsWeb(url);
        var (source, model, id) = (values.Name(LegacyField.Source), values.Name(LegacyField.Model), values.Name(LegacyField.ArticleId));
        foreach (var name in (string?[])[source, model, id, values.Name(LegacyField.EventId), values.Name(LegacyField.ModelVersion)])
            if (name?.Length > MaxName)
            {
                problem = $"a name or identity has {name.Length} characters; at most {MaxName} are allowed";
                return [];
            }
        var rest = values.Rest(LegacyField.Title, LegacyField.Text, LegacyField.Url, LegacyField.Source);
        if (url is not null && !web) rest.Add(("source_url", System.Text.Json.JsonSerializer.Serialize(url)));
        var payload = LegacyPayload.Of(values.Text(LegacyField.Payload), rest);
        var type = TypeOf(values.Name(LegacyField.EventType));
        var (article, alias) = Identity(id, web ? url : null, source ?? Unknown, type, timestamp, title, text);
        var given = (title is null ? 0 : LegacyCoverage.Title) | (text is null ? 0 : LegacyCoverage.Text) | (source is null ? 0 : LegacyCoverage.Source)
            | (web ? LegacyCoverage.Url : 0) | (model is null ? 0 : LegacyCoverage.Model) | (id is null ? 0 : LegacyCoverage.ArticleId)
            | (score.Confidence is null ? 0 : LegacyCoverage.Confidence) | (values.Text(LegacyField.Fetched) is null ? 0 : LegacyCoverage.Fetched)
            | (values.Text(LegacyField.Processed) is null ? 0 : LegacyCoverage.Processed) | (payload is null ? 0 : LegacyCoverage.Payload);
        var row = new LakeRow(
            timestamp, "", title, score.Sentiment, score.Confidence ?? 0, source ?? Unknown, web ? url : null, model ?? Unknown, article, text, fetched, known, payload,
            values.Name(LegacyField.EventId) ?? string.Create(CultureInfo.InvariantCulture, $"{_delivery}{number}"), type,
            values.Name(LegacyField.Priority)?.Equals("high", StringComparison.OrdinalIgnoreCase) == true ? "high" : "standard",
            score.Weight, values.Name(LegacyField.ModelVersion) ?? Unknown, score.Positive, score.Negative, EventEnvelope.CurrentSchemaVersion);
        return [.. tickers.Select(ticker => new LegacyResult(row with { Ticker = ticker }, number, EventKey.Of(article, ticker), EventKey.Of(alias, ticker), given))];
    }

    bool TryTickers(LegacyValues values, out IReadOnlyList<string> tickers, out string? problem)
    {
        (tickers, problem) = ([], null);
        if (values.Text(LegacyField.Ticker) is { } named)
        {
            if (!TickerList.TryParse(named, out tickers, out problem)) return false;
            if (tickers.Count > 0) return true;
        }
        if (file.Ticker is { } ticker) tickers = [ticker];
        else problem = "no ticker: neither a column nor the file's name tells one";
        return tickers.Count > 0;
    }

    readonly record struct Score(double Sentiment, double? Confidence, double Weight, double Positive, double Negative);

    static bool TryScore(LegacyValues values, out Score score, out string? problem)
    {
        score = default;
        var sentiment = values.Number(LegacyField.Sentiment, out var wrong);
        if (sentiment is not { } value) return Fail(wrong is null ? "no sentiment" : "the sentiment is not a number", out problem);
        if (value is < -1 or > 1) return Fail("the sentiment is outside -1..1", out problem);
        var confidence = values.Number(LegacyField.Confidence, out wrong);
        if (confidence is null && wrong is not null) return Fail("the confidence is not a number", out problem);
        if (confidence is < 0 or > 1) return Fail("the confidence is outside 0..1", out problem);
        if (value == 0 && confidence == 0) return Fail("no sentiment: it and the confidence are both 0, which scripts wrote for a missing score", out problem);
        var weight = values.Number(LegacyField.Weight, out _) ?? 1;
        if (!(weight is > 0 and <= Normalizer.MaxWeight)) return Fail($"the weight is not above 0 and at most {Normalizer.MaxWeight:N0}", out problem);
        // Without the classes only their difference is known: the least that they can be.
        score = new(value, confidence, weight, values.Number(LegacyField.Positive, out _) ?? Math.Max(value, 0), values.Number(LegacyField.Negative, out _) ?? Math.Max(-value, 0));
        problem = null;
        return true;
    }

    /// <summary>A row is known when it was processed; where that is not said, when its file was last changed, and never before it happened.</summary>
    bool TryTimes(LegacyValues values, DateTimeOffset timestamp, out DateTimeOffset fetched, out DateTimeOffset known, out string? problem)
    {
        (fetched, known, problem) = (timestamp, default, null);
        if (values.Text(LegacyField.Fetched) is { } atFetch && !times.TryParse(atFetch, out fetched, out problem)) return false;
        if (values.Text(LegacyField.Processed) is { } atProcessing) return times.TryParse(atProcessing, out known, out problem);
        known = options.KnownAfter is { } after ? timestamp + after : file.KnownAt;
        if (known < timestamp) known = timestamp;
        if (known < fetched) known = fetched;
        return true;
    }

    /// <summary>
    /// The old identity stays. Rows without one get it from everything that tells them apart; an address alone may be that of a whole site.
    /// </summary>
    static (string Article, string Alias) Identity(
        string? id, string? url, string source, string type, DateTimeOffset timestamp, string? title, string? text)
    {
        if (id is not null) return (id, ArticleId.IsWellFormed(id) ? id : ArticleId.FromNativeId(source, id));
        var kind = Enum.Parse<EventType>(type, ignoreCase: true);
        var content = ArticleId.FromContent(source, kind, timestamp, title ?? "", text ?? title ?? "");
        return url is not null && CanonicalUrl.Of(url) is { } canonical
            ? (ArticleId.FromContent($"{source}\n{canonical}", kind, timestamp, title ?? "", text ?? ""), ArticleId.FromCanonicalUrl(canonical))
            : (content, content);
    }

    static string TypeOf(string? named) => named?.ToLowerInvariant() switch
    {
        "tweet" or "twitter" or "x" => "tweet",
        "reddit" or "reddit_post" or "reddit_comment" => "reddit",
        "filing" or "sec" or "sec_filing" or "8-k" or "10-k" or "10-q" => "filing",
        _ => "news",
    };

    static bool Fail(string reason, out string? problem)
    {
        problem = reason;
        return false;
    }
}
