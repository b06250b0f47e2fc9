using System.Buffers;
using System.Runtime.CompilerServices;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// The trained built-in model: a linear classifier over hashed words, characters, terms of the lexicon and comparisons of numbers, calibrated
/// to class probabilities. Deterministic, thread-safe, managed code only, microseconds a headline.
/// </summary>
/// <remarks>
/// A text of up to <see cref="WholeCharacters"/> characters is read as one. Of a longer one each sentence is scored, up to
/// <see cref="LexiconModel.MaxSentences"/>, and so of a shorter one in which there are several sentences of a report
/// (<see cref="ReportSentences"/>); their probabilities are averaged with the weights of <see cref="NewsWeight"/>.
/// </remarks>
public sealed class ClassifierModel : IEntitySentimentModel
{
    public const string ModelName = "classifier";

    /// <summary>As long as the texts that it is trained on.</summary>
    public const int WholeCharacters = 400;

    /// <summary>So many sentences that end with a full stop are an article, however short: what comes first and what happened then would mix.</summary>
    public const int ReportSentences = 3;

    const int TextsBetweenChecks = 128;
    const int ShortestArticle = 160;

    static readonly SearchValues<char> MarksOfPosts = SearchValues.Create("@#!?…|");

    readonly ClassifierFile _file;

    ClassifierModel(ClassifierFile file)
    {
        _file = file;
        Version = $"{ClassifierFile.Format}.{file.Hash}.{file.Terms.Hash}";
    }

    public string Name => ModelName;

    /// <summary>Version of the file's format, its hash, and that of the lexicon that its features come from.</summary>
    public string Version { get; }

    public ModelCard Card => _file.Card;

    /// <param name="path">A file made by <c>bellwether model train</c>; null for the model that ships with the program.</param>
    /// <exception cref="ModelFileException">The file is missing, cut off, altered, or of another version.</exception>
    public static ClassifierModel Load(string? path = null) => new(path is null ? ClassifierFile.ReadBuiltIn() : ClassifierFile.ReadFile(path));

    /// <summary>Whether a file is a classifier's, of whatever version.</summary>
    public static bool IsClassifierFile(string path) => ClassifierFile.HasMagic(path);

    internal static ClassifierModel Of(ClassifierFile file) => new(file);

