using System.CommandLine;
using Bellwether.Counts.Registry;

namespace Bellwether.App.Commands;

/// <summary><c>counts train</c> and <c>counts models</c>: versions of models in the registry.</summary>
static class CountsTrain
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count, zone) = (CountsOptions.Account(), CountsOptions.Count(), CountsOptions.Zone());
        var models = new Option<string[]>("--models") { Description = $"Models with commas, or all: {string.Join(", ", ModelCatalog.Names)} [default: {ModelCatalog.Default}]", HelpName = "NAMES", AllowMultipleArgumentsPerToken = true };
        var (from, to) = (CountsOptions.From("Leave out posts before it"), CountsOptions.To("Leave out posts from it on [default: the end of what was observed]"));
        var evaluate = new Option<int>("--evaluate-days") { Description = "Days at the end that are forecast one day ahead to measure the model; 0 for none", DefaultValueFactory = _ => 60, HelpName = "N" };
        return new Verb("train", "Fit models and record them: window, settings, error measures, likelihood, artifact", "counts train --account elonmusk",
            "counts train --account elonmusk --models hawkes,nb-glm --from 2023-01-01 --json", "counts train --account elonmusk --models all --evaluate-days 0")
        { account, count, models, from, to, zone, evaluate }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, profile, where) = (session.AccountOf(account), session.ProfileOf(count), session.ZoneOf(zone));
            var names = (session.Get(models) ?? []).SelectMany(m => m.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct().ToArray();
            if (names.Contains("all")) names = [.. ModelCatalog.Names];
            foreach (var name in names) CountsOptions.Usage(() => ModelCatalog.Require(name));
            if (session.Get(evaluate) is < 0 or > 3650) throw CommandException.Usage("--evaluate-days: give 0 to 3650.");
            var request = new TrainRequest
            {
                Account = whose,
                Profile = profile,
                Models = names.Length == 0 ? [ModelCatalog.Default] : names,
                From = session.TimeOf(from, where),
                To = session.TimeOf(to, where),
                EvaluateDays = session.Get(evaluate),
            };
            await using var desk = await session.OpenAsync(token);
            var trainer = new ModelTrainer(desk.DataSource, desk.Options.DataDirectory, desk.Time);
            return Write(session, await ProgressView.RunAsync(session, new ShareGauge(session, "training"), (gauge, stop) => trainer.RunAsync(request, gauge, stop).PromptlyAsync(session.Time, stop), token));
        });
    }

    public static Verb Models(Screen screen, GlobalOptions globals)
    {
        var (account, model) = (CountsOptions.Account(), CountsOptions.Model());
        return new Verb("models", "List the versions of models, newest first", "counts models --account elonmusk", "counts models --account elonmusk --model hawkes --json") { account, model }
            .Runs(screen, globals, async (session, token) =>
            {
                var (whose, name) = (session.AccountOf(account), session.Get(model) is null ? null : session.ModelOf(model));
                await using var desk = await session.OpenAsync(token);
                return Write(session, await new ModelRegistry(desk.DataSource).ListAsync(whose, name, token));
            });
    }

    static int Write(Session session, IReadOnlyList<ModelVersion> versions)
    {
        if (session.Json)
        {
            session.WriteJson(versions, CommandJson.Relaxed.IReadOnlyListModelVersion);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("model"), new("version"), new("profile"), new("trained from"), new("to"), new("rmse", Right: true), new("mae", Right: true), new("mape", Right: true),
            new("log-likelihood", Right: true));
        foreach (var v in versions)
            table.Add(v.ModelName, v.Version, v.Profile, Moments.Text(v.TrainingStartDate), Moments.Text(v.TrainingEndDate), CountsOptions.Number(v.Rmse), CountsOptions.Number(v.Mae),
                CountsOptions.Number(v.Mape), CountsOptions.Number(v.LogLikelihood, "0.##"));
        table.Write(session.Screen);
        return ExitCode.Ok;
    }
}
