using System.Globalization;

namespace Bellwether.Analytics.Options;

/// <summary>What is wrong with a row of a chain.</summary>
public enum QuoteProblem
{
    /// <summary>Strike or spot is not above 0, or a price, volume or open interest is below 0.</summary>
    BadNumber,

    Expired,

    /// <summary>The bid is above the ask.</summary>
    Crossed,

    /// <summary>Neither bid and ask nor a last price.</summary>
    NoPrice,

    /// <summary>The ask is below what exercise is worth.</summary>
    BelowIntrinsic,

    /// <summary>The bid is above what the underlying or the strike is worth.</summary>
    AboveMaximum,

    /// <summary>The vendor's implied volatility is not the one that its own bid and ask imply.</summary>
    VolatilityOff,

    /// <summary>Call and put of one strike cannot both be right: buying one and selling the other locks in a profit.</summary>
    ParityBroken,

    /// <summary>A call gains, or a put loses, with a higher strike, or the gain is more than the strikes are apart.</summary>
    VerticalArbitrage,

    /// <summary>A butterfly costs less than nothing: the prices are not convex in the strike.</summary>
    ButterflyArbitrage,

    /// <summary>A later expiry of the same strike is cheaper.</summary>
    CalendarArbitrage,
}

/// <param name="Row">Index in the chain.</param>
/// <param name="Detail">Half a sentence with the numbers.</param>
public readonly record struct QuoteFinding(int Row, QuoteProblem Problem, string Detail);

/// <summary>
/// Finds what cannot be in a chain. Arbitrage is looked for between what one could really trade at: selling at the bid, buying at the ask.
/// </summary>
public static class ChainQuality
{
    // Vendors round; prices have a cent, so a difference below one says nothing.
    const double Cent = 0.01;

    /// <summary>Findings by row; empty where nothing is wrong. American options get the bounds that hold for them.</summary>
    /// <param name="tolerance">By how much the vendor's volatility may differ from that of the middle of bid and ask: 0.02 is two points.</param>
    public static IReadOnlyList<QuoteFinding> Check(ReadOnlySpan<OptionQuote> chain, ChainMarket market, bool american = true, double tolerance = 0.02)
    {
        var findings = new List<QuoteFinding>();
        var sound = new List<int>();
        for (var i = 0; i < chain.Length; i++)
        {
            var before = findings.Count;
            CheckRow(i, in chain[i], market, american, tolerance, findings);
            if (findings.Skip(before).All(f => f.Problem == QuoteProblem.VolatilityOff) && chain[i].Ask >= chain[i].Bid && chain[i].Ask > 0) sound.Add(i);
        }
        var rows = chain.ToArray();
        foreach (var expiry in sound.GroupBy(i => rows[i].Years)) CheckExpiry([.. expiry.OrderBy(i => rows[i].Strike)], rows, market, american, findings);
        foreach (var line in sound.GroupBy(i => (rows[i].Type, rows[i].Strike)).Where(g => g.Count() > 1))
            CheckCalendar([.. line.OrderBy(i => rows[i].Years)], rows, market, american, findings);
        return [.. findings.OrderBy(f => f.Row).ThenBy(f => f.Problem)];
    }

    static void CheckRow(int row, in OptionQuote quote, ChainMarket market, bool american, double tolerance, List<QuoteFinding> findings)
    {
        void Add(QuoteProblem problem, string detail) => findings.Add(new(row, problem, detail));
        if (!(quote.Strike > 0) || !(market.Spot > 0) || quote.Bid < 0 || quote.Ask < 0 || quote.Last < 0 || quote.Volume < 0 || quote.OpenInterest < 0)
        {
            Add(QuoteProblem.BadNumber, $"strike {Text(quote.Strike)}, bid {Text(quote.Bid)}, ask {Text(quote.Ask)}, last {Text(quote.Last)}, volume {Text(quote.Volume)}, open interest {Text(quote.OpenInterest)}");
            return;
        }
        if (!(quote.Years > 0))
        {
            Add(QuoteProblem.Expired, $"{Text(quote.Years * 365)} days to expiry");
            return;
        }
        if (quote.Bid > quote.Ask) Add(QuoteProblem.Crossed, $"bid {Text(quote.Bid)} above ask {Text(quote.Ask)}");
        if (double.IsNaN(quote.Mid))
        {
            if (!(quote.Bid > quote.Ask)) Add(QuoteProblem.NoPrice, "no bid and ask, and no last price");
            return;
        }
        var contract = market.Contract(in quote);
        var exercise = quote.Type == OptionType.Call ? market.Spot - quote.Strike : quote.Strike - market.Spot;
        var least = american ? Math.Max(contract.LowerBound, exercise) : contract.LowerBound;
        var most = american ? quote.Type == OptionType.Call ? market.Spot : quote.Strike : contract.UpperBound;
        if (quote.Ask < least - Cent) Add(QuoteProblem.BelowIntrinsic, $"ask {Text(quote.Ask)} below {Text(least)}");
        if (quote.Bid > most + Cent) Add(QuoteProblem.AboveMaximum, $"bid {Text(quote.Bid)} above {Text(most)}");
        if (!double.IsNaN(quote.ImpliedVolatility) && quote.Ask >= quote.Bid) CheckVolatility(in quote, in contract, american, tolerance, Add);
    }

