using Bellwether.Analytics.Options;

namespace Bellwether.Tests.Analytics.Options;

public sealed class ImpliedVolatilityTests
{
    [Fact]
    public void A_hundred_thousand_volatilities_come_back_or_the_price_holds_no_information()
    {
        var (count, solved) = Check(Grid());
        Assert.InRange(count, 100_000, 200_000);
        // Most of this grid is beyond what a price can tell: strikes of twenty times the spot with minutes to go.
        Assert.True(solved > 0.4 * count, $"{solved} of {count}");
    }

    [Fact]
    public void All_volatilities_come_back_where_strikes_lie_within_six_deviations()
    {
        var (count, solved) = Check(
            from type in (OptionType[])[OptionType.Call, OptionType.Put]
            from moneyness in Enumerable.Range(-30, 61).Select(i => 0.2 * i)
            from years in (double[])[1e-4, 1.0 / 365, 0.02, 0.1, 0.5, 1, 3, 10]
            from volatility in Enumerable.Range(0, 110).Select(i => 0.005 * Math.Exp(i * Math.Log(600) / 109))
            let forward = 250 * Math.Exp((0.05 - 0.01) * years)
            select (new OptionContract(type, 250, forward * Math.Exp(moneyness * volatility * Math.Sqrt(years)), 0.05, 0.01, years), volatility));
        Assert.InRange(count, 100_000, 200_000);
        Assert.True(solved > 0.9 * count, $"{solved} of {count}");
    }

    static (int Count, int Solved) Check(IEnumerable<(OptionContract Option, double Volatility)> options)
    {
        var (count, solved, worst) = (0, 0, 0.0);
        foreach (var (option, volatility) in options)
        {
            count++;
            var price = BlackScholes.Price(in option, volatility);
            var implied = ImpliedVolatility.Solve(in option, price, out var problem);
            if (problem == ImpliedProblem.None)
            {
                solved++;
                worst = Math.Max(worst, Math.Abs(implied - volatility));
                continue;
            }
            // Refused: a change of the volatility by the accuracy does not change the price by what rounding may have done to it.
            Assert.True(double.IsNaN(implied));
            Assert.NotEqual(ImpliedProblem.InvalidInput, problem);
            var slope = BlackScholes.Greeks(in option, volatility).Vega * 100;
            Assert.True(slope * ImpliedVolatility.Accuracy < 4e-16 * (option.DiscountedSpot + option.DiscountedStrike) || price < 1e-290, $"{option} at {volatility}: {problem}, slope {slope}");
        }
        Assert.InRange(worst, 0, 1e-8);
        return (count, solved);
    }

    [Fact]
    public void Random_options_come_back_too()
    {
        var random = new Random(20_260_301);
        for (var i = 0; i < 50_000; i++)
        {
            var option = new OptionContract((OptionType)random.Next(2), Math.Exp(random.NextDouble() * 12 - 4), 0, 0.2 * random.NextDouble() - 0.05, 0.1 * random.NextDouble(), Math.Exp(random.NextDouble() * 12 - 9.5));
            option = option with { Strike = option.Spot * Math.Exp(6 * random.NextDouble() - 3) };
            var volatility = Math.Exp(random.NextDouble() * 7 - 5);
            var implied = ImpliedVolatility.Solve(in option, BlackScholes.Price(in option, volatility), out var problem);
            if (problem == ImpliedProblem.None) Assert.Equal(volatility, implied, 1e-8);
        }
    }

    [Theory]
    [InlineData(9.9, ImpliedProblem.BelowIntrinsic)]
    [InlineData(-1, ImpliedProblem.BelowIntrinsic)]
    [InlineData(110, ImpliedProblem.AboveMaximum)]
    [InlineData(10, ImpliedProblem.NoInformation)]
    [InlineData(double.NaN, ImpliedProblem.InvalidInput)]
    public void A_price_that_no_volatility_gives_is_refused_with_the_reason(double price, ImpliedProblem expected)
    {
        Assert.True(double.IsNaN(ImpliedVolatility.Solve(new(OptionType.Call, 110, 100, 0, 0, 0.5), price, out var problem)));
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData(0, 100, ImpliedProblem.InvalidInput)]
    [InlineData(100, -5, ImpliedProblem.InvalidInput)]
    public void A_contract_that_makes_no_sense_is_refused(double spot, double strike, ImpliedProblem expected)
    {
        Assert.True(double.IsNaN(ImpliedVolatility.Solve(new(OptionType.Put, spot, strike, 0, 0, 0.5), 3, out var problem)));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void An_option_whose_time_is_over_implies_nothing()
    {
        ImpliedVolatility.Solve(new(OptionType.Call, 110, 100, 0, 0, 0), 12, out var now);
        ImpliedVolatility.Solve(new(OptionType.Call, 110, 100, 0, 0, -0.1), 12, out var past);
        Assert.Equal((ImpliedProblem.Expired, ImpliedProblem.Expired), (now, past));
    }

    [Fact]
    public void Many_at_once_are_what_each_is_and_nothing_is_allocated()
    {
        var grid = Grid().Where((_, i) => i % 53 == 0).ToArray();
        var (options, prices) = (grid.Select(g => g.Option).ToArray(), grid.Select(g => BlackScholes.Price(g.Option, g.Volatility)).ToArray());
        var (volatilities, problems) = (new double[grid.Length], new ImpliedProblem[grid.Length]);
        ImpliedVolatility.Solve(options, prices, volatilities, problems);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ImpliedVolatility.Solve(options, prices, volatilities, problems);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        for (var i = 0; i < grid.Length; i++)
        {
            Assert.Equal(ImpliedVolatility.Solve(in options[i], prices[i], out var problem), volatilities[i]);
            Assert.Equal(problem, problems[i]);
        }
    }

    /// <summary>Minutes to ten years, strikes from a twentieth to twenty times the spot, volatilities of 0.5 % to 500 %.</summary>
    static IEnumerable<(OptionContract Option, double Volatility)> Grid() =>
        from type in (OptionType[])[OptionType.Call, OptionType.Put]
        from log in Enumerable.Range(-15, 31).Select(i => i * 0.2)
        from years in (double[])[1e-5, 1e-4, 1.0 / 365, 0.02, 0.1, 0.25, 0.5, 1, 2, 5, 10]
        from carry in (double[])[0, 0.03]
        from volatility in Enumerable.Range(0, 80).Select(i => 0.005 * Math.Exp(i * Math.Log(1_000) / 79))
        select (new OptionContract(type, 100, 100 * Math.Exp(log), 0.04, carry, years), volatility);
}
