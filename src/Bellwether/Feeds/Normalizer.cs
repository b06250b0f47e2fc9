using System.Globalization;

namespace Bellwether.Feeds;

/// <summary>
/// Turns the fields of one record into an envelope, or says why it cannot be one. The first value that is not blank counts of
/// body, content, text for the text, of source_url, url, link for the address, of article_title, title, headline for the title.
/// A record with a title alone has its title as text. Not thread-safe: one per reader.
/// </summary>
public sealed class Normalizer : IDisposable
{
    public const double MaxWeight = 1000;
    const int MaxNameLength = 256;

    readonly FeedOptions _options;
    readonly TimestampParser _times;
    readonly TickerExtractor _extractor;
    readonly string? _defaultSource;
    readonly FieldBag _bag = new();

    /// <param name="defaultSource">Publisher where neither the record nor the options name one; null: by the type of the record.</param>
    /// <exception cref="FeedException">The options' time zone is unknown.</exception>
    public Normalizer(FeedOptions options, string? defaultSource)
    {
        _options = options;
        _defaultSource = defaultSource;
        _times = new TimestampParser(options.TimeZone, options.TimestampFormat, options.Clock, options.MaxAhead);
        _extractor = options.Extractor ?? TickerExtractor.Default;
    }

    /// <summary>Emptied for the next record.</summary>
    internal FieldBag NextBag()
    {
        _bag.Clear();
        return _bag;
    }

    internal string BagAsJson() => _bag.RawWithout() ?? "{}";

    /// <summary>Normalises what is in the bag; null when <paramref name="problem"/> says why not.</summary>
    /// <param name="feed">What the reader knows of the feed as a whole.</param>
    internal EventEnvelope? Normalize(in FeedDefaults feed, out string? problem)
    {
        var bag = _bag;
        var fetched = Now();
        var title = bag.Has(Field.Title) ? TextOf(Field.Title, out var titleVerbatim) : NoText(out titleVerbatim);
        var text = bag.Has(Field.Text) ? TextOf(Field.Text, out var textVerbatim) : NoText(out textVerbatim);
        if (text.Length == 0) text = title;
        if (text.Length == 0) return Fail("no text: body, content, text and title are all missing or blank", out problem);

        DateTimeOffset? stated = null;
        if (bag.Has(Field.Timestamp))
        {
            if (!_times.TryParse(bag[Field.Timestamp], out var instant, out problem)) return null;
            stated = instant;
        }
        else if (_options.MissingTimestamp == MissingTimestamp.Reject)
            return Fail("no timestamp: the record does not say when it was published", out problem);

        if (!TryType(feed, out var type, out problem) || !TrySource(feed, type, out var source, out problem)
            || !TryWeight(out var weight, out problem) || !TryPriority(out var priority, out var tier, out problem)
            || !TryTickers(title, text, out var tickers, out problem) || !TryAuthor(out var author, out problem)) return null;

        var url = bag.Has(Field.Url) && CanonicalUrl.IsWeb(bag[Field.Url].Trim()) ? PlainText.Clean(bag[Field.Url].Trim()) : null;
        var id = Identity(source, type, stated, title, text, url);
        var eventId = bag.Has(Field.EventId) ? PlainText.Clean(bag[Field.EventId].Trim()) : id;
        if (eventId.Length > MaxNameLength)
            return Fail($"event_id has {eventId.Length} characters; at most {MaxNameLength} are allowed", out problem);
        return new EventEnvelope
        {
            EventId = eventId,
            ArticleId = id,
            Timestamp = stated ?? fetched,
            Source = source,
            SourceUrl = url,
            Type = type,
            Tickers = tickers,
            Weight = weight,
            PremiumTier = tier,
            Priority = priority,
            ArticleTitle = title.Length == 0 ? null : title,
            Text = text,
            Author = author,
            FetchedAt = fetched,
            RawPayload = Raw(titleVerbatim, textVerbatim, url is not null),
        };
    }

