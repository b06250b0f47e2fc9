using System.Text.Json;
using Bellwether.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Indicators;

/// <summary>Values that other libraries publish for the same series, to the digits that they print.</summary>
public sealed class PublishedIndicatorTests
{
    [Fact]
    public void Skender_every_value()
    {
        var bars = IndicatorSeries.Bars("crosschecks", "skender", "default.csv");
        using var file = JsonDocument.Parse(File.ReadAllText(SharedData.File("crosschecks", "expected.json")));
        var expected = file.RootElement.GetProperty("skender_default_csv");
        var compared = 0;
        foreach (var (key, names) in new (string, string[])[]
        {
            ("rsi14", ["rsi_14"]), ("atr14", ["atr_14"]), ("ema20", ["ema_20"]),
            ("macd_12_26_9", ["macd_line", "macd_signal", "macd_histogram"]), ("bollinger_20_2", ["bb_middle", "bb_upper", "bb_lower"]),
        })
        {
            var values = Run(names, bars);
            foreach (var row in expected.GetProperty(key).EnumerateObject().Where(p => p.Name != "columns"))
            {
                var cells = row.Value.ValueKind == JsonValueKind.Array ? row.Value.EnumerateArray().ToArray() : [row.Value];
                for (var k = 0; k < cells.Length; k++, compared++)
                {
                    var value = values[int.Parse(row.Name)][k];
                    if (cells[k].ValueKind == JsonValueKind.Null) Assert.True(double.IsNaN(value));
                    else Assert.Equal(cells[k].GetDouble(), Math.Round(value, 4));
                }
            }
        }
        Assert.Equal(26, compared);
    }

    // Tolerance in units of the last printed digit. Where it is above half a unit, the closes of the file are printed with fewer digits than those
    // that its values were computed from.
    [Theory]
    [InlineData("spy_atr_wilder.txt", "Average True Range 14", "atr", 0.5, 488)]
    [InlineData("spy_bollinger_bands.txt", "Moving Average 20", "bb_middle", 0.5, 481)]
    [InlineData("spy_bollinger_bands.txt", "Bollinger Bands® 20 2 Top", "bb_upper", 0.7, 481)]
    [InlineData("spy_bollinger_bands.txt", "Bollinger Bands® 20 2 Bottom", "bb_lower", 0.7, 481)]
    [InlineData("spy_bollinger_bands.txt", "BandWidth", "bb_width", 1.1, 481)]
    [InlineData("spy_bollinger_bands.txt", "%B", "bb_percent", 0.7, 481)]
    [InlineData("spy_ema.csv", "EMA14", "ema_14", 0.5, 351)]
    [InlineData("spy_with_macd.txt", "MACD", "macd_line", 0.6, 183, 5)]
    [InlineData("spy_with_macd.txt", "Signal", "macd_signal", 0.6, 183, 5)]
    [InlineData("spy_with_macd.txt", "Histogram", "macd_histogram", 0.6, 183, 5)]
    [InlineData("spy_with_indicators.txt", "SMA14", "sma_14", 0.6, 487)]
    [InlineData("spy_with_indicators.txt", "EMA14", "ema_14", 0.6, 487)]
    [InlineData("spy_with_indicators.txt", "MACD 12 26", "macd_line", 2, 475, 4)]
    [InlineData("spy_with_indicators.txt", "RSI 14 Wilder", "rsi_14", 0.5, 486)]
    [InlineData("spy_with_indicators.txt", "RSI 14", "rsi_simple_14", 30, 485)]
    [InlineData("spy_with_StochRSI.csv", "k", "stochrsi_k", 0.5, 471)]
    [InlineData("spy_with_StochRSI.csv", "d", "stochrsi_d", 0.5, 469)]
    [InlineData("spy_sortino.csv", "sortino_rf_0_period_15", "sortino_15", 5, 62)]
    [InlineData("spy_sortino.csv", "sortino_rf_0.01_period_15", "sortino_15_0.01", 5, 62)]
    [InlineData("spy_valueatrisk.csv", "VaR_99", "value_at_risk_252_0.99", 0.5, 5847)]
    [InlineData("spy_valueatrisk.csv", "VaR_95", "value_at_risk_252_0.95", 0.5, 5847)]
    [InlineData("spy_valueatrisk.csv", "VaR_90", "value_at_risk_252_0.9", 0.5, 5847)]
    public void Lean_every_value(string file, string column, string name, double units, int count, int digits = 15)
    {
        var rows = IndicatorSeries.Rows("crosschecks", "lean", file);
        // This file takes the range of the first bar into the first mean.
        var (indicator, place) = name == "atr" ? (new Atr(14, AtrStart.FirstBar), 0) : Single(name);
        var values = new double[indicator.Outputs];
        var compared = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            indicator.Next(IndicatorSeries.Bar(rows[i]), values);
            var text = rows[i][column].Trim();
            if (text.Length == 0 || text == "NaN") continue;
            var expected = IndicatorSeries.Number(text);
            var tolerance = Math.Max(units * LastDigit(text, digits), 1e-12 * (1 + Math.Abs(expected)));
            Assert.True(Math.Abs(values[place] - expected) <= tolerance, $"row {i}: {values[place]:R}, published {text}");
            compared++;
        }
        Assert.Equal(count, compared);
    }

    [Fact]
    public void Lean_volume_goes_the_way_of_the_close()
    {
        // The file prints the balance to three digits and no volumes: they are taken from the balance, and give it back.
        var rows = IndicatorSeries.Rows("crosschecks", "lean", "spy_with_indicators.txt");
        var obv = new Obv();
        var (value, before, compared) = (new double[1], 0.0, 0);
        for (var i = 0; i < rows.Count; i++)
        {
            var text = rows[i]["OBV"];
            var balance = text.Length == 0 ? 0 : IndicatorSeries.Number(text);
            var close = IndicatorSeries.Number(rows[i]["Close"]);
            obv.Next(new(close, close, close, close, Math.Abs(balance - before)), value);
            if (text.Length > 0)
            {
                Assert.Equal(balance, value[0], 1.0);
                compared++;
            }
            before = balance;
        }
        Assert.True(compared > 450);
    }

    static double[][] Run(string[] names, Bar[] bars)
    {
        var set = IndicatorSet.Parse(names);
        return [.. bars.Select(bar =>
        {
            var values = new double[names.Length];
            set.Next(in bar, values);
            return values;
        })];
    }

    static (Indicator Indicator, int Place) Single(string name)
    {
        Assert.True(IndicatorCatalogue.TryParse(name, out var value, out _));
        return (value.Family.Create(value.Parameters), value.Output);
    }

    // A file of five digits prints some as floats of sixteen.
    static double LastDigit(string text, int digits)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? 1 : Math.Pow(10, -Math.Min(digits, text.Length - point - 1));
    }
}
