using Bellwether.Analytics.Options;

namespace Bellwether.Tests.Analytics.Options;

public sealed class AmericanOptionTests
{
    // Puts on a stock at 40 with a rate of 4.88 %, by trees of many steps: Cox and Rubinstein, Options Markets, 1985; Geske and Johnson,
    // 1984, table 1.
    [Theory]
    [InlineData(35, 0.2, 1, 0.0062)]
    [InlineData(35, 0.2, 4, 0.2004)]
    [InlineData(35, 0.2, 7, 0.4328)]
    [InlineData(40, 0.2, 1, 0.8522)]
    [InlineData(40, 0.2, 4, 1.5798)]
    [InlineData(40, 0.2, 7, 1.9904)]
    [InlineData(45, 0.2, 1, 5.0000)]
    [InlineData(45, 0.2, 4, 5.0883)]
    [InlineData(45, 0.2, 7, 5.2670)]
    [InlineData(40, 0.3, 4, 2.4825)]
    [InlineData(40, 0.3, 7, 3.1696)]
    [InlineData(45, 0.3, 7, 6.2436)]
    [InlineData(35, 0.4, 7, 2.1549)]
    [InlineData(40, 0.4, 7, 4.3526)]
    [InlineData(45, 0.4, 7, 7.3830)]
    public void Puts_have_the_published_values(double strike, double volatility, int months, double expected) =>
        Assert.Equal(expected, AmericanOption.Price(new(OptionType.Put, 40, strike, 0.0488, 0, months / 12.0), volatility), 5e-4);

    [Fact]
    public void More_steps_change_little()
    {
        foreach (var option in Contracts())
            Assert.Equal(AmericanOption.Price(in option, 0.3, 1_001), AmericanOption.Price(in option, 0.3), 1e-3);
    }

    [Fact]
    public void Worth_at_least_the_European_and_the_exercise_and_exactly_that_where_waiting_is_free()
    {
        foreach (var option in Contracts())
        {
            var (american, european) = (AmericanOption.Price(in option, 0.25), BlackScholes.Price(in option, 0.25));
            Assert.True(american >= european - 1e-4, $"{option}: {american} < {european}");
            Assert.True(american >= (option.Type == OptionType.Call ? option.Spot - option.Strike : option.Strike - option.Spot) - 1e-12);
            if (option.Type == OptionType.Call && option.Yield == 0) Assert.Equal(european, american);
        }
    }

    [Fact]
    public void A_call_is_a_put_with_everything_swapped()
    {
        foreach (var option in Contracts().Where(o => o.Type == OptionType.Call))
        {
            var mirror = new OptionContract(OptionType.Put, option.Strike, option.Spot, option.Yield, option.Rate, option.Years);
            Assert.Equal(AmericanOption.Price(in option, 0.35), AmericanOption.Price(in mirror, 0.35), 2e-3);
        }
    }

    [Fact]
    public void Volatilities_come_back_from_prices()
    {
        foreach (var option in Contracts())
        {
            var price = AmericanOption.Price(in option, 0.42, 101);
            var implied = AmericanOption.ImpliedVolatility(in option, price, out var problem, 101);
            if (problem == ImpliedProblem.None) Assert.Equal(0.42, implied, 1e-6);
            else Assert.Equal(Math.Max(option.Spot - option.Strike, option.Strike - option.Spot), price, 1e-9);
        }
    }

    [Theory]
    [InlineData(5, ImpliedProblem.BelowIntrinsic)]
    [InlineData(10, ImpliedProblem.NoInformation)]
    [InlineData(100, ImpliedProblem.AboveMaximum)]
    public void A_price_that_no_volatility_gives_is_refused(double price, ImpliedProblem expected)
    {
        Assert.True(double.IsNaN(AmericanOption.ImpliedVolatility(new(OptionType.Put, 90, 100, 0.05, 0, 1), price, out var problem)));
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData(OptionType.Put, 0.05, 0.0)]
    [InlineData(OptionType.Call, 0.03, 0.05)]
    [InlineData(OptionType.Put, -0.02, -0.03)]
    public void A_price_rises_to_its_limit_however_great_the_volatility(OptionType type, double rate, double yield)
    {
        var option = new OptionContract(type, 100, 120, rate, yield, 1);
        var most = type == OptionType.Call ? Math.Max(100, option.DiscountedSpot) : Math.Max(120, option.DiscountedStrike);
        var before = 0.0;
        foreach (var volatility in (double[])[0.2, 1, 3, 8, 12, 16, 16.9, 17.1, 20, 38, 64, 200])
        {
            var price = AmericanOption.Price(in option, volatility, 101);
            Assert.True(price >= before - 1e-9 && price <= most * (1 + 1e-9), $"{price} at {volatility} after {before}, at most {most}");
            before = price;
        }
        Assert.Equal(most, before);
        // A price just below the limit has a volatility, and one at it has none.
        Assert.True(AmericanOption.ImpliedVolatility(in option, most * 0.99999, out var problem, 101) > 5
            && problem == ImpliedProblem.None, problem.ToString());
    }

    [Fact]
    public void Without_chance_the_best_moment_is_found_whatever_the_signs_of_the_rates()
    {
        foreach (var type in (OptionType[])[OptionType.Call, OptionType.Put])
            foreach (var rate in (double[])[-0.08, -0.03, 0, 0.03, 0.08])
                foreach (var yield in (double[])[-0.06, -0.02, 0, 0.02, 0.06])
                {
                    var option = new OptionContract(type, 100, 98, rate, yield, 20);
                    var best = Enumerable.Range(0, 20_001).Max(k => (option with { Years = k / 1_000.0 }).LowerBound);
                    Assert.Equal(best, AmericanOption.Price(in option, 0), 1e-5);
                }
    }

    [Fact]
    public void Greeks_of_an_option_that_is_never_exercised_early_are_the_European_ones()
    {
        var option = new OptionContract(OptionType.Call, 100, 105, 0.03, 0, 0.5);
        var (american, european) = (AmericanOption.Greeks(in option, 0.25), BlackScholes.Greeks(in option, 0.25));
        Assert.Equal(european.Delta, american.Delta, 1e-3);
        Assert.Equal(european.Gamma, american.Gamma, 1e-4);
        Assert.Equal(european.Vega, american.Vega, 1e-4);
        Assert.Equal(european.Theta, american.Theta, 1e-3);
        Assert.Equal(european.Rho, american.Rho, 1e-5);
    }

    static IEnumerable<OptionContract> Contracts() =>
        from type in (OptionType[])[OptionType.Call, OptionType.Put]
        from strike in (double[])[80, 95, 100, 105, 125]
        from rate in (double[])[0.01, 0.06]
        from yield in (double[])[0, 0.04]
        from years in (double[])[0.1, 1]
        select new OptionContract(type, 100, strike, rate, yield, years);
}
