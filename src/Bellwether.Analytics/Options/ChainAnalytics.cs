using Bellwether.Analytics.Aggregation;

namespace Bellwether.Analytics.Options;

/// <summary>One expiry of a chain.</summary>
/// <param name="AtTheMoney">Implied volatility at the forward, between the nearest strikes; NaN where there is none.</param>
/// <param name="Skew">Volatility of the put with delta −0.25 less that of the call with delta 0.25.</param>
/// <param name="MaxPain">The strike at which all open contracts together are worth least at expiry; NaN without open interest.</param>
public readonly record struct ChainExpiry(double Years, double AtTheMoney, double Skew, double MaxPain, double PutCallVolume,
    double PutCallOpenInterest);

/// <summary>Volume out of proportion.</summary>
/// <param name="Ratio">Volume over open interest.</param>
/// <param name="Share">Of all volume in the chain.</param>
public readonly record struct UnusualVolume(int Row, double Volume, double OpenInterest, double Ratio, double Share);

/// <summary>What a chain says as a whole; NaN where the rows do not carry it.</summary>
/// <param name="PutCallVolume">Volume of puts over that of calls.</param>
/// <param name="GammaExposure">
/// Currency that dealers must trade per 1 % of the spot, if they are long calls and short puts: Σ ± gamma·OI·multiplier·S²/100.
/// </param>
/// <param name="FlowSentiment">−1 to 1, by <see cref="ChainAnalytics.FlowFormula"/>.</param>
/// <param name="Premium">
/// Currency that changed hands, Σ volume × mid × multiplier: how much the sentiment rests on. NaN where no row states a volume.
/// </param>
public sealed record ChainSummary(
    double PutCallVolume, double PutCallOpenInterest, double GammaExposure, double FlowSentiment, double Premium,
    IReadOnlyList<ChainExpiry> Expiries, IReadOnlyList<UnusualVolume> Unusual)
{
    /// <summary>At-the-money volatility of the last expiry less that of the first; below 0 the market fears the near term.</summary>
    public double TermSlope
    {
        get
        {
            var known = Expiries.Where(e => !double.IsNaN(e.AtTheMoney)).ToArray();
            return known.Length > 1 ? known[^1].AtTheMoney - known[0].AtTheMoney : double.NaN;
        }
    }
}

/// <summary>What is read from a chain of options. Volatilities are implied anew from the quotes; the vendor's are not used.</summary>
public static class ChainAnalytics
{
    /// <summary>
    /// Σ w·side·direction / Σ w over rows with volume: w = volume × mid × |delta|, direction 1 for calls and −1 for puts, side from −1
    /// (last trade at the bid: sold) to 1 (at the ask: bought). Rows that do not tell their side are left out; see
    /// <see cref="OptionQuote.Side"/>.
    /// </summary>
    public const string FlowFormula = "flow-delta-premium-v2";

    public const double UnusualRatio = 2, UnusualShare = 0.02;

    /// <param name="chain">Rows that quality checks found sound.</param>
    public static ChainSummary Summarise(ReadOnlySpan<OptionQuote> chain, ChainMarket market)
    {
        var rows = chain.ToArray();
        var volatilities = new double[rows.Length];
        var greeks = new OptionGreeks[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var contract = market.Contract(in rows[i]);
            volatilities[i] = ImpliedVolatility.Solve(in contract, rows[i].Mid, out _);
            greeks[i] = BlackScholes.Greeks(in contract, volatilities[i]);
        }
        var (flow, weight, premium) = Flow(rows, greeks, market);
        var expiries = rows.Select((row, i) => (row.Years, i)).Where(r => r.Years > 0).GroupBy(r => r.Years).OrderBy(g => g.Key)
            .Select(g => Expiry([.. g.Select(r => r.i)], rows, volatilities, greeks, market));
        return new(PutCall(rows, row => row.Volume), PutCall(rows, row => row.OpenInterest), GammaExposure(rows, greeks, market),
            weight > 0 ? flow / weight : double.NaN, premium, [.. expiries], Unusual(rows));
    }

