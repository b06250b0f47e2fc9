using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// How much a sentence of a long text counts: what happened now more than what was before, figures more than words, what the share did most. Goes
/// from the first sentence to the last; where the story turns, what was told before it counts less.
/// </summary>
struct NewsWeight
{
    // A certainly neutral sentence still counts for this much of one that is certainly not.
    const double NeutralShare = 0.15;
    const double Lead = 1, Second = 0.6, Later = 0.45;
    const double OfShare = 2.2, OfDay = 1.7, OfFigure = 1.2, OfPast = 0.4;
    const double BeforeTurn = 0.4;
    const int OpeningWords = 7;
    const int ReachOfFigure = 12;

    [Flags]
    enum Signs
    {
        None = 0,
        Day = 1,
        Figure = 2,
        Share = 4,
        Past = 8,
        Turn = 16,
    }

    int _index;
    bool _hasDay;

    /// <summary>What everything before the sentence that was weighed last is to be multiplied by.</summary>
    public double Before { get; private set; }

    /// <summary>The weight of the next sentence.</summary>
    public double Next(in SentenceReader sentence, SentimentScore score)
    {
        var signs = SignsOf(sentence);
        var weight = _index == 0 ? Lead : _index < 3 ? Second : Later;
        if ((signs & Signs.Share) != 0) weight *= OfShare;
        else if ((signs & Signs.Day) != 0) weight *= _hasDay || _index == 0 ? OfFigure : OfDay / weight;
        else if ((signs & Signs.Past) != 0) weight *= OfPast;
        else if ((signs & Signs.Figure) != 0) weight *= OfFigure;
        // News with its day in the first sentence has no turn; background first, and then the day, has.
        Before = _index > 0 && !_hasDay && (signs & (Signs.Day | Signs.Turn)) != 0 ? BeforeTurn : 1;
        _hasDay |= (signs & Signs.Day) != 0;
        _index++;
        return weight * (NeutralShare + (1 - NeutralShare) * (1 - score.Neutral));
    }

    static Signs SignsOf(in SentenceReader sentence)
    {
        var signs = Signs.None;
        var tokens = sentence.Tokens;
        var share = -1;
        for (var i = 0; i < tokens.Length; i++)
        {
            var word = sentence.WordOf(tokens[i]);
            if (word[^1] == '#')
            {
                if (IsYear(sentence, tokens[i])) signs |= i < OpeningWords ? Signs.Past : Signs.None;
                else signs |= share >= 0 && i - share <= ReachOfFigure ? Signs.Figure | Signs.Share : Signs.Figure;
                continue;
            }
            switch (word)
            {
                case "monday" or "tuesday" or "wednesday" or "thursday" or "friday" or "saturday" or "sunday"
                    or "yesterday" or "today" or "overnight" or "tonight":
                    signs |= Signs.Day;
                    break;
                case "shares" or "share" or "stock" when !IsMeasure(sentence, i):
                    share = i;
                    break;
                case "ago" or "years" or "decade" or "decades" or "once" or "founded" or "had" or "used" or "formerly" when i < OpeningWords:
                    signs |= Signs.Past;
                    break;
                case "now" or "then" or "but" or "however" or "yet" or "instead" or "suddenly" when i == 0:
                    signs |= Signs.Turn;
                    break;
                // "That is over.", "On Monday the story changed."
                case "over" or "changed" or "ended" or "different" when i > 0 && i + 3 > tokens.Length && tokens.Length <= OpeningWords:
                    signs |= Signs.Turn;
                    break;
            }
        }
        return signs;
    }

    // "Earnings per share", "market share", "12 million shares".
    static bool IsMeasure(in SentenceReader sentence, int at) =>
        at > 0 && sentence.WordOf(sentence.Tokens[at - 1]) is "per" or "a" or "market" or "diluted" or "basic" or "million" or "#" or "back";

    static bool IsYear(in SentenceReader sentence, Token token)
    {
        var text = sentence.Text[token.Source..];
        if (text.Length < 4 || !text.StartsWith("19") && !text.StartsWith("20") || !char.IsAsciiDigit(text[2]) || !char.IsAsciiDigit(text[3])) return false;
        // "2019." is one, "2019.5" and "2,019" are none.
        var rest = text[4..];
        return rest.IsEmpty || !char.IsAsciiLetterOrDigit(rest[0]) && rest[0] != '%' && (rest[0] is not ('.' or ',') || rest.Length == 1 || !char.IsAsciiDigit(rest[1]));
    }
}