    DateTimeOffset Now()
    {
        var ticks = _options.Clock.GetUtcNow().UtcTicks;
        return new DateTimeOffset(ticks - ticks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
    }

    string TextOf(Field field, out bool verbatim)
    {
        var value = _bag[field].Trim();
        var markup = (_bag.Markup || _bag.MeaningOf(field).Html) && PlainText.LooksLikeHtml(value);
        var text = markup ? PlainText.Clean(PlainText.FromHtml(value)).Trim() : PlainText.Clean(value);
        // Trimmed blanks are not worth a second copy in the raw payload; everything else that was changed is.
        verbatim = value.SequenceEqual(text);
        return text;
    }

    static string NoText(out bool verbatim)
    {
        verbatim = false;
        return "";
    }

    string? Raw(bool title, bool text, bool url)
    {
        Span<Field> verbatim = stackalloc Field[3];
        var count = 0;
        if (title) verbatim[count++] = Field.Title;
        if (text) verbatim[count++] = Field.Text;
        if (url) verbatim[count++] = Field.Url;
        return _bag.RawWithout(verbatim[..count]);
    }

    string Identity(string source, EventType type, DateTimeOffset? stated, string title, string text, string? url)
    {
        if (_bag.Has(Field.Id))
        {
            var id = _bag[Field.Id].Trim();
            return ArticleId.IsWellFormed(id) ? id.ToString() : ArticleId.FromNativeId(_bag.MeaningOf(Field.Id).Scope ?? source, id);
        }
        if (url is not null && CanonicalUrl.Of(url) is { } canonical) return ArticleId.FromCanonicalUrl(canonical);
        if (_bag.Has(Field.EventId))
        {
            var id = _bag[Field.EventId].Trim();
            return ArticleId.IsWellFormed(id) ? id.ToString() : ArticleId.FromEventId(id);
        }
        return ArticleId.FromContent(source, type, stated, title, text);
    }

    bool TryType(in FeedDefaults feed, out EventType type, out string? problem)
    {
        problem = null;
        type = _options.Type ?? feed.Type ?? (_bag.MeaningOf(Field.Id).Scope is { } scope
            ? scope == "tweet" ? EventType.Tweet : EventType.Reddit
            : EventType.News);
        if (!_bag.Has(Field.Type) || _options.Type is not null && !_bag.IsMapped(Field.Type)) return true;
        Span<char> lower = stackalloc char[24];
        var value = _bag[Field.Type].Trim();
        EventType? named = value.Length > lower.Length ? null : lower[..value.ToLowerInvariant(lower)] switch
        {
            "news" or "article" or "story" or "headline" or "press_release" or "press release" => EventType.News,
            "tweet" or "twitter" or "x" => EventType.Tweet,
            "reddit" or "reddit_post" or "reddit_comment" => EventType.Reddit,
            "filing" or "sec" or "sec_filing" or "8-k" or "10-k" or "10-q" => EventType.Filing,
            _ => null,
        };
        if (named is { } known)
        {
            type = known;
            return true;
        }
        problem = $"type '{TimestampParser.Quote(value)}' is none of news, tweet, reddit, filing";
        return false;
    }

    bool TrySource(in FeedDefaults feed, EventType type, out string source, out string? problem)
    {
        problem = null;
        source = _bag.IsMapped(Field.Source) ? PlainText.Clean(_bag[Field.Source].Trim())
            : _options.Source ?? (_bag.Has(Field.Source) ? PlainText.Clean(_bag[Field.Source].Trim()) : feed.Source ?? _defaultSource ?? PlatformOf(type));
        if (source.Length is > 0 and <= MaxNameLength) return true;
        problem = source.Length == 0 ? "source is blank" : $"source has {source.Length} characters; at most {MaxNameLength} are allowed";
        return false;
    }

    /// <summary>A file's name says nothing about the publisher, and would make the same post in two files two posts.</summary>
    static string PlatformOf(EventType type) => type switch
    {
        EventType.Tweet => "twitter",
        EventType.Reddit => "reddit",
        EventType.Filing => "sec",
        _ => "news",
    };

    bool TryWeight(out double weight, out string? problem)
    {
        weight = 1;
        problem = null;
        if (!_bag.Has(Field.Weight)) return true;
        var value = _bag[Field.Weight].Trim();
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && weight > 0 && weight <= MaxWeight)
            return true;
        problem = $"weight '{TimestampParser.Quote(value)}' is not a number above 0 and at most {MaxWeight:N0}";
        return false;
    }

