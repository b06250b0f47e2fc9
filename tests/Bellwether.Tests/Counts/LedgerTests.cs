using Bellwether.Counts;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Import;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Counts;

public sealed class LedgerTests(TestServer server)
{
    static async Task<CountsLab> LabAsync(TestServer server, int days = 60)
    {
        var lab = await CountsLab.OpenAsync(server, nameof(LedgerTests));
        lab.Time.Advance(CountsLab.At("2024-04-01").AddDays(days) - lab.Time.GetUtcNow());
        await lab.ImportAsync(CountsLab.Csv(CountsLab.Posts("2024-04-01", days)), since: "2024-04-01", until: CountsLab.At("2024-04-01").AddDays(days).ToString("O"));
        return lab;
    }

    static Task<IReadOnlyList<ForecastRow>> ForecastAsync(CountsLab lab, string? at = null, string model = "ewnb-5d", TimeZoneInfo? zone = null, params string[] horizons) =>
        new Forecaster(lab.Source, lab.Folder, lab.Time).RunAsync(new()
        {
            Account = "ann",
            Model = model,
            At = at is null ? null : CountsLab.At(at),
            Zone = zone ?? TimeZoneInfo.Utc,
            Horizons = horizons.Length == 0 ? ["1h", "1d", "7d"] : horizons,
        }, CountsLab.Token);