    static ChainExpiry Expiry(int[] members, OptionQuote[] rows, double[] volatilities, OptionGreeks[] greeks, ChainMarket market)
    {
        var years = rows[members[0]].Years;
        var own = members.Select(i => rows[i]).ToArray();
        var forward = market.Spot * Math.Exp((market.Rate - market.Yield) * years);
        // Out of the money on either side: there the quotes hold the most information.
        var outside = members.Where(i => !double.IsNaN(volatilities[i])
            && (rows[i].Type == OptionType.Call ? rows[i].Strike >= forward : rows[i].Strike <= forward));
        var smile = outside.Select(i => (Place: rows[i].Strike, Volatility: volatilities[i])).OrderBy(p => p.Place).ToArray();
        double Wing(OptionType type, double delta) =>
            Interpolate([.. members.Where(i => rows[i].Type == type && !double.IsNaN(volatilities[i]))
            .Select(i => (greeks[i].Delta, volatilities[i])).OrderBy(p => p.Delta)], delta);
        return new(years, Interpolate(smile, forward), Wing(OptionType.Put, -0.25) - Wing(OptionType.Call, 0.25), MaxPain(own),
            PutCall(own, r => r.Volume), PutCall(own, r => r.OpenInterest));
    }

    /// <summary>Between the two neighbours; NaN outside of all.</summary>
    static double Interpolate((double Place, double Value)[] points, double at)
    {
        for (var i = 0; i < points.Length; i++)
        {
            if (points[i].Place == at) return points[i].Value;
            if (i > 0 && points[i - 1].Place < at && points[i].Place > at)
                return points[i - 1].Value
                    + (points[i].Value - points[i - 1].Value) * (at - points[i - 1].Place) / (points[i].Place - points[i - 1].Place);
        }
        return double.NaN;
    }

    /// <summary>The lowest strike at which holders are paid least in all.</summary>
    public static double MaxPain(ReadOnlySpan<OptionQuote> expiry)
    {
        var (best, least) = (double.NaN, double.PositiveInfinity);
        foreach (ref readonly var candidate in expiry)
        {
            var (paid, open) = (0.0, 0.0);
            foreach (ref readonly var row in expiry)
            {
                if (!(row.OpenInterest > 0)) continue;
                open += row.OpenInterest;
                paid += row.OpenInterest * Math.Max(0, row.Type == OptionType.Call
                    ? candidate.Strike - row.Strike : row.Strike - candidate.Strike);
            }
            if (open > 0 && (paid < least || paid == least && candidate.Strike < best)) (best, least) = (candidate.Strike, paid);
        }
        return best;
    }

    static double PutCall(OptionQuote[] rows, Func<OptionQuote, double> count)
    {
        double Sum(OptionType type) => rows.Where(r => r.Type == type && count(r) > 0).Sum(count);
        return Sum(OptionType.Call) is > 0 and var calls ? Sum(OptionType.Put) / calls : double.NaN;
    }

    static double GammaExposure(OptionQuote[] rows, OptionGreeks[] greeks, ChainMarket market)
    {
        var (sum, any) = (0.0, false);
        for (var i = 0; i < rows.Length; i++)
        {
            if (!(rows[i].OpenInterest > 0) || double.IsNaN(greeks[i].Gamma)) continue;
            any = true;
            sum += (rows[i].Type == OptionType.Call
                ? 1 : -1) * greeks[i].Gamma * rows[i].OpenInterest * market.Multiplier * market.Spot * market.Spot / 100;
        }
        return any ? sum : double.NaN;
    }

    static (double Flow, double Weight, double Premium) Flow(OptionQuote[] rows, OptionGreeks[] greeks, ChainMarket market)
    {
        // Where no row states a volume, nobody knows what changed hands.
        var (flow, weight, premium) = (0.0, 0.0, Array.Exists(rows, r => r.Volume >= 0) ? 0.0 : double.NaN);
        for (var i = 0; i < rows.Length; i++)
        {
            ref readonly var row = ref rows[i];
            if (row.Volume > 0 && row.Mid > 0) premium += row.Volume * row.Mid * market.Multiplier;
            if (OptionsFlow.Of(in row, greeks[i].Delta) is not { } traded) continue;
            flow += traded.Weight * traded.Score;
            weight += traded.Weight;
        }
        return (flow, weight, premium);
    }

    static IReadOnlyList<UnusualVolume> Unusual(OptionQuote[] rows)
    {
        var all = rows.Where(r => r.Volume > 0).Sum(r => r.Volume);
        return [.. rows.Select((row, i) => new UnusualVolume(
            i, row.Volume, row.OpenInterest, row.Volume / Math.Max(1, row.OpenInterest), row.Volume / all))
            .Where(u => u.Volume > 0 && u.OpenInterest >= 0 && u.Ratio >= UnusualRatio && u.Share >= UnusualShare)
            .OrderByDescending(u => u.Share)];
    }
}
