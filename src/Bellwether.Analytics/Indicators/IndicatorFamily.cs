namespace Bellwether.Analytics.Indicators;

/// <summary>A number that an indicator takes.</summary>
/// <param name="Default">Taken where the name of a value leaves it out.</param>
/// <param name="IsPeriod">A whole number of bars, at least 1.</param>
public sealed record IndicatorParameter(string Name, double Default, bool IsPeriod = true);

/// <summary>One indicator as it is known by name.</summary>
/// <param name="Outputs">Names of the values of one step, before their parameters.</param>
/// <param name="Example">A full name of each value.</param>
public sealed record IndicatorFamily(string Title, IReadOnlyList<string> Outputs, IReadOnlyList<IndicatorParameter> Parameters, Func<double[], Indicator> Create)
{
    /// <summary>The name of a value with the default parameters that its family states, such as <c>rsi_14</c>; plain where all have one usual value.</summary>
    public string Example(string output) => Parameters.Count == 1 ? $"{output}_{Parameters[0].Default:0.##}" : output;
}

/// <summary>
/// The indicators by name. A value is named by its output and then its parameters, as far as they differ from the usual ones, in the order of
/// the family: <c>rsi_14</c>, <c>bb_upper</c>, <c>bb_upper_10_1.5</c>.
/// </summary>
public static class IndicatorCatalogue
{
    static readonly IndicatorParameter Year = new("bars a year", 252, IsPeriod: false);

    public static IReadOnlyList<IndicatorFamily> Families { get; } =
    [
        new("simple moving average", ["sma"], [new("period", 20)], p => new Sma((int)p[0])),
        new("exponential moving average", ["ema"], [new("period", 20)], p => new Ema((int)p[0])),
        new("linearly weighted moving average", ["wma"], [new("period", 20)], p => new Wma((int)p[0])),
        new("relative strength index", ["rsi"], [new("period", 14)], p => new Rsi((int)p[0])),
        new("relative strength index of simple means", ["rsi_simple"], [new("period", 14)], p => new Rsi((int)p[0], RsiAverage.Simple)),
        new("moving average convergence and divergence", ["macd_line", "macd_signal", "macd_histogram"], [new("fast", 12), new("slow", 26), new("signal", 9)],
            p => new Macd((int)p[0], (int)p[1], (int)p[2])),
        new("Bollinger bands", ["bb_upper", "bb_middle", "bb_lower", "bb_width", "bb_percent"], [new("period", 20), new("deviations", 2, false)],
            p => new BollingerBands((int)p[0], p[1])),
        new("average true range", ["atr"], [new("period", 14)], p => new Atr((int)p[0])),
        new("average directional index", ["adx", "plus_di", "minus_di"], [new("period", 14)], p => new Adx((int)p[0])),
        new("on-balance volume", ["obv"], [], _ => new Obv()),
        new("volume-weighted average price of the session", ["vwap"], [], _ => new Vwap()),
        new("volume-weighted average price of the last bars", ["rolling_vwap"], [new("period", 20)], p => new Vwap((int)p[0])),
        new("stochastic oscillator", ["stoch_k", "stoch_d"], [new("period", 14), new("smooth", 3), new("signal", 3)],
            p => new Stochastic((int)p[0], (int)p[1], (int)p[2])),
        new("stochastic oscillator of the RSI", ["stochrsi_k", "stochrsi_d"], [new("RSI period", 14), new("period", 14), new("smooth", 3), new("signal", 3)],
            p => new StochasticRsi((int)p[0], (int)p[1], (int)p[2], (int)p[3])),
        new("commodity channel index", ["cci"], [new("period", 20)], p => new Cci((int)p[0])),
        new("money flow index", ["mfi"], [new("period", 14)], p => new Mfi((int)p[0])),
        new("Keltner channel", ["keltner_upper", "keltner_middle", "keltner_lower"], [new("period", 20), new("ATR period", 10), new("multiple", 2, false)],
            p => new KeltnerChannel((int)p[0], (int)p[1], p[2])),
        new("Donchian channel", ["donchian_upper", "donchian_middle", "donchian_lower"], [new("period", 20)], p => new DonchianChannel((int)p[0])),
        new("Aroon", ["aroon_up", "aroon_down", "aroon_oscillator"], [new("period", 25)], p => new Aroon((int)p[0])),
        new("rate of change, per cent", ["roc"], [new("period", 10)], p => new Roc((int)p[0])),
        new("Williams %R", ["williams_r"], [new("period", 14)], p => new WilliamsR((int)p[0])),
        new("Ichimoku", ["ichimoku_tenkan", "ichimoku_kijun", "ichimoku_senkou_a", "ichimoku_senkou_b"], [new("tenkan", 9), new("kijun", 26), new("senkou", 52)],
            p => new Ichimoku((int)p[0], (int)p[1], (int)p[2])),
        new("Supertrend", ["supertrend", "supertrend_direction"], [new("period", 10), new("multiple", 3, false)], p => new Supertrend((int)p[0], p[1])),
        new("volatility of closes, annualised", ["volatility"], [new("period", 20), Year], p => new CloseVolatility((int)p[0], p[1])),
        new("Parkinson volatility, annualised", ["parkinson"], [new("period", 20), Year], p => new ParkinsonVolatility((int)p[0], p[1])),
        new("Garman–Klass volatility, annualised", ["garman_klass"], [new("period", 20), Year], p => new GarmanKlassVolatility((int)p[0], p[1])),
        new("Yang–Zhang volatility, annualised", ["yang_zhang"], [new("period", 20), Year], p => new YangZhangVolatility((int)p[0], p[1])),
        new("beta and correlation against the benchmark", ["beta", "correlation"], [new("period", 60)], p => new RollingBeta((int)p[0])),
        new("rolling Sortino ratio", ["sortino"], [new("period", 15), new("target", 0, false)], p => new RollingSortino((int)p[0], p[1])),
        new("value at risk of one period", ["value_at_risk"], [new("period", 252), new("confidence", 0.95, false)], p => new ValueAtRisk((int)p[0], p[1])),
    ];

