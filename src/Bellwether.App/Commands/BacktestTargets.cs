using Bellwether.Counts;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Ledger;

namespace Bellwether.App.Commands;

/// <summary>Whether a backtest has anything to score: a target has to lie between its dates as a whole.</summary>
static class BacktestTargets
{
    public static bool IsInRange(DateOnly day) => day.Year is >= 1900 and < 2200;

    /// <exception cref="CountsException">No horizon is as short as the stretch.</exception>
    public static void Require(BacktestRequest request)
    {
        var days = request.To.DayNumber - request.From.DayNumber + 1;
        var horizons = Forecaster.Horizons(request.Horizons);
        if (horizons.All(h => h.Days > days)) throw None(request, $"{horizons.Min(h => h.Days)} days at least are needed, and these are {days}");
    }

    /// <summary>Horizons of which not one target was complete.</summary>
    /// <exception cref="CountsException">None of any horizon was.</exception>
    public static IReadOnlyList<string> Without(BacktestRequest request, IReadOnlyList<BacktestResult> rows)
    {
        string[] empty = [.. rows.GroupBy(r => r.Horizon).Where(g => g.All(r => r.N == 0)).Select(g => g.Key)];
        return empty.Length < rows.Select(r => r.Horizon).Distinct().Count() ? empty : throw None(request, "the stretch ends after what was observed, or gaps hide all of it");
    }

    static CountsException None(BacktestRequest request, string why) => new(CountsProblem.NotEnough,
        $"No complete target of {string.Join(", ", request.Horizons)} lies between {request.From:yyyy-MM-dd} and {request.To:yyyy-MM-dd}: {why}.",
        "Take a longer stretch or shorter horizons; `bellwether counts status` tells what was observed.");
}
