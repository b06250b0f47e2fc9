using Bellwether.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Indicators;

/// <summary>Every indicator against its plain definition, value by value.</summary>
public sealed class IndicatorReferenceTests
{
    public static TheoryData<string> Names =>
    [
        .. IndicatorCatalogue.Names, "wma_3", "ema_7", "rsi_5", "macd_signal_5_9_4", "bb_upper_10_1.5", "bb_percent_5", "atr_7", "adx_5",
        "plus_di_5", "minus_di_5", "rolling_vwap_3",
        "stoch_k_5_1_1", "stoch_d_8_2_4", "stochrsi_k_7_5_2_2", "stochrsi_d_7_5_2_2", "cci_5", "mfi_5", "keltner_upper_10_14_1.5",
        "keltner_lower_5_20_3", "donchian_middle_4", "aroon_up_4",
        "aroon_down_4", "roc_1", "williams_r_5", "ichimoku_senkou_a_3_7_14", "ichimoku_senkou_b_3_7_14", "supertrend_7_2",
        "supertrend_direction_7_1.5", "volatility_5_365", "parkinson_5_365",
        "garman_klass_5_365", "yang_zhang_5_365", "beta_10", "correlation_10", "sortino_10_0.001", "value_at_risk_20_0.9",
    ];

    static IEnumerable<(string Name, Bar[] Bars)> Series()
    {
        for (var seed = 1; seed <= 3; seed++) yield return ($"random {seed}", IndicatorSeries.Random(seed, 350));
        foreach (var path in (string[][])[["crosschecks", "skender", "default.csv"], ["prices", "daily", "GME.csv"]])
        {
            var bars = IndicatorSeries.Bars(path)[..350];
            for (var i = 0; i < bars.Length; i++) bars[i] = bars[i] with { Benchmark = 50 + bars[^(i + 1)].Close, Session = i / 60 };
            yield return (path[^1], bars);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_indicator_is_what_its_definition_says(string name)
    {
        Assert.True(IndicatorCatalogue.TryParse(name, out var value, out var problem), problem);
        foreach (var (series, bars) in Series())
        {
            var expected = IndicatorReference.Of(value.Family.Outputs[value.Output], value.Parameters, bars);
            var indicator = value.Family.Create(value.Parameters);
            var values = new double[bars.Length * indicator.Outputs];
            indicator.Run(bars, values);
            var defined = 0;
            for (var i = 0; i < bars.Length; i++)
            {
                var (actual, should) = (values[i * indicator.Outputs + value.Output], expected[i]);
                Assert.True(double.IsNaN(actual) == double.IsNaN(should) && !(Math.Abs(actual - should) > 1e-8 * (1 + Math.Abs(should))),
                    $"{name} of bar {i} of {series}: {actual:R}, by definition {should:R}");
                if (!double.IsNaN(should)) defined++;
            }
            Assert.True(defined > 50, $"{name} of {series} has {defined} values");
        }
    }
}
