using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Counts.Registry;

namespace Bellwether.Counts.Ledger;

/// <summary>What a model believes at an origin, asked by the clock and not by buckets.</summary>
sealed class Belief
{
    const double Coverage = 0.95;

    readonly AccountPosts _posts;
    readonly CountGrid _grid;
    readonly ICountForecast _forecast;

    Belief(AccountPosts posts, CountGrid grid, DateTimeOffset origin, ICountForecast forecast) => (_posts, _grid, Origin, _forecast) = (posts, grid, origin, forecast);

    public DateTimeOffset Origin { get; }

    /// <param name="version">The parameters' version; models are fitted again at the end of its window, which gives the same parameters.</param>
    public static Task<Belief> FormAsync(AccountPosts posts, ModelVersion version, DateTimeOffset origin, CancellationToken cancellationToken) => Task.Run(() =>
    {
        var grid = posts.Grid(origin, since: version.TrainingStartDate);
        var model = ModelCatalog.Create(version.ModelName, grid);
        // The default model learns its weights and its calibration up to the origin itself; a version fixes what it is made of.
        var trained = version.ModelName == ModelCatalog.Default ? grid.History.Length : Math.Clamp(grid.At(version.TrainingEndDate).Bucket, 0, grid.History.Length);
        cancellationToken.ThrowIfCancellationRequested();
        return new Belief(posts, grid, origin, model.Fit(grid.History, trained).At(grid.History, grid.History.Length));
    }, cancellationToken);

    /// <summary>The count of [from, to): what was posted of it so far, and the distribution of the whole.</summary>
    /// <exception cref="CountsException">It is over at the origin, or a gap hides what was posted so far.</exception>
    public (CountDistribution Total, CountInterval Interval, int SoFar) About(DateTimeOffset from, DateTimeOffset to)
    {
        if (to <= from) throw CountsException.Input($"A window from {from:u} to {to:u} ends before it begins.");
        if (to <= Origin) throw CountsException.Input($"The window ends at {to:u}; at {Origin:u} there is nothing left of it to forecast.");
        if ((to - Origin).TotalDays > 366) throw CountsException.Input($"The window ends at {to:u}, more than a year after {Origin:u}; so far no forecast reaches.");
        var soFar = 0;
        if (from < Origin)
            soFar = _posts.Count(from, Origin) ?? throw new CountsException(CountsProblem.NotEnough,
                $"What was posted from {from:u} to {Origin:u} is not known whole: {_posts.WhyUnknown(from, Origin)}.");
        var (total, interval) = Between(_grid.At(CountsClock.Max(from, Origin)), _grid.At(to));
        return (total.Shift(soFar), new(interval.Lower + soFar, interval.Upper + soFar), soFar);
    }

    // A window that begins or ends within a bucket: a mixture of the windows of whole buckets around it, by how much of the bucket lies within.
    // The mean is then that of even posting within the hour.
    (CountDistribution Total, CountInterval Interval) Between((int Bucket, double Part) from, (int Bucket, double Part) to)
    {
        if (from.Part == 0 && to.Part == 0)
        {
            var whole = _forecast.Total(from.Bucket, to.Bucket);
            return (whole, _forecast is CombinedForecast combined ? combined.Interval(from.Bucket, to.Bucket) : whole.EqualTailed(Coverage));
        }
        List<CountDistribution> parts = [];
        List<double> weights = [];
        if (from.Bucket == to.Bucket)
        {
            var part = MixtureCount.Pool([_forecast.Total(from.Bucket, from.Bucket + 1), new CountPmf(0, [1])], [to.Part - from.Part, 1 - (to.Part - from.Part)]);
            return (part, part.EqualTailed(Coverage));
        }
        foreach (var (first, share) in ((int, double)[])[(from.Bucket, 1 - from.Part), (from.Bucket + 1, from.Part)])
            foreach (var (end, rest) in ((int, double)[])[(to.Bucket, 1 - to.Part), (to.Bucket + 1, to.Part)])
                if (share * rest > 0)
                {
                    parts.Add(end > first ? _forecast.Total(first, end) : new CountPmf(0, [1]));
                    weights.Add(share * rest);
                }
        var mixed = MixtureCount.Pool([.. parts], [.. weights]);
        return (mixed, mixed.EqualTailed(Coverage));
    }
}
