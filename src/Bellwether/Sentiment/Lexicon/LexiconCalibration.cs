namespace Bellwether.Sentiment.Lexicon;

/// <summary>
/// Turns evidence into class probabilities by a multinomial logistic map with neutral as the reference class:
/// logit(positive) = Bias + For·p + Against·n + Mixed·min(p, n), and the same with p and n exchanged for negative.
/// </summary>
/// <remarks>
/// The two sides share their constants, so a text without evidence scores exactly 0 and the balance of good and bad news in the
/// training sets leaves no lean. The four constants are the maximum-likelihood fit (Newton's method) over the union of SEntFiN's
/// single-entity headlines and the Twitter financial news training set, 17,396 texts; a test repeats the fit and compares.
/// </remarks>
static class LexiconCalibration
{
    public const double Bias = -2.620;
    public const double For = 7.887;
    public const double Against = 0.670;
    public const double Mixed = -3.082;

    const double HalfSaturation = 2;

    public static SentimentScore ToScore(Evidence evidence)
    {
        var (p, n) = Features(evidence);
        var mixed = Bias + Mixed * Math.Min(p, n);
        var positive = Math.Exp(mixed + For * p + Against * n);
        var negative = Math.Exp(mixed + For * n + Against * p);
        var total = 1 + positive + negative;
        return new(positive / total, negative / total);
    }

    /// <summary>p and n: evidence saturated to 0–1, so that a long list of good words does not become certainty.</summary>
    public static (double P, double N) Features(Evidence evidence) =>
        (evidence.Positive / (evidence.Positive + HalfSaturation), evidence.Negative / (evidence.Negative + HalfSaturation));
}
