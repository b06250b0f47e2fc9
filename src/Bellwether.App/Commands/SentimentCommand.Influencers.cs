using System.CommandLine;
using System.Globalization;
using Bellwether.Sentiment.Aggregation;

namespace Bellwether.App.Commands;

static partial class SentimentCommand
{
    static Verb Influencers(Screen screen, GlobalOptions globals)
    {
        var (asOf, save) = (AsOf(screen),
            new Option<bool>("--save") { Description = "Weigh their posts so from now on; without it the weights are only shown" });
        var horizon = new Option<int>("--horizon")
        {
            Description = "Bars from the open after a call to the open that decides",
            DefaultValueFactory = _ => 1,
            HelpName = "BARS",
        };
        var limit = new Option<int>("--limit") { Description = "Most accounts to show", DefaultValueFactory = _ => 20, HelpName = "N" };
        horizon.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 250) result.AddError("--horizon is outside 1..250.");
        });
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 10_000)
                result.AddError("--limit is outside 1..10000.");
        });
        return new Verb("influencers", "Learn from outcomes how far the accounts are to be believed", "sentiment influencers",
            "sentiment influencers --horizon 5 --save") { horizon, limit, asOf, save }
            .Runs(screen, globals, (session, cancellationToken) => InfluencersAsync(session, session.Get(horizon), session.Get(limit),
                session.Get(asOf), session.Get(save), cancellationToken));
    }

    static async Task<int> InfluencersAsync(Session session, int horizon, int limit, DateTimeOffset? asOf, bool save,
        CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var learned = await new InfluencerLearning(desk.DataSource, desk.Time).LearnAsync(asOf, horizon, save, cancellationToken);
        if (session.Json)
        {
            session.WriteJson(learned with { Weights = [.. learned.Weights.Take(limit)] }, CommandJson.Relaxed.LearnedWeights);
            return ExitCode.Ok;
        }
        if (learned.Accounts == 0)
        {
            session.Screen.Out.WriteLine("No call has an outcome yet: that takes posts with authors, and daily bars of their symbols "
                + "from before and after (`bellwether market import`).");
            return ExitCode.Ok;
        }
        session.Screen.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{learned.Outcomes} calls of {learned.Accounts} accounts, {learned.PriorMean:0.0%} right; ")
            + string.Create(CultureInfo.InvariantCulture, $"an account's own record counts for half after {learned.PriorStrength:0} calls"));
        var table = new TextTable(new("account"), new("platform"), new("weight", Right: true), new("right", Right: true),
            new("calls", Right: true));
        foreach (var w in learned.Weights.Take(limit))
            table.Add(w.Username ?? w.AccountId, w.Platform, w.Weight.ToString("0.000", CultureInfo.InvariantCulture), $"{w.Hits:n0}",
                $"{w.Trials:n0}");
        table.Write(session.Screen);
        session.Note(save ? $"{learned.Changed:n0} weights are new." : "Nothing was changed; --save takes these weights from now on.");
        return ExitCode.Ok;
    }
}
