namespace Bellwether.Sentiment.Lexicon;

/// <summary>
/// Turns evidence into class probabilities by a multinomial logistic map with neutral as the reference class:
/// logit(class) = Bias + OnPositive·p + OnNegative·n, where p = P/(P+2) and n = N/(N+2).
/// </summary>
static class LexiconCalibration
{
    const double HalfSaturation = 2;

    public static SentimentScore ToScore(Evidence evidence)
    {
        var (p, n) = Features(evidence);
        var positive = Math.Exp(PositiveBias + PositiveOnPositive * p + PositiveOnNegative * n);
        var negative = Math.Exp(NegativeBias + NegativeOnPositive * p + NegativeOnNegative * n);
        var total = 1 + positive + negative;
        return new(positive / total, negative / total);
    }

    /// <summary>Both 0 to 1, so that a long list of good words does not become certainty.</summary>
    public static (double P, double N) Features(Evidence evidence) =>
        (evidence.Positive / (evidence.Positive + HalfSaturation), evidence.Negative / (evidence.Negative + HalfSaturation));

    public const double PositiveBias = -1.5;
    public const double PositiveOnPositive = 4;
    public const double PositiveOnNegative = -1;
    public const double NegativeBias = -1.8;
    public const double NegativeOnPositive = -1;
    public const double NegativeOnNegative = 4;
}
