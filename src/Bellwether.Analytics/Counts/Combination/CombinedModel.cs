namespace Bellwether.Analytics.Counts.Combination;

/// <summary>
/// The default model: <see cref="CombinedRun"/> behind the interface of the others. Fitting replays the days before the origin, which takes
/// seconds; asking for later days goes on from there.
/// </summary>
public sealed class CombinedModel(CombinedOptions? options = null) : ICountModel
{
    public string Name => "combined";

    public IFittedCountModel Fit(CountHistory history, int origin)
    {
        var fitted = new Fitted(options ?? new());
        fitted.At(history, origin);
        return fitted;
    }

    sealed class Fitted(CombinedOptions options) : IFittedCountModel
    {
        CombinedRun? _run;
        CombinedForecast? _latest;

        public CountFit Summary => CountFit.None;

        public ICountForecast At(CountHistory history, int origin)
        {
            if (_run is not null && _latest is not null && _run.History == history)
            {
                if (origin == _latest.Origin)
                    return _latest;
                var perDay = history.BucketsPerDay;
                if (origin > _latest.Origin && (origin - _latest.Origin) % perDay == 0 && origin - _latest.Origin < options.WarmUpDays * perDay)
                {
                    while (_latest.Origin < origin)
                        _latest = _run.Advance(_latest.Origin + perDay);
                    return _latest;
                }
            }
            _run = new(history, options);
            return _latest = _run.Start(origin);
        }
    }
}
