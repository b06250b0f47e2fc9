namespace Bellwether.Analytics.Counts.Models;

/// <summary>Models fitted again every so many days, by the calendar of the history and not by when they are asked.</summary>
sealed class ModelSchedule(CountHistory history, IReadOnlyList<ICountModel> models, int refitDays)
{
    readonly IFittedCountModel[] _fitted = new IFittedCountModel[models.Count];
    int _slot = -1;

    /// <summary>The forecasts of all models at an origin, no earlier than the one before.</summary>
    public ICountForecast[] At(int origin)
    {
        var perDay = history.BucketsPerDay;
        var slot = origin / perDay / refitDays;
        var refit = slot != _slot;
        _slot = slot;
        var forecasts = new ICountForecast[models.Count];
        Parallel.For(0, models.Count, i =>
        {
            if (refit)
                _fitted[i] = models[i].Fit(history, slot * refitDays * perDay + origin % perDay);
            forecasts[i] = _fitted[i].At(history, origin);
        });
        return forecasts;
    }

    /// <summary>The fits in use, in the order of the models.</summary>
    public IReadOnlyList<CountFit> Summaries() => [.. _fitted.Select(f => f?.Summary ?? CountFit.None)];
}