    bool TryPriority(out Priority priority, out string tier, out string? problem)
    {
        problem = null;
        priority = _options.Priority;
        tier = "standard";
        if (_bag.Has(Field.PremiumTier))
        {
            tier = PlainText.Clean(_bag[Field.PremiumTier].Trim()).ToLowerInvariant();
            if (tier.Length > MaxNameLength) tier = tier[..MaxNameLength];
            if (tier is "premium" or "high" or "realtime") priority = Priority.High;
        }
        if (!_bag.Has(Field.Priority)) return true;
        var value = _bag[Field.Priority].Trim();
        if (value.Equals("high", StringComparison.OrdinalIgnoreCase)) priority = Priority.High;
        else if (value.Equals("standard", StringComparison.OrdinalIgnoreCase)) priority = Priority.Standard;
        else problem = $"priority '{TimestampParser.Quote(value)}' is neither standard nor high";
        return problem is null;
    }

    bool TryTickers(string title, string text, out IReadOnlyList<string> tickers, out string? problem)
    {
        problem = null;
        if (_bag.TickerItems is { } items)
        {
            if (!TickerList.TryParse(items, out tickers, out problem)) return false;
            if (tickers.Count > 0) return true;
        }
        if (_bag.Has(Field.Tickers))
        {
            if (!TickerList.TryParse(_bag[Field.Tickers], out tickers, out problem)) return false;
            if (tickers.Count > 0) return true;
        }
        tickers = ReferenceEquals(title, text) || title.Length == 0 ? _extractor.Extract(text) : _extractor.Extract(title, text);
        if (tickers.Count <= TickerList.MaxPerEvent) return true;
        problem = $"the text names {tickers.Count} tickers; at most {TickerList.MaxPerEvent} are allowed";
        return false;
    }

    bool TryAuthor(out EventAuthor? author, out string? problem)
    {
        (author, problem) = (null, null);
        if (!_bag.Has(Field.Author) && !_bag.Has(Field.AuthorId) && !_bag.Has(Field.Followers)) return true;
        author = new EventAuthor { Id = Name(Field.AuthorId), Username = Name(Field.Author), Followers = Followers() };
        if (author.Id?.Length > MaxNameLength) problem = $"author id has {author.Id.Length} characters; at most {MaxNameLength} are allowed";
        else if (author.Username?.Length > MaxNameLength)
            problem = $"author has {author.Username.Length} characters; at most {MaxNameLength} are allowed";
        return problem is null;
    }

    string? Name(Field field) => _bag.Has(field) ? PlainText.Clean(_bag[field].Trim()) : null;

    // Pandas writes counts as 6.0 where some rows lack them.
    long? Followers() =>
        _bag.Has(Field.Followers) && decimal.TryParse(_bag[Field.Followers], NumberStyles.Float, CultureInfo.InvariantCulture,
            out var count)
            && count is >= 0 and <= long.MaxValue ? (long)count : null;

    static EventEnvelope? Fail(string reason, out string? problem)
    {
        problem = reason;
        return null;
    }

    public void Dispose() => _bag.Dispose();
}

/// <summary>What holds for every record of a feed.</summary>
readonly record struct FeedDefaults(string? Source, EventType? Type);
