using System.CommandLine;
using Bellwether.App.Api.Confluence;

namespace Bellwether.App.Commands;

/// <summary>Options of commands that also show what was saved of a symbol.</summary>
/// <param name="ranged">Another option that a range of time goes with.</param>
sealed class HistoryOptions(Screen screen, Option? ranged = null)
{
    readonly string _beside = ranged is null ? "" : $" or {ranged.Name}";

    public Option<bool> History { get; } = new("--history")
    { Description = "Show what was saved of one symbol, of each moment the newest version that was known" };

    public Option<DateTimeOffset?> From { get; } = Moments.Option("--from", ranged is null
        ? "With --history: first moment, included [default: all]"
        : $"With --history: first moment, included; with {ranged.Name}: where the chart begins "
            + $"[default: all; {Bellwether.Confluence.ConfluenceChart.Days} days before the end of the chart]", screen.Time);

    public Option<DateTimeOffset?> To { get; } = Moments.Option("--to", "With --history: end, excluded [default: all]", screen.Time);

    public Option<int?> Limit { get; } = new("--limit")
    {
        Description = $"With --history: the latest so many, 1 to {ConfluenceEndpoints.MostHistoryRows} "
            + $"[default: {ConfluenceEndpoints.HistoryRows}]",
        HelpName = "N",
    };

    public void AddTo(Command command, Argument<string[]> symbols, Option<bool> save, Option<DateTimeOffset?> at)
    {
        foreach (var option in (Option[])[History, From, To, Limit]) command.Add(option);
        command.Validators.Add(result =>
        {
            var history = result.GetValue(History);
            if (history && result.GetValue(symbols)?.Length != 1) result.AddError("--history is of one symbol; name it.");
            if (history && result.GetValue(save)) result.AddError("--history shows what was saved; --save does not go with it.");
            if (history && result.GetResult(at) is not null)
                result.AddError("--history goes by --from and --to; --at does not go with it.");
            if (!history && result.GetResult(From) is not null && (ranged is null || result.GetResult(ranged) is null))
                result.AddError($"--from goes with --history{_beside}.");
            foreach (var option in (Option[])[To, Limit])
                if (!history && result.GetResult(option) is not null) result.AddError($"{option.Name} goes with --history.");
            // Validators of options do not run where one of the command has refused.
            if (result.GetResult(Limit) is not { Tokens: [var token] }) return;
            if (!int.TryParse(token.Value, out var limit)) result.AddError($"--limit: '{token.Value}' is no whole number.");
            else if (limit is < 1 or > ConfluenceEndpoints.MostHistoryRows)
                result.AddError($"--limit is outside 1..{ConfluenceEndpoints.MostHistoryRows}.");
        });
    }

    /// <summary>The range that is asked for; all up to the moment where none is.</summary>
    public (DateTimeOffset From, DateTimeOffset To, int Limit) Of(Session session, DateTimeOffset knownBy)
    {
        var (from, to) = Moments.Range(session, From, To);
        // The moment itself is one that may have been saved.
        return (from ?? DateTimeOffset.UnixEpoch, to ?? knownBy.AddMicroseconds(1), session.Get(Limit) ?? ConfluenceEndpoints.HistoryRows);
    }

    /// <summary>Told where nothing was saved in the range.</summary>
    public static string Empty(string symbol, string command) =>
        $"Nothing was saved of {symbol} in that range: the scheduler of `serve` saves what was mentioned lately, "
            + $"and `{command} {symbol} --save` does at once.";
}
