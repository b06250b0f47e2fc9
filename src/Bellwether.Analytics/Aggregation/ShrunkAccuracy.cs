namespace Bellwether.Analytics.Aggregation;

/// <summary>How often one account was right.</summary>
public readonly record struct AccuracyRecord(long Hits, long Trials);

/// <param name="Mean">Share of all trials that were hits.</param>
/// <param name="Strength">Trials that the mean is worth in the estimate of one account; large where accounts differ no more than by chance.</param>
public readonly record struct AccuracyPrior(double Mean, double Strength);

/// <summary>
/// Weights of accounts from how often they were right, drawn to the mean of all (empirical Bayes, beta-binomial): the few who seem brilliant after
/// ten trials are mostly lucky.
/// </summary>
public static class ShrunkAccuracy
{
    public const string Formula = "influencer-beta-v1";

    /// <summary>A weight is the odds of being right over the usual odds, within these.</summary>
    public const double Least = 0.25, Most = 4;

    const double LeastStrength = 10, MostStrength = 10_000;

    /// <summary>
    /// By moments: accounts whose rates vary by more than the binomial allows have a spread of their own. Var(hits/n) of one account is
    /// μ(1−μ)·(1 + (n−1)/(s+1))/n, from which s follows.
    /// </summary>
    public static AccuracyPrior Fit(ReadOnlySpan<AccuracyRecord> records)
    {
        var (hits, trials, accounts) = (0L, 0L, 0);
        foreach (var record in records)
        {
            if (record.Trials < 0 || record.Hits < 0 || record.Hits > record.Trials)
                throw new ArgumentException($"{record.Hits} hits of {record.Trials} trials cannot be.", nameof(records));
            (hits, trials, accounts) = (hits + record.Hits, trials + record.Trials, accounts + (record.Trials > 0 ? 1 : 0));
        }
        if (trials == 0) return new(0.5, MostStrength);
        // One of each more, so that nobody is always right.
        var mean = (hits + 1.0) / (trials + 2.0);
        var (observed, squares) = (0.0, 0.0);
        foreach (var record in records)
        {
            if (record.Trials == 0) continue;
            var off = (double)record.Hits / record.Trials - mean;
            observed += record.Trials * off * off;
            squares += (double)record.Trials * record.Trials;
        }
        // Σ n·off² is (accounts − 1)·μ(1−μ) by chance alone, and (trials − Σn²/trials)·var of the accounts' true rates above that.
        var free = trials - squares / trials;
        var between = free > 0 ? (observed - (accounts - 1) * mean * (1 - mean)) / free : 0;
        var strength = between > 0 ? mean * (1 - mean) / between - 1 : MostStrength;
        return new(mean, Math.Clamp(strength, LeastStrength, MostStrength));
    }

    /// <summary>Rate of being right, drawn to the mean.</summary>
    public static double Rate(AccuracyRecord record, AccuracyPrior prior) => (record.Hits + prior.Strength * prior.Mean) / (record.Trials + prior.Strength);

    /// <summary>1 for an account of which nothing is known.</summary>
    public static double Weight(AccuracyRecord record, AccuracyPrior prior)
    {
        var rate = Rate(record, prior);
        return Math.Clamp(rate / (1 - rate) / (prior.Mean / (1 - prior.Mean)), Least, Most);
    }
}
