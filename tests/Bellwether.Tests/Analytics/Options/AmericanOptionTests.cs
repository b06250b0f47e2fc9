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

    [Theory]
    [InlineData(OptionType.Call, 100, 105, 0.03, 0, 0.5, 0.25)]
    [InlineData(OptionType.Call, 100, 97.14, 0.031, 0, 0.0052, 0.114)]
    [InlineData(OptionType.Call, 100, 110, 0.05, 0, 0.019, 0.2)]
    [InlineData(OptionType.Put, 100, 105, 0, 0.04, 0.0274, 0.15)]
    public void Greeks_of_an_option_that_is_never_exercised_early_are_the_European_ones(
        OptionType type, double spot, double strike, double rate, double yield, double years, double volatility)
    {
        var option = new OptionContract(type, spot, strike, rate, yield, years);
        Assert.Equal(BlackScholes.Greeks(in option, volatility), AmericanOption.Greeks(in option, volatility));
    }

    [Theory]
    [InlineData(100, 200, 0.05, 0, 0.01, OptionType.Call, 1e-6)]
    [InlineData(100, 108.28, 0.008, 0, 0.0326, OptionType.Call, 2.206377904962711E-06)]
    [InlineData(100, 51.19, 0.035, 0, 1.5017, OptionType.Call, 51.43103729631424)]
    [InlineData(100, 132.98, 0, 0.002, 0.6283, OptionType.Put, 33.10629223114464)]
    public void Volatility_of_an_option_that_is_never_exercised_early_is_the_European_one(
        double spot, double strike, double rate, double yield, double years, OptionType type, double price)
    {
        var option = new OptionContract(type, spot, strike, rate, yield, years);
        var european = ImpliedVolatility.Solve(in option, price, out _);
        Assert.Equal(price, BlackScholes.Price(in option, european), 1e-9 * price);
        Assert.Equal(european, AmericanOption.ImpliedVolatility(in option, price, out var problem));
        Assert.Equal(ImpliedProblem.None, problem);
    }

    [Fact]
    public void Volatilities_come_back_from_prices_far_from_the_strike_too()
    {
        var random = new Random(11);
        for (var i = 0; i < 300; i++)
        {
            var years = 0.01 + random.NextDouble();
            var volatility = 0.1 + random.NextDouble();
            var strike = 100 * Math.Exp((random.NextDouble() - 0.5) * 8 * volatility * Math.Sqrt(years));
            var option = new OptionContract(i % 2 == 0 ? OptionType.Call : OptionType.Put, 100, strike, 0.05, 0.03, years);
            var price = AmericanOption.Price(in option, volatility, 51);
            var implied = AmericanOption.ImpliedVolatility(in option, price, out var problem, 51);
            // What is exercised now says nothing of it.
            if (problem == ImpliedProblem.NoInformation) continue;
            Assert.Equal(ImpliedProblem.None, problem);
            Assert.Equal(price, AmericanOption.Price(in option, implied, 51), 1e-8 * price + 1e-13);
        }
    }

    [Fact]
    public void Greeks_are_those_of_small_changes()
    {
        foreach (var option in Contracts())
        {
            var greeks = AmericanOption.Greeks(in option, 0.3, 501);
            double Price(double spot) => AmericanOption.Price(option with { Spot = spot }, 0.3, 501);
            Assert.Equal((Price(100.5) - Price(99.5)), greeks.Delta, 2e-3);
            Assert.Equal(Price(101) - 2 * Price(100) + Price(99), greeks.Gamma, 2e-3);
            Assert.Equal(AmericanOption.Price(in option, 0.305, 501) - AmericanOption.Price(in option, 0.295, 501), greeks.Vega, 2e-3);
        }
        // Deep in the money it is the spot itself.
        var deep = new OptionContract(OptionType.Put, 50, 100, 0.08, 0, 0.5);
        Assert.Equal(new OptionGreeks(50, -1, 0, 0, 0, 0) { YieldRho = 0 }, AmericanOption.Greeks(in deep, 0.2));
    }

    static IEnumerable<OptionContract> Contracts() =>
        from type in (OptionType[])[OptionType.Call, OptionType.Put]
        from strike in (double[])[80, 95, 100, 105, 125]
        from rate in (double[])[0.01, 0.06]
        from yield in (double[])[0, 0.04]
        from years in (double[])[0.1, 1]
        select new OptionContract(type, 100, strike, rate, yield, years);
}
