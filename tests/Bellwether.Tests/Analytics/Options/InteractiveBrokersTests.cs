using System.Globalization;
using Bellwether.Analytics.Options;
using Bellwether.Tests.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Options;

/// <summary>
/// Values of the broker's own model for two options on SPY a week before expiry. It tells neither its rate nor its dividends nor how it counts
/// time, so these are the overnight rate of that day, no dividend before expiry, and time to the close; its last digits cannot be met.
/// </summary>
public sealed class InteractiveBrokersTests
{
    const double Rate = 0.053;
    static readonly DateTime Expiry = new(2023, 8, 11, 20, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("SPY230811C00450000.csv", OptionType.Call)]
    [InlineData("SPY230811P00450000.csv", OptionType.Put)]
    public void The_brokers_values_follow_from_its_price(string file, OptionType type)
    {
        var rows = IndicatorSeries.Rows("crosschecks", "interactive_brokers_greeks", file);
        Assert.Equal(20, rows.Count);
        foreach (var row in rows)
        {
            double Model(string name) => IndicatorSeries.Number(row[$"model_{name}"]);
            var at = DateTime.ParseExact(row[""], "yyyyMMdd HH:mm:ss.ffffff", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
            var option = new OptionContract(type, Model("undPrice"), 450, Rate, 0, (Expiry - at).TotalDays / 365);
            var implied = AmericanOption.ImpliedVolatility(in option, Model("price"), out var problem);
            Assert.Equal(ImpliedProblem.None, problem);
            Assert.Equal(Model("impliedVol"), implied, 0.004);
            var greeks = AmericanOption.Greeks(in option, Model("impliedVol"));
            Assert.Equal(Model("price"), greeks.Price, 0.08);
            Assert.Equal(Model("delta"), greeks.Delta, 0.02);
            Assert.Equal(Model("gamma"), greeks.Gamma, 0.002);
            Assert.Equal(Model("vega"), greeks.Vega, 0.012);
            Assert.Equal(Model("theta"), greeks.Theta, 0.02);
        }
    }
}