    [Fact]
    public async Task Forecasts_reach_hours_days_and_a_week_and_are_recorded_once()
    {
        await using var lab = await LabAsync(server);
        var rows = await ForecastAsync(lab);
        Assert.Equal([("1h", 24), ("1d", 7), ("7d", 1)], rows.GroupBy(r => r.Horizon).Select(g => (g.Key, g.Count())));
        Assert.All(rows, r => Assert.True(r.LowerBound95 <= r.MedianCount && r.MedianCount <= r.UpperBound95 && r.PredictedCount > 0 && r.ActualCount is null && !r.Replayed));
        Assert.Equal(CountsLab.At("2024-05-31"), rows[0].ForecastTime);
        Assert.Equal(32, (await ForecastAsync(lab)).Select(r => r.Id).Intersect(rows.Select(r => r.Id)).Count());
        Assert.Equal(32, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM counts.forecasts"));
        var version = Assert.Single(await new ModelRegistry(lab.Source).ListAsync("ann", null, CountsLab.Token));
        Assert.True(File.Exists(Path.Combine(lab.Folder, version.ArtifactPath!)));
    }

    [Fact]
    public async Task Forecast_knows_nothing_of_what_was_posted_after_its_time()
    {
        await using var lab = await LabAsync(server);
        var before = await ForecastAsync(lab, "2024-05-20T06:00Z", "nb-glm");
        await lab.ImportAsync(CountsLab.Csv(Enumerable.Range(0, 500).Select(i => CountsLab.At("2024-05-20T06:00Z").AddSeconds(i)), 70_000));
        var after = await ForecastAsync(lab, "2024-05-20T06:00Z", "nb-glm");
        Assert.Equal(before.Select(r => (r.Id, r.PredictedCount)), after.Select(r => (r.Id, r.PredictedCount)));
    }

    [Fact]
    public async Task Ledger_answers_what_was_believed_and_known_at_a_moment()
    {
        await using var lab = await LabAsync(server);
        var ledger = new ForecastLedger(lab.Source, lab.Time);
        var first = (await ForecastAsync(lab, horizons: "1d"))[1];
        // Stamps of one account never repeat: under a clock that stands still they run a little ahead of it.
        var then = lab.Time.GetUtcNow().AddMinutes(1);
        lab.Time.Advance(TimeSpan.FromHours(30));
        await lab.ImportAsync(CountsLab.Csv(CountsLab.Posts("2024-05-31", 1, 200, 9), 40_000), until: "2024-06-01T00:00Z");
        var second = (await ForecastAsync(lab, horizons: "1d"))[0];
        Assert.Equal(first.TargetTime, second.TargetTime);
        Assert.NotEqual(first.PredictedCount, second.PredictedCount);
        Assert.Equal(first.Id, Assert.Single(await AskAsync(then)).Id);
        Assert.Equal(second.Id, Assert.Single(await AskAsync(lab.Time.GetUtcNow().AddHours(1))).Id);
        Assert.Empty(await AskAsync(then.AddDays(-1)));
        // What was computed later for an earlier time was not believed then.
        await ForecastAsync(lab, "2024-05-10", horizons: "1d");
        Assert.Empty(await AskAsync(CountsLab.At("2024-05-10T12:00Z"), target: "2024-05-11"));
        Assert.True(Assert.Single(await AskAsync(CountsLab.At("2024-05-10T12:00Z"), replayed: true, target: "2024-05-11")).Replayed);

        // What came is known from when it was filled in.
        lab.Time.Advance(TimeSpan.FromDays(2));
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-06-01T10:00Z")], 60_000), until: "2024-06-02T00:00Z");
        Assert.True(await ledger.FillAsync("ann", CountsLab.Token) > 0);
        Assert.Equal(1, Assert.Single(await AskAsync(lab.Time.GetUtcNow().AddHours(1))).ActualCount);
        Assert.Null(Assert.Single(await AskAsync(lab.Time.GetUtcNow().AddDays(-1))).ActualCount);
        // Late posts and gaps change it.
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-06-01T11:00Z")], 61_000));
        await ledger.FillAsync("ann", CountsLab.Token);
        Assert.Equal(2, Assert.Single(await AskAsync(lab.Time.GetUtcNow().AddHours(1))).ActualCount);
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-06-01T20:00Z"), CountsLab.At("2024-06-01T21:00Z"))], CountsLab.Token);
        await ledger.FillAsync("ann", CountsLab.Token);
        Assert.Null(Assert.Single(await AskAsync(lab.Time.GetUtcNow().AddHours(1))).ActualCount);

        async Task<IReadOnlyList<ForecastRow>> AskAsync(DateTimeOffset asOf, bool replayed = false, string target = "2024-06-01") => await ledger.ReadAsync(
            new("ann", CountingProfile.All, "ewnb-5d", ["1d"], asOf, CountsLab.At(target), CountsLab.At(target).AddDays(1), replayed), CountsLab.Token);
    }

    [Fact]
    public async Task Outcome_is_answered_as_it_was_known_then()
    {
        await using var lab = await LabAsync(server);
        var ledger = new ForecastLedger(lab.Source, lab.Time);
        await ForecastAsync(lab, horizons: "1d");
        lab.Time.Advance(TimeSpan.FromDays(1.5));
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-05-31T10:00Z")], 60_000, "unknown"), until: "2024-06-01T00:00Z");
        await ledger.FillAsync("ann", CountsLab.Token);
        var first = lab.Time.GetUtcNow().AddMinutes(1);
        lab.Time.Advance(TimeSpan.FromHours(1));
        // Told of what kind it is, it counts as before; a late one changes the count.
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-05-31T10:00Z")], 60_000));
        await ledger.FillAsync("ann", CountsLab.Token);
        Assert.Equal(1, await ActualAsync(first));
        lab.Time.Advance(TimeSpan.FromHours(1));
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-05-31T11:00Z")], 61_000));
        await ledger.FillAsync("ann", CountsLab.Token);
        var second = lab.Time.GetUtcNow().AddMinutes(1);
        lab.Time.Advance(TimeSpan.FromHours(1));
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-05-31T20:00Z"), CountsLab.At("2024-05-31T21:00Z"))], CountsLab.Token);
        await ledger.FillAsync("ann", CountsLab.Token);
        Assert.Equal([null, 1, 2, null], new[]
        {
            await ActualAsync(first.AddHours(-1)), await ActualAsync(first), await ActualAsync(second), await ActualAsync(lab.Time.GetUtcNow().AddMinutes(1)),
        });

        async Task<int?> ActualAsync(DateTimeOffset asOf) => Assert.Single(await ledger.ReadAsync(
            new("ann", CountingProfile.All, "ewnb-5d", ["1d"], asOf, CountsLab.At("2024-05-31"), CountsLab.At("2024-06-01")), CountsLab.Token)).ActualCount;
    }

    [Fact]
    public async Task Version_in_use_is_of_the_whole_past_as_it_is_known_now_and_two_weeks_old_at_most()
    {
        await using var lab = await LabAsync(server);
        var whole = (await ForecastAsync(lab, "2024-05-20", "nb-glm", horizons: "1d"))[0].ModelVersion;
        Assert.Equal(whole, (await ForecastAsync(lab, "2024-05-24", "nb-glm", horizons: "1d"))[0].ModelVersion);
        // One of a short window stands beside it, and is used where it is named.
        var cut = Assert.Single(await new ModelTrainer(lab.Source, lab.Folder, lab.Time).RunAsync(
            new() { Account = "ann", Models = ["nb-glm"], From = CountsLab.At("2024-05-10"), To = CountsLab.At("2024-05-22"), EvaluateDays = 0 }, null, CountsLab.Token));
        Assert.Equal(whole, (await ForecastAsync(lab, "2024-05-24", "nb-glm", horizons: "1d"))[0].ModelVersion);
        var request = new ForecastRequest { Account = "ann", Model = "nb-glm", Version = cut.Version, At = CountsLab.At("2024-05-24"), Horizons = ["1d"], Record = false };
        var forecaster = new Forecaster(lab.Source, lab.Folder, lab.Time);
        Assert.Equal(cut.Version, (await forecaster.RunAsync(request, CountsLab.Token))[0].ModelVersion);
        await Assert.ThrowsAsync<CountsException>(() => forecaster.RunAsync(request with { At = CountsLab.At("2024-05-21") }, CountsLab.Token));
        await Assert.ThrowsAsync<CountsException>(() => forecaster.RunAsync(request with { Version = "none" }, CountsLab.Token));
        // Late posts of its window make another one of it, and so do two weeks.
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-05-02T10:00Z")], 60_000));
        var restated = (await ForecastAsync(lab, "2024-05-24", "nb-glm", horizons: "1d"))[0].ModelVersion;
        Assert.NotEqual(whole, restated);
        await ForecastAsync(lab, "2024-04-20", "ewnb-5d", horizons: "1d");
        var newer = await ForecastAsync(lab, "2024-05-10", "ewnb-5d", horizons: "1d");
        Assert.Equal(2, newer.Concat(await ForecastAsync(lab, "2024-05-01", "ewnb-5d", horizons: "1d")).Select(r => r.ModelVersion).Distinct().Count());
    }

    [Fact]
    public async Task Gap_of_today_costs_the_forecast_of_today_only()
    {
        await using var lab = await LabAsync(server);
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-05-20T03:00Z"), CountsLab.At("2024-05-20T04:00Z"))], CountsLab.Token);
        var forecaster = new Forecaster(lab.Source, lab.Folder, lab.Time);
        var request = new ForecastRequest { Account = "ann", Model = "ewnb-5d", At = CountsLab.At("2024-05-20T12:00Z") };
        var rows = await forecaster.RunAsync(request, CountsLab.Token);
        Assert.Equal([("1h", 24), ("1d", 6), ("7d", 1)], rows.GroupBy(r => r.Horizon).Select(g => (g.Key, g.Count())));
        Assert.Equal(CountsLab.At("2024-05-20"), Assert.Single(forecaster.LeftOut).From);
    }

    [Fact]
    public async Task Window_within_an_hour_takes_its_share_of_it()
    {
        await using var lab = await LabAsync(server);
        var forecaster = new WindowForecaster(lab.Source, lab.Folder, lab.Time);
        async Task<double> MeanAsync(string from, string to) => (await forecaster.RunAsync(new()
        {
            Account = "ann",
            Model = "ewnb-5d",
            From = CountsLab.At($"2024-05-31T{from}Z"),
            To = CountsLab.At($"2024-05-31T{to}Z"),
            Record = false,
        }, CountsLab.Token)).PredictedCount;

        var hour = await MeanAsync("10:00", "11:00");
        Assert.Equal(hour / 12, await MeanAsync("10:20", "10:25"), 1e-9);
        Assert.Equal(hour / 2, await MeanAsync("10:15", "10:45"), 1e-9);
        Assert.Equal(hour, await MeanAsync("10:00", "10:20") + await MeanAsync("10:20", "11:00"), 1e-9);
    }

    [Fact]
    public async Task Silence_that_looks_like_an_outage_is_neither_learnt_from_nor_scored_unless_somebody_was_there()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(LedgerTests));
        var (from, to) = (CountsLab.At("2024-05-10T12:00Z"), CountsLab.At("2024-05-13T15:00Z"));
        await lab.ImportAsync(CountsLab.Csv(CountsLab.Posts("2024-04-01", 60, perDay: 40).Where(p => p < from || p >= to)), since: "2024-04-01", until: "2024-05-31");
        var runner = new BacktestRunner(lab.Source, lab.Time);
        var request = new BacktestRequest { Account = "ann", From = new(2024, 5, 1), To = new(2024, 5, 30), Horizons = ["1h", "1d"], AllModels = false };

