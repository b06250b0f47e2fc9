using Bellwether.Analytics.Options;
using Bellwether.App.Commands;

namespace Bellwether.App.Bench;

/// <param name="ImpliedPerSecond">Implied volatilities on one core.</param>
/// <param name="PricesPerSecond">Prices on one core.</param>
/// <param name="GreeksPerSecond">Price and all Greeks on one core.</param>
/// <param name="Solved">Options whose price tells of a volatility.</param>
/// <param name="WorstError">Of these, between the volatility that priced the option and the one that came back.</param>
sealed record OptionsBenchAnswer(
    int Options, int Solved, double WorstError, double ImpliedPerSecond, double PricesPerSecond, double GreeksPerSecond, long AllocatedBytes, int Processors);

/// <summary>Implied volatilities over a grid with its extremes, on one core.</summary>
static class OptionsBench
{
    const int Runs = 5;

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var count = BenchDesk.Number("--options", "Options to solve", 200_000);
        return new Verb("options", "Implied volatilities a second on one core, and how exactly they come back", "bench options", "bench options --options 1000000 --json") { count }
            .Runs(screen, globals, (session, _) =>
            {
                var answer = Run(session, session.Get(count));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.OptionsBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.ImpliedPerSecond:n0} implied volatilities/s, {answer.PricesPerSecond:n0} prices/s, {answer.GreeksPerSecond:n0} Greeks/s on one core; "
                    + $"{answer.Solved:n0} of {answer.Options:n0} prices tell of a volatility, the worst came back within {answer.WorstError:0.0e+0}; {answer.AllocatedBytes:n0} bytes allocated");
                return Task.FromResult(ExitCode.Ok);
            });
    }

    static OptionsBenchAnswer Run(Session session, int count)
    {
        var random = new Random(1);
        var (options, volatilities, prices, implied) = (new OptionContract[count], new double[count], new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            // Every tenth without regard to what a price can tell: minutes to go and strikes of twenty times the spot.
            var extreme = i % 10 == 0;
            volatilities[i] = 0.02 * Math.Exp(random.NextDouble() * 4);
            var years = Math.Exp(random.NextDouble() * (extreme ? 12 : 6) - (extreme ? 10 : 4));
            var moneyness = extreme ? 6 * random.NextDouble() - 3 : (8 * random.NextDouble() - 4) * volatilities[i] * Math.Sqrt(years);
            options[i] = new((OptionType)(i & 1), 100, 100 * Math.Exp(moneyness), 0.03, 0.01, years);
        }
        var price = Best(session, () =>
        {
            for (var i = 0; i < options.Length; i++) prices[i] = BlackScholes.Price(in options[i], volatilities[i]);
        });
        var solve = Best(session, () => ImpliedVolatility.Solve(options, prices, implied));
        var before = GC.GetAllocatedBytesForCurrentThread();
        ImpliedVolatility.Solve(options, prices, implied);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var sum = 0.0;
        var greeks = Best(session, () =>
        {
            for (var i = 0; i < options.Length; i++) sum += BlackScholes.Greeks(in options[i], volatilities[i]).Delta;
        });
        var (solved, worst) = (0, 0.0);
        for (var i = 0; i < options.Length; i++)
        {
            if (double.IsNaN(implied[i])) continue;
            solved++;
            worst = Math.Max(worst, Math.Abs(implied[i] - volatilities[i]));
        }
        GC.KeepAlive(sum);
        return new(count, solved, worst, Math.Round(count / solve), Math.Round(count / price), Math.Round(count / greeks), allocated, Environment.ProcessorCount);
    }

    /// <summary>Seconds of the best of several runs; the first compiles.</summary>
    static double Best(Session session, Action work)
    {
        var best = double.PositiveInfinity;
        for (var run = 0; run < Runs; run++)
        {
            var started = session.Time.GetTimestamp();
            work();
            best = Math.Min(best, session.Time.GetElapsedTime(started).TotalSeconds);
        }
        return best;
    }
}
