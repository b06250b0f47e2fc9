namespace Bellwether.Analytics.Options;

/// <summary>What checks found of a row, as it is stored: <c>kind: detail</c>, several by semicolons.</summary>
public static class OptionFindings
{
    public const string NoSpot = "no_spot", SpotKnownLater = "spot_known_later", NoVolatility = "no_volatility";

    const string Between = "; ";

    /// <summary>
    /// Kinds that say nothing against the quotes: a vendor's wrong volatility, a price of the underlying that was known late, and a price
    /// that implies no volatility.
    /// </summary>
    public static IReadOnlyList<string> Harmless { get; } = [NameOf(QuoteProblem.VolatilityOff), SpotKnownLater, NoVolatility];

    /// <summary>Null where nothing was found.</summary>
    public static string? Text(IReadOnlyList<(string Kind, string Detail)> said) =>
        said.Count == 0 ? null : string.Join(Between, said.Select(s => $"{s.Kind}: {s.Detail}"));

    /// <summary>Each kind once.</summary>
    public static IEnumerable<string> Kinds(string? findings) =>
        findings is null ? [] : findings.Split(Between).Select(f => f.Split(':')[0]).Distinct();

    public static bool IsUnusable(string? findings) => Kinds(findings).Except(Harmless).Any();

    public static string NameOf(QuoteProblem problem) => problem switch
    {
        QuoteProblem.BadNumber => "bad_number",
        QuoteProblem.Expired => "expired",
        QuoteProblem.Crossed => "crossed",
        QuoteProblem.NoPrice => "no_price",
        QuoteProblem.BelowIntrinsic => "below_intrinsic",
        QuoteProblem.AboveMaximum => "above_maximum",
        QuoteProblem.VolatilityOff => "vendor_volatility_off",
        QuoteProblem.ParityBroken => "parity_broken",
        QuoteProblem.VerticalArbitrage => "vertical_arbitrage",
        QuoteProblem.ButterflyArbitrage => "butterfly_arbitrage",
        _ => "calendar_arbitrage",
    };
}