        var left = await ScoresAsync();
        Assert.Single(runner.LeftOut);
        // From the hour of the last post before it on; of its last day the hours behind it too, since nobody knew at that midnight how long it would be.
        Assert.Equal((26, 30 * 24 - 13 - 2 * 24 - 24), (left.Days, left.Hours));
        Assert.True(await lab.Gaps.ConfirmAsync("ann", from, to, CountsLab.Token));
        var counted = await ScoresAsync();
        Assert.Empty(runner.LeftOut);
        Assert.Equal((30, 30 * 24), (counted.Days, counted.Hours));
        Assert.False(await lab.Gaps.ConfirmAsync("ann", from, to, CountsLab.Token));

        async Task<(int Days, int Hours, double? Crps)> ScoresAsync()
        {
            var rows = await runner.RunAsync(request, null, CountsLab.Token);
            return (rows.Single(r => r is { Model: "reference", Horizon: "1d" }).N, rows.Single(r => r is { Model: "reference", Horizon: "1h" }).N, rows[0].Crps);
        }
    }

    [Fact]
    public async Task Recorded_belief_cannot_be_changed()
    {
        await using var lab = await LabAsync(server);
        await ForecastAsync(lab, horizons: "7d");
        await using var change = lab.Source.CreateCommand("UPDATE counts.forecasts SET predicted_count = 1");
        Assert.Contains("final", (await Assert.ThrowsAsync<PostgresException>(() => change.ExecuteNonQueryAsync(CountsLab.Token))).MessageText);
        await using var actual = lab.Source.CreateCommand("UPDATE counts.forecasts SET actual_count = 5, actual_at = now()");
        Assert.Equal(1, await actual.ExecuteNonQueryAsync(CountsLab.Token));
    }

    [Fact]
    public async Task Day_that_has_begun_holds_what_was_posted_of_it()
    {
        await using var lab = await LabAsync(server);
        var york = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
        var rows = await ForecastAsync(lab, "2024-05-20T23:00Z", zone: york, horizons: "1d");
        Assert.Equal(CountsLab.At("2024-05-20T04:00Z"), rows[0].TargetTime);
        var soFar = CountsLab.Posts("2024-04-01", 60).Count(p => p >= CountsLab.At("2024-05-20T04:00Z") && p < CountsLab.At("2024-05-20T23:00Z"));
        Assert.Equal(soFar, rows[0].CountSoFar);
        Assert.True(rows[0].LowerBound95 >= soFar && rows[0].PredictedCount > soFar);
        Assert.All(rows.Skip(1), r => Assert.Equal(0, r.CountSoFar));
    }

    [Fact]
    public async Task Rest_of_a_window_is_shifted_by_the_count_so_far_and_scored_when_it_is_over()
    {
        await using var lab = await LabAsync(server);
        var posts = CountsLab.Posts("2024-04-01", 60).ToArray();
        var (from, to, at) = (CountsLab.At("2024-05-17T16:00Z"), CountsLab.At("2024-05-24T16:00Z"), CountsLab.At("2024-05-22T09:17:23Z"));
        var window = new WindowRequest { Account = "ann", Model = "har", From = from, To = to, At = at, Ranges = CountRanges.Parse("0-99,100-149,150+"), Prices = [30, 60, 30] };
        var forecaster = new WindowForecaster(lab.Source, lab.Folder, lab.Time);
        var said = await forecaster.RunAsync(window, CountsLab.Token);
        Assert.Equal(posts.Count(p => p >= from && p < at), said.CountSoFar);
        Assert.Equal(posts.Count(p => p >= from && p < to), said.ActualCount);
        Assert.True(said.LowerBound95 >= said.CountSoFar);
        Assert.Equal((168.0, at, false), (said.Hours, said.ForecastTime, said.Recorded));
        Assert.Equal(1, said.Ranges!.Sum(r => r.Probability), 1e-9);
        Assert.Equal([0.25, 0.5, 0.25], said.Ranges!.Select(r => r.Price!.Value));
        var outcome = said.ActualCount < 100 ? 0 : said.ActualCount < 150 ? 1 : 2;
        Assert.Equal(said.Ranges!.Select((r, i) => Math.Pow(r.Probability - (i == outcome ? 1 : 0), 2)).Sum(), said.Scores!.Brier, 1e-12);
        Assert.Equal(-Math.Log(outcome == 1 ? 0.5 : 0.25), said.Scores.MarketLog!.Value, 1e-12);
        // From its start on a window is more uncertain than from within it.
        var start = await forecaster.RunAsync(window with { At = null, Ranges = null, Prices = null }, CountsLab.Token);
        Assert.Equal((from, 0), (start.ForecastTime, start.CountSoFar));
        Assert.True(start.UpperBound95 - start.LowerBound95 > said.UpperBound95 - said.LowerBound95);
        // What is still open goes to the ledger.
        Assert.True((await forecaster.RunAsync(window with { From = CountsLab.At("2024-05-28T16:00Z"), To = CountsLab.At("2024-06-04T16:00Z"), At = null }, CountsLab.Token)).Recorded);
        Assert.Equal(1, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM counts.forecasts WHERE horizon = 'window' AND count_so_far > 0"));
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-05-18T16:00Z"), CountsLab.At("2024-05-18T17:00Z"))], CountsLab.Token);
        Assert.Contains("away", (await Assert.ThrowsAsync<CountsException>(() => forecaster.RunAsync(window, CountsLab.Token))).Message);
        await Assert.ThrowsAsync<CountsException>(() => forecaster.RunAsync(window with { Prices = [1] }, CountsLab.Token));
    }

    [Fact]
    public async Task Training_measures_and_is_repeatable()
    {
        await using var lab = await LabAsync(server, 80);
        var trainer = new ModelTrainer(lab.Source, lab.Folder, lab.Time);
        var request = new TrainRequest { Account = "ann", Models = ["hawkes", "nb-glm", "reference"], EvaluateDays = 10 };
        var versions = await trainer.RunAsync(request, null, CountsLab.Token);
        Assert.All(versions, v => Assert.True(v.Rmse > 0 && v.Mae > 0 && v.TrainingEndDate == CountsLab.At("2024-06-20") && v.Hyperparameters is not null));
        Assert.Equal([true, true, false], versions.Select(v => v.LogLikelihood is not null));
        Assert.Equal(versions.Select(v => v.Id), (await trainer.RunAsync(request, null, CountsLab.Token)).Select(v => v.Id));
        Assert.Contains("\"branching\"", await File.ReadAllTextAsync(Path.Combine(lab.Folder, versions[0].ArtifactPath!), CountsLab.Token));
        // A day without a post among those that are measured has no percentage.
        var empty = CountsLab.Posts("2024-04-01", 80).Select((p, i) => (p, i)).Where(x => x.p.Date == new DateTime(2024, 6, 18)).Select(x => $"{x.i + 1}").ToArray();
        await new PostDeletion(lab.Source, lab.Time).RunAsync("ann", empty, true, CountsLab.Token);
        var other = Assert.Single(await trainer.RunAsync(request with { Models = ["reference"] }, null, CountsLab.Token));
        Assert.NotEqual(versions[2].Version, other.Version);
        Assert.Null(other.Mape);
        Assert.NotNull(versions[2].Mape);
    }

    [Fact]
    public async Task Coverage_alarm_is_raised_by_intervals_that_do_not_hold()
    {
        await using var lab = await LabAsync(server);
        await ForecastAsync(lab, model: "combined", horizons: "1h");
        // Ten times as much as ever: no interval holds.
        var storm = Enumerable.Range(0, 24).SelectMany(h => Enumerable.Range(0, 90).Select(i => CountsLab.At("2024-05-31").AddHours(h).AddSeconds(i * 30)));
        lab.Time.Advance(TimeSpan.FromDays(1));
        await lab.ImportAsync(CountsLab.Csv(storm, 500_000));
        await new ForecastLedger(lab.Source, lab.Time).FillAsync("ann", CountsLab.Token);
        // The hours of one forecast are one bet: a bad day alone raises nothing.
        var day = Assert.Single((await new StatusReader(lab.Source, lab.Time).ReadAsync("ann", CountingProfile.All, CountsLab.Token)).Coverage);
        Assert.Equal((1, 1, false), (day.Targets, day.Misses, day.Alarm));
        await lab.Database.ScalarAsync<object>("""
            INSERT INTO counts.forecasts (account, profile, model_metadata_id, horizon, forecast_time, target_time, target_end, predicted_count, median_count, lower_bound_95,
                upper_bound_95, first_count, probabilities, actual_count, actual_at, created_at)
            SELECT account, profile, model_metadata_id, horizon, forecast_time + n * interval '1 day', target_time + n * interval '1 day', target_end + n * interval '1 day', predicted_count,
                median_count, lower_bound_95, upper_bound_95, first_count, probabilities, actual_count, actual_at, created_at + n * interval '1 day' FROM counts.forecasts, generate_series(1, 24) AS n;
            SELECT 1
            """);
        var state = Assert.Single((await new StatusReader(lab.Source, lab.Time).ReadAsync("ann", CountingProfile.All, CountsLab.Token)).Coverage);
        Assert.Equal(("1h", 24, 24, true, false), (state.Horizon, state.Targets, state.Misses, state.Alarm, state.Replayed));
    }

    [Theory]
    [InlineData("0-99,100-149,150+", "0-99|100-149|150+")]
    [InlineData("<100, 100-149 ,150+", "<100|100-149|150+")]
    [InlineData("0,1,2-5,6+", "0|1|2-5|6+")]
    public void Ranges_of_markets_are_read(string text, string names) => Assert.Equal(names.Split('|'), CountRanges.Parse(text).Names);

    [Theory]
    [InlineData("0-99")]
    [InlineData("0-99,101+")]
    [InlineData("0-99,99+")]
    [InlineData("1-99,100+")]
    [InlineData("0-99,100-149")]
    [InlineData("0+,1+")]
    [InlineData("0-9,x+")]
    public void Ranges_with_holes_or_overlaps_are_refused(string text) => Assert.Throws<CountsException>(() => CountRanges.Parse(text));
}
