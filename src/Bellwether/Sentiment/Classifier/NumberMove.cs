namespace Bellwether.Sentiment.Classifier;

/// <summary>Two numbers of one thing, now and before: "sales rose to 13.1 mn from 8.7 mn", "a loss of 2 mn, compared with a profit of 1 mn".</summary>
/// <param name="Token">Index of the newer number.</param>
/// <param name="Direction">+1 more than before, −1 less, 0 the same.</param>
/// <param name="Meaning">+1 good for a holder, −1 bad, 0 unknown for want of a subject, or nothing moved.</param>
readonly record struct NumberMove(int Token, sbyte Direction, sbyte Meaning);
