using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Scoring;
using Npgsql;

namespace Bellwether.Counts.Registry;

/// <summary>What is trained.</summary>
public sealed record TrainRequest
{
    public required string Account { get; init; }

    public CountingProfile Profile { get; init; } = CountingProfile.All;

    public IReadOnlyList<string> Models { get; init; } = [ModelCatalog.Default];

    /// <summary>Posts before it are left out; null: from the first on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Posts from it on are left out; null: to the end of what was observed.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Days at the end of the window that are forecast one day ahead to measure the model; 0 measures nothing.</summary>
    public int EvaluateDays { get; init; } = 60;
}

/// <summary>Fits models and puts them into the registry. The same posts, window and settings make the same version.</summary>
/// <param name="folder">The data folder; artifacts lie in <c>models/counts</c> of it.</param>
public sealed class ModelTrainer(NpgsqlDataSource dataSource, string folder, TimeProvider time)
{
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    public async Task<IReadOnlyList<ModelVersion>> RunAsync(TrainRequest request, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        foreach (var name in request.Models) ModelCatalog.Require(name);
        if (request.EvaluateDays is < 0 or > 3650) throw CountsException.Input($"{request.EvaluateDays} days cannot be forecast to measure a model; give 0 to 3650.");
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var posts = await AccountPosts.LoadAsync(connection, request.Account, request.Profile, request.From, request.To, cancellationToken).ConfigureAwait(false);
        await connection.CloseAsync().ConfigureAwait(false);
        List<ModelVersion> trained = [];
        foreach (var name in request.Models)
            trained.Add(await TrainAsync(posts, name, request.From, request.To, request.EvaluateDays,
                new Part(progress, (double)trained.Count / request.Models.Count, 1.0 / request.Models.Count), cancellationToken).ConfigureAwait(false));
        return trained;
    }

    internal async Task<ModelVersion> TrainAsync(
        AccountPosts posts, string name, DateTimeOffset? from, DateTimeOffset? to, int evaluateDays, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (first, last) = posts.Account.Hours;
        var end = CountsClock.FloorHour(to is { } wanted ? CountsClock.Min(wanted, last) : last);
        var grid = posts.Grid(end, since: from);
        var start = DateTimeOffset.FromUnixTimeSeconds(grid.History.StartUnixSeconds);
        var model = ModelCatalog.Create(name, grid);
        var (fit, weights, measures) = await Task.Run(() => Fit(model, grid.History, evaluateDays, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        var (settings, data) = (ModelCatalog.Settings(name), posts.Hash(start, end));
        var identity = SHA256.HashData(Encoding.UTF8.GetBytes($"{name}|{posts.Profile}|{settings}|{start:O}|{end:O}|{data}"));
        var version = string.Create(CultureInfo.InvariantCulture, $"{end.UtcDateTime:yyyyMMdd'T'HH}-{Convert.ToHexStringLower(identity)[..8]}");
        using var document = JsonDocument.Parse(settings);
        var (low, high) = (CountsClock.UnixSeconds(start), CountsClock.UnixSeconds(end));
        var within = 0;
        foreach (var second in posts.Seconds) within += second >= low && second < high ? 1 : 0;
        var artifact = new ModelArtifact(name, version, posts.Account.Account, posts.Profile.Name, start, end, within, data, document.RootElement.Clone(), fit.Converged, fit.Observations,
            CountsSql.Finite(fit.LogLikelihood), ModelArtifact.Of(fit), weights);
        var path = Path.Combine(ModelArtifact.FolderOf("", posts.Account.Account), $"{name}-{posts.Profile.Name.Replace(',', '+')}-{version}.json");
        await artifact.SaveAsync(Path.Combine(folder, path), cancellationToken).ConfigureAwait(false);
        return await new ModelRegistry(dataSource).AddAsync(new(0, posts.Account.Account, posts.Profile.Name, name, version, time.Now(), start, end, settings, measures.Rmse, measures.Mae,
            measures.Mape, CountsSql.Finite(fit.LogLikelihood), path), cancellationToken).ConfigureAwait(false);
    }

    static (CountFit Fit, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>>? Weights, Measures Measures) Fit(
        ICountModel model, CountHistory history, int evaluateDays, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var end = history.Length;
        var measures = Evaluate(model, history, Math.Min(evaluateDays, end / 24 - 1), progress, cancellationToken, out var fitted);
        // The default model goes on from where the evaluation ended; the others are fitted to all there is.
        // Unmeasured it has nothing to fit here: it learns its weights when it is asked, up to the origin, and that takes a while.
        if (fitted is null && model is CombinedModel) return (CountFit.None, null, measures);
        if (model is not CombinedModel) fitted = model.Fit(history, end);
        cancellationToken.ThrowIfCancellationRequested();
        var weights = fitted!.At(history, end) is not CombinedForecast combined ? null : new Dictionary<string, IReadOnlyDictionary<string, double>>
        {
            ["hour"] = combined.Weights(end, end + 1),
            ["day"] = combined.Weights(end, end + 24),
            ["7 days"] = combined.Weights(end, end + 7 * 24),
        };
        progress?.Report(1);
        return (fitted.Summary, weights, measures);
    }

    /// <summary>Days before the end, each forecast at its start, with a fit every two weeks as in use.</summary>
    static Measures Evaluate(ICountModel model, CountHistory history, int days, IProgress<double>? progress, CancellationToken cancellationToken, out IFittedCountModel? fitted)
    {
        fitted = null;
        double square = 0, absolute = 0, share = 0;
        var (n, zeros) = (0, 0);
        for (var day = days; day > 0; day--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var origin = history.Length - 24 * day;
            if (fitted is null || (model is not CombinedModel && (days - day) % new CombinedOptions().RefitDays == 0)) fitted = model.Fit(history, origin);
            var said = fitted.At(history, origin).Total(origin, origin + 24);
            progress?.Report((double)(days - day) / (days + 1));
            if (!history.TryTotal(origin, origin + 24, out var actual)) continue;
            var error = CountScores.AbsoluteError(said, actual);
            (n, square, absolute) = (n + 1, square + (said.Mean - actual) * (said.Mean - actual), absolute + error);
            zeros += actual == 0 ? 1 : 0;
            share += actual == 0 ? 0 : error / actual;
        }
        return n == 0 ? new(null, null, null) : new(Math.Sqrt(square / n), absolute / n, zeros > 0 ? null : share / n);
    }

    readonly record struct Measures(double? Rmse, double? Mae, double? Mape);

    sealed class Part(IProgress<double>? whole, double from, double share) : IProgress<double>
    {
        public void Report(double value) => whole?.Report(from + share * value);
    }
}