    /// <summary>All values with the usual parameters.</summary>
    public static IEnumerable<string> Names => Families.SelectMany(f => f.Outputs.Select(f.Example));

    /// <summary>Finds what a name stands for; false with a clause that tells what is wrong.</summary>
    public static bool TryParse(string name, out IndicatorValue value, out string? problem)
    {
        value = default!;
        problem = $"there is no indicator '{name}'";
        var best = -1;
        foreach (var family in Families)
        {
            for (var output = 0; output < family.Outputs.Count; output++)
            {
                var stem = family.Outputs[output];
                if (stem.Length <= best || !name.StartsWith(stem, StringComparison.Ordinal) || name.Length > stem.Length && name[stem.Length] != '_') continue;
                if (Parameters(family, name.Length > stem.Length ? name[(stem.Length + 1)..].Split('_') : [], name, out var found) is var wrong && wrong is null)
                    (value, problem, best) = (new(name, family, output, found), null, stem.Length);
                else if (best < 0) problem = wrong;
            }
        }
        return best >= 0;
    }

    static string? Parameters(IndicatorFamily family, string[] texts, string name, out double[] values)
    {
        values = [.. family.Parameters.Select(p => p.Default)];
        if (texts.Length > values.Length)
            return $"'{name}' has {texts.Length} parameters; {family.Title} has {values.Length}{(values.Length == 0 ? "" : $" ({string.Join(", ", family.Parameters.Select(p => p.Name))})")}";
        for (var i = 0; i < texts.Length; i++)
        {
            var parameter = family.Parameters[i];
            if (!double.TryParse(texts[i], System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out values[i]) || !double.IsFinite(values[i]))
                return $"'{name}': {parameter.Name} '{texts[i]}' is not a number";
            if (parameter.IsPeriod && (values[i] != Math.Floor(values[i]) || values[i] is < 1 or > Indicator.MaxPeriod))
                return $"'{name}': {parameter.Name} {texts[i]} is not a whole number of bars, 1 to {Indicator.MaxPeriod}";
        }
        try
        {
            family.Create(values);
            return null;
        }
        catch (ArgumentOutOfRangeException error)
        {
            return $"'{name}': {error.Message.Split('(')[0].TrimEnd()}";
        }
    }
}

/// <summary>One value of one indicator.</summary>
/// <param name="Output">Which of the family's values.</param>
public sealed record IndicatorValue(string Name, IndicatorFamily Family, int Output, double[] Parameters);
