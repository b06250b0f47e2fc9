using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Models;
using Bellwether.Analytics.Counts.Regression;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CountModelTests
{
    static readonly (CountHistory History, double[] Events) Sample = CountSamples.Invented(150, 1);

    public static TheoryData<string> Names => [.. All(Sample.Events).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forecast_reads_nothing_at_or_after_its_origin(string name)
    {
        const int Origin = 120 * 24;
        // The same past with another future: counts, gaps and events after the origin all differ.
        var counts = Sample.History.Counts.ToArray();
        var observed = Enumerable.Range(0, counts.Length).Select(Sample.History.IsObserved).ToArray();
        for (var hour = Origin; hour < counts.Length; hour++)
            (counts[hour], observed[hour]) = (counts[hour] * 7 + 3, hour % 5 != 0);
        var origin = CountSamples.Start + 3600.0 * Origin;
        var changed = CountHistory.OfHours(CountSamples.Start, counts, observed);
        double[] events = [.. Sample.Events.Where(e => e < origin), .. Enumerable.Range(0, 500).Select(i => origin + 60 * i)];

        var before = Model(name, Sample.Events).Fit(Sample.History, Origin).At(Sample.History, Origin);
        var after = Model(name, events).Fit(changed, Origin).At(changed, Origin);

        foreach (var (from, to) in ((int, int)[])[(0, 1), (9, 10), (0, 24), (48, 72), (0, 168), (5, 200)])
        {
            var (a, b) = (before.Total(Origin + from, Origin + to), after.Total(Origin + from, Origin + to));
            for (var k = 0; k < 900; k += 7)
                Assert.Equal(a.Cdf(k), b.Cdf(k));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forecasts_are_near_what_comes_at_every_window(string name)
    {
        var model = Model(name, Sample.Events);
        var (expected, came, scores) = (new double[4], new double[4], 0);
        var fitted = model.Fit(Sample.History, 110 * 24);
        for (var origin = 110 * 24; origin < 140 * 24; origin += 24)
        {
            var forecast = fitted.At(Sample.History, origin);
            (int, int)[] windows = [(origin + 10, origin + 11), (origin, origin + 24), (origin + 30, origin + 45), (origin, origin + 168)];
            for (var i = 0; i < windows.Length; i++)
            {
                Assert.True(Sample.History.TryTotal(windows[i].Item1, windows[i].Item2, out var actual));
                var total = forecast.Total(windows[i].Item1, windows[i].Item2);
                expected[i] += total.Mean;
                came[i] += actual;
                scores += double.IsFinite(total.LogPmf(actual)) ? 1 : 0;
                Assert.InRange(total.Table.Cumulative[^1], 1 - 1e-9, 1);
            }
        }
        Assert.Equal(120, scores);
        for (var i = 0; i < 4; i++)
            Assert.InRange(expected[i] / came[i], 0.6, 1.6);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Same_question_gets_the_same_answer(string name)
    {
        const int Origin = 100 * 24 + 15;
        var once = Model(name, Sample.Events).Fit(Sample.History, Origin).At(Sample.History, Origin).Total(Origin, Origin + 50);
        var again = Model(name, Sample.Events).Fit(Sample.History, Origin).At(Sample.History, Origin).Total(Origin, Origin + 50);

        Assert.Equal(once.Mean, again.Mean);
        Assert.Equal(once.Quantile(0.9), again.Quantile(0.9));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Short_and_empty_histories_get_an_answer(string name)
    {
        var model = Model(name, Sample.Events);
        foreach (var origin in (int[])[0, 1, 5, 24, 49, 200, 24 * 30])
        {
            var total = model.Fit(Sample.History, origin).At(Sample.History, origin).Total(origin, origin + 24);
            Assert.True(double.IsFinite(total.Mean) && total.Mean > 0);
            Assert.True(double.IsFinite(total.LogPmf(3)));
            if (origin < 49)
                continue;
            // Longer windows than the history has seen are of its level too.
            var fitted = model.Fit(Sample.History, origin).At(Sample.History, origin);
            var level = Sample.History.Observed(0, origin) is var (sum, hours) ? (double)sum / hours : 0;
            foreach (var window in (int[])[168, 720])
                Assert.InRange(fitted.Total(origin, origin + window).Mean / (level * window), 0.3, 3);
        }
        var silent = CountHistory.OfHours(CountSamples.Start, new int[24 * 90]);
        var none = Model(name, []).Fit(silent, silent.Length).At(silent, silent.Length).Total(silent.Length, silent.Length + 24);
        Assert.True(none.Mean < 3 && double.IsFinite(none.LogPmf(2)));
    }

    [Fact]
    public void Events_that_double_the_rate_do_so_in_forecasts_from_when_they_are_known()
    {
        const int Days = 200, Origin = 190 * 24;
        var random = new Random(3);
        var (counts, events) = (new int[Days * 24], new List<CountEvent>());
        for (var day = 0; day < Days; day++)
        {
            // One day in five has one, which is known two days ahead.
            var eventful = day % 5 == 2;
            var start = CountSamples.Start + day * 86_400L;
            if (eventful) events.Add(new(start, start + 86_400, 1, start - 2 * 86_400));
            for (var hour = 0; hour < 24; hour++) counts[day * 24 + hour] = MathNet.Numerics.Distributions.Poisson.Sample(random, eventful ? 8 : 4);
        }
        var plain = CountHistory.OfHours(CountSamples.Start, counts);
        var history = plain.With(events);
        var fitted = new GlmModel(CountFamily.NegativeBinomial).Fit(history, Origin);
        Assert.Contains(fitted.Summary.Parameters, p => p.Name == "event_intensity" && Math.Abs(p.Estimate - Math.Log(2)) < 4 * p.StandardError);
        // Day 192 has one. At its eve it is known, three days before it was not.
        var eve = fitted.At(history, Origin + 24).Total(Origin + 48, Origin + 72).Mean;
        var before = fitted.At(history, Origin - 48).Total(Origin + 48, Origin + 72).Mean;
        Assert.InRange(eve / before, 1.6, 2.4);
        Assert.Equal((1.0, 0.0, 0.0), (history.EventIntensity(Origin + 50, Origin + 24), history.EventIntensity(Origin + 50, Origin - 24), history.EventIntensity(Origin + 72, Origin + 72)));
        Assert.False(plain.HasEvents);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Windows_and_origins_out_of_place_are_refused(string name)
    {
        var fitted = Model(name, Sample.Events).Fit(Sample.History, 60 * 24);
        var forecast = fitted.At(Sample.History, 60 * 24);

        Assert.Equal(60 * 24, forecast.Origin);
        Assert.Throws<ArgumentOutOfRangeException>(() => forecast.Total(60 * 24 - 1, 60 * 24 + 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => forecast.Total(60 * 24, 60 * 24));
        Assert.Throws<ArgumentOutOfRangeException>(() => fitted.At(Sample.History, Sample.History.Length + 1));
    }

    [Fact]
    public void Outage_is_not_taken_for_silence()
    {
        var counts = Sample.History.Counts[..(100 * 24)].ToArray();
        Array.Clear(counts, 97 * 24, 48);
        bool[] marks = [.. Enumerable.Range(0, counts.Length).Select(h => h < 97 * 24 || h >= 99 * 24)];
        var (gap, silence) = (CountHistory.OfHours(CountSamples.Start, counts, marks), CountHistory.OfHours(CountSamples.Start, counts));

        foreach (var model in All([]).Where(m => m.Name is not ("hawkes" or "combined" or "seasonal-naive")))
            Assert.True(Day(model, gap) > 1.05 * Day(model, silence), model.Name);

        static double Day(ICountModel model, CountHistory history) =>
            model.Fit(history, history.Length).At(history, history.Length).Total(history.Length, history.Length + 24).Mean;
    }

    [Fact]
    public void Counts_by_the_day_are_forecast_too()
    {
        int[] days = [.. Enumerable.Range(0, 150).Select(d => Sample.History.TryTotal(24 * d, 24 * d + 24, out var total) ? total : 0)];
        bool[] known = [.. Enumerable.Range(0, 150).Select(d => Sample.History.TryTotal(24 * d, 24 * d + 24, out _))];
        var history = CountHistory.OfDays(CountSamples.Start, days, known);

        foreach (var model in All([]).Where(m => m.Name != "hawkes"))
        {
            var forecast = model.Fit(history, 140).At(history, 140);
            Assert.InRange(forecast.Total(140, 147).Mean / forecast.Total(140, 141).Mean, 4, 11);
        }
        Assert.Throws<ArgumentException>(() => new HawkesModel([]).Fit(history, 140));
    }

    [Fact]
    public void Exponentially_weighted_moments_are_their_definition()
    {
        var history = CountHistory.OfDays(CountSamples.Start, [9, 4, 6, 0, 11], [true, true, true, false, true]);
        double[] weights = [Math.Pow(2, -0.4), Math.Pow(2, -0.3), Math.Pow(2, -0.2), 1];
        double[] values = [9, 4, 6, 11];
        var mean = weights.Zip(values, (w, y) => w * y).Sum() / weights.Sum();
        var variance = weights.Zip(values, (w, y) => w * (y - mean) * (y - mean)).Sum() / weights.Sum();
        var forecast = EwWindowModel.Reference.Fit(history, 5).At(history, 5).Total(5, 6);

        Assert.Equal(mean, forecast.Mean, 12);
        Assert.Equal(Math.Max(mean, variance), forecast.Variance, 9);
    }

    [Fact]
    public void Exponentially_weighted_models_find_the_parameters_of_steady_counts()
    {
        var random = new Random(12);
        var history = CountHistory.OfDays(CountSamples.Start,
            [.. Enumerable.Range(0, 1500).Select(_ => NegativeBinomialCount.Sample(random, 25, 0.3))]);
        // Effective sample of weights 2^(−j/h): (Σw)²/Σw² = 2h/ln 2 days or so.
        foreach (var (model, days) in ((ICountModel, double)[])[(new EwWindowModel("slow", 200), 577), (new EwLevelModel(200), 400)])
        {
            var forecast = (NegativeBinomialCount)model.Fit(history, 1500).At(history, 1500).Total(1500, 1501);
            var error = Math.Sqrt((25 + 0.3 * 625) / days);
            Assert.InRange((forecast.Mean - 25) / error, -3, 3);
            Assert.InRange(forecast.Alpha, 0.18, 0.42);
        }
    }

    [Fact]
    public void Regression_model_tells_its_parameters()
    {
        var summary = new GlmModel(CountFamily.NegativeBinomial).Fit(Sample.History, 140 * 24).Summary;

        Assert.True(summary.Converged);
        Assert.Equal(0.5, summary["alpha"].Estimate, 0.2);
        Assert.True(summary["hour_22"].Estimate < summary["hour_10"].Estimate);
        Assert.Throws<KeyNotFoundException>(() => summary["beta"]);
    }

    static ICountModel Model(string name, double[] events) => All(events).Single(m => m.Name == name);

    static IEnumerable<ICountModel> All(double[] events) =>
    [
        EwWindowModel.Reference, new SeasonalNaive(), new EwLevelModel(2), new EwLevelModel(20), new HarModel(),
        new GlmModel(CountFamily.Poisson), new GlmModel(CountFamily.NegativeBinomial),
        new IngarchModel(CountFamily.Poisson), new IngarchModel(CountFamily.NegativeBinomial), new HawkesModel(events),
        new CombinedModel(new() { WarmUpDays = 20, Experts = [EwWindowModel.Reference, new EwLevelModel(5), new GlmModel(CountFamily.NegativeBinomial)] }),
    ];
}