    /// <summary>Completes synchronously. A null text throws <see cref="ArgumentNullException"/>.</summary>
    public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var scores = new SentimentScore[texts.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            if (i % TextsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            ArgumentNullException.ThrowIfNull(texts[i]);
            scores[i] = Score(texts[i]);
        }
        return new(scores);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SentimentScore>> ScoreEntitiesAsync(IReadOnlyList<EntityText> texts, CancellationToken cancellationToken)
    {
        var scores = new SentimentScore[texts.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            if (i % TextsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            ArgumentNullException.ThrowIfNull(texts[i]);
            scores[i] = ScoreEntity(texts[i]);
        }
        return new(scores);
    }

    /// <summary>Scores one text without allocating.</summary>
    public SentimentScore Score(ReadOnlySpan<char> text)
    {
        text = text[..Math.Min(text.Length, LexiconModel.MaxCharacters)];
        text = text[..Boilerplate.StartOf(text, out var isWithin)];
        return text.Length <= WholeCharacters && !isWithin && !IsArticle(text) ? ScorePart(text) : ScoreSentences(text);
    }

    [SkipLocalsInit]
    SentimentScore ScorePart(ReadOnlySpan<char> text)
    {
        var features = new FeatureBuffer(stackalloc uint[FeatureBuffer.Room], stackalloc int[FeatureBuffer.Groups], _file.Text.Bits);
        TextFeatures.Read(_file.Terms, text, features);
        return _file.Text.Score(features, (int)FeatureGroup.Near);
    }

    [SkipLocalsInit]
    SentimentScore ScoreSentences(ReadOnlySpan<char> text)
    {
        var reader = new SentenceReader(text, stackalloc char[1024], stackalloc Token[128]);
        var boilerplate = default(Boilerplate.State);
        var news = default(NewsWeight);
        double positive = 0, negative = 0, weights = 0;
        for (var (i, start) = (0, 0); i < LexiconModel.MaxSentences && reader.Read(); start = reader.Position)
        {
            if (boilerplate.Skips(text, start, reader.Position)) continue;
            var score = ScorePart(text[start..reader.Position]);
            var weight = news.Next(reader, score);
            (positive, negative, weights) = (positive * news.Before + weight * score.Positive, negative * news.Before + weight * score.Negative, weights * news.Before + weight);
            i++;
        }
        return weights > 0 ? new(positive / weights, negative / weights) : ScorePart(text[..Math.Min(text.Length, WholeCharacters)]);
    }

    static bool IsArticle(ReadOnlySpan<char> text)
    {
        if (text.Length < ShortestArticle || text.ContainsAny(MarksOfPosts)) return false;
        var stops = 0;
        for (var i = 1; i < text.Length; i++)
        {
            // A cashtag.
            if (text[i] == '$' && i + 1 < text.Length && char.IsAsciiLetter(text[i + 1])) return false;
            if (text[i] == '.' && EndsSentence(text, i)) stops++;
        }
        return stops >= ReportSentences && text.TrimEnd()[^1] == '.';
    }

    // Neither "Corp. said", "U.S. sales" nor "4.5".
    static bool EndsSentence(ReadOnlySpan<char> text, int stop)
    {
        if (!char.IsAsciiLetterLower(text[stop - 1]) && !char.IsAsciiDigit(text[stop - 1]) && text[stop - 1] is not ('%' or ')')) return false;
        var rest = text[(stop + 1)..];
        return rest.IsEmpty || rest.Length > 1 && rest[0] == ' ' && !char.IsAsciiLetterLower(rest[1]);
    }

    internal SentimentScore ScoreEntity(EntityText text)
    {
        var whole = text.Text.AsSpan(0, Math.Min(text.Text.Length, LexiconModel.MaxCharacters));
        var news = whole[..Boilerplate.StartOf(whole, out _)];
        Span<TextSpan> spans = stackalloc TextSpan[32];
        if (IsAnyWithin(text.Target, news.Length)) whole = news;
        if (whole.Length <= WholeCharacters) return ScoreEntity(whole, Within(text.Target, 0, whole.Length, spans[..16]), Within(text.Others, 0, whole.Length, spans[16..]));
        var reader = new SentenceReader(whole, stackalloc char[1024], stackalloc Token[128]);
        var told = default(NewsWeight);
        double positive = 0, negative = 0, weights = 0;
        for (var (i, start) = (0, 0); i < LexiconModel.MaxSentences && reader.Read(); i++)
        {
            var end = reader.Position;
            var target = Within(text.Target, start, end, spans[..16]);
            // What is said of another company is no turn of this one's story.
            if (!target.IsEmpty)
            {
                var score = ScoreEntity(whole[start..end], target, Within(text.Others, start, end, spans[16..]));
                var weight = told.Next(reader, score);
                (positive, negative, weights) = (positive * told.Before + weight * score.Positive, negative * told.Before + weight * score.Negative, weights * told.Before + weight);
            }
            start = end;
        }
        return weights > 0 ? new(positive / weights, negative / weights) : Score(whole);
    }

    [SkipLocalsInit]
    SentimentScore ScoreEntity(ReadOnlySpan<char> text, ReadOnlySpan<TextSpan> target, ReadOnlySpan<TextSpan> others)
    {
        var features = new FeatureBuffer(stackalloc uint[FeatureBuffer.Room], stackalloc int[FeatureBuffer.Groups], _file.Entity.Bits);
        TextFeatures.ReadFor(_file.Terms, text, target, others, features);
        return _file.Entity.Score(features, FeatureBuffer.Groups);
    }

    static bool IsAnyWithin(IReadOnlyList<TextSpan> spans, int end)
    {
        for (var i = 0; i < spans.Count; i++)
            if (spans[i].Start < end) return true;
        return false;
    }

    // The spans that begin in a part of the text, counted from its start.
    static ReadOnlySpan<TextSpan> Within(IReadOnlyList<TextSpan> spans, int start, int end, Span<TextSpan> room)
    {
        var count = 0;
        for (var i = 0; i < spans.Count && count < room.Length; i++)
            if (spans[i].Start >= start && spans[i].Start < end) room[count++] = new(spans[i].Start - start, spans[i].Length);
        return room[..count];
    }
}