    static void CheckVolatility(in OptionQuote quote, in OptionContract contract, bool american, double tolerance, Action<QuoteProblem, string> add)
    {
        var own = american ? AmericanOption.ImpliedVolatility(in contract, quote.Mid, out var problem, 101) : ImpliedVolatility.Solve(in contract, quote.Mid, out problem);
        if (problem == ImpliedProblem.None)
        {
            if (!(Math.Abs(quote.ImpliedVolatility - own) <= tolerance))
                add(QuoteProblem.VolatilityOff, $"volatility {Text(quote.ImpliedVolatility)} where {Text(quote.Bid)} and {Text(quote.Ask)} imply {Text(own)}");
            return;
        }
        // The middle implies none, but any volatility whose price lies between bid and ask is as good as another.
        var price = !(quote.ImpliedVolatility > 0) ? double.NaN
            : american ? AmericanOption.Price(in contract, quote.ImpliedVolatility, 101) : BlackScholes.Price(in contract, quote.ImpliedVolatility);
        if (!(problem == ImpliedProblem.NoInformation && price >= quote.Bid && price <= quote.Ask))
            add(QuoteProblem.VolatilityOff, $"volatility {Text(quote.ImpliedVolatility)} where {Text(quote.Bid)} and {Text(quote.Ask)} imply none");
    }

    static void CheckExpiry(int[] rows, OptionQuote[] chain, ChainMarket market, bool american, List<QuoteFinding> findings)
    {
        foreach (var type in (OptionType[])[OptionType.Call, OptionType.Put])
        {
            var line = rows.Where(i => chain[i].Type == type).ToArray();
            for (var k = 1; k < line.Length; k++) CheckVertical(line[k - 1], line[k], chain, market, american, findings);
            for (var k = 2; k < line.Length; k++) CheckButterfly(line[k - 2], line[k - 1], line[k], chain, findings);
        }
        var puts = rows.Where(i => chain[i].Type == OptionType.Put).ToLookup(i => chain[i].Strike);
        foreach (var call in rows.Where(i => chain[i].Type == OptionType.Call))
            foreach (var put in puts[chain[call].Strike]) CheckParity(call, put, chain, market, american, findings);
    }

    static void CheckParity(int call, int put, OptionQuote[] chain, ChainMarket market, bool american, List<QuoteFinding> findings)
    {
        var contract = market.Contract(in chain[call]);
        // European: C − P = S·e^(−qT) − K·e^(−rT). American: between S·e^(−qT) − K and S − K·e^(−rT).
        var (least, most) = american
            ? (Math.Min(contract.DiscountedSpot, market.Spot) - Math.Max(contract.Strike, contract.DiscountedStrike), Math.Max(market.Spot, contract.DiscountedSpot) - Math.Min(contract.Strike, contract.DiscountedStrike))
            : (contract.DiscountedSpot - contract.DiscountedStrike, contract.DiscountedSpot - contract.DiscountedStrike);
        var (dearest, cheapest) = (chain[call].Ask - chain[put].Bid, chain[call].Bid - chain[put].Ask);
        if (dearest >= least - Cent && cheapest <= most + Cent) return;
        var detail = $"call − put of strike {Text(contract.Strike)} is {Text(cheapest)} to {Text(dearest)}, parity allows {Text(least)} to {Text(most)}";
        findings.Add(new(call, QuoteProblem.ParityBroken, detail));
        findings.Add(new(put, QuoteProblem.ParityBroken, detail));
    }

    static void CheckVertical(int low, int high, OptionQuote[] chain, ChainMarket market, bool american, List<QuoteFinding> findings)
    {
        var (a, b) = chain[low].Type == OptionType.Call ? (low, high) : (high, low);
        var apart = chain[high].Strike - chain[low].Strike;
        var most = american ? apart : apart * Math.Exp(-market.Rate * chain[low].Years);
        if (apart <= 0) return;
        // a is never worth less than b, nor more by more than the strikes are apart.
        if (chain[b].Bid > chain[a].Ask + Cent)
            findings.Add(new(b, QuoteProblem.VerticalArbitrage, $"bid {Text(chain[b].Bid)} of strike {Text(chain[b].Strike)} above ask {Text(chain[a].Ask)} of strike {Text(chain[a].Strike)}"));
        if (chain[a].Bid - chain[b].Ask > most + Cent)
            findings.Add(new(a, QuoteProblem.VerticalArbitrage, $"strikes {Text(chain[low].Strike)} and {Text(chain[high].Strike)} are worth {Text(chain[a].Bid - chain[b].Ask)} apart, more than {Text(most)}"));
    }

    static void CheckButterfly(int low, int middle, int high, OptionQuote[] chain, List<QuoteFinding> findings)
    {
        var (left, right) = (chain[middle].Strike - chain[low].Strike, chain[high].Strike - chain[middle].Strike);
        if (left <= 0 || right <= 0) return;
        var wings = (right * chain[low].Ask + left * chain[high].Ask) / (left + right);
        if (chain[middle].Bid > wings + Cent)
            findings.Add(new(middle, QuoteProblem.ButterflyArbitrage, $"bid {Text(chain[middle].Bid)} of strike {Text(chain[middle].Strike)} above {Text(wings)}, which strikes {Text(chain[low].Strike)} and {Text(chain[high].Strike)} cost for it"));
    }

    static void CheckCalendar(int[] line, OptionQuote[] chain, ChainMarket market, bool american, List<QuoteFinding> findings)
    {
        // A European option may lose by time: a put by interest, a call by the yield.
        if (!american && !(chain[line[0]].Type == OptionType.Call ? market.Yield <= 0 : market.Rate <= 0)) return;
        for (var k = 1; k < line.Length; k++)
            if (chain[line[k - 1]].Bid > chain[line[k]].Ask + Cent)
                findings.Add(new(line[k], QuoteProblem.CalendarArbitrage, $"ask {Text(chain[line[k]].Ask)} below bid {Text(chain[line[k - 1]].Bid)} of an earlier expiry"));
    }

    static string Text(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
