using System.Runtime.CompilerServices;

namespace Bellwether.Sentiment.Novelty;

/// <summary>What a text says, but for its features: a plain value, so that very many are kept side by side without an object each.</summary>
/// <param name="First">Hash of the first content word; 0 where there is none.</param>
/// <param name="Second">Hash of the content word behind it.</param>
/// <param name="Ups">How often something goes up in the head.</param>
/// <param name="Downs">How often something goes down in it.</param>
/// <param name="Amounts">How many amounts the head tells, the same one again counted again.</param>
readonly record struct SketchFacts(uint First, uint Second, bool IsNegated, int Ups, int Downs, int Amounts)
{
    public TraitStarts Starts { get; init; }
}

/// <summary>Where the features of each kind begin, and behind them where the last ones end.</summary>
[InlineArray(9)]
struct TraitStarts
{
    ushort _first;

    /// <param name="features">Sorted, each once.</param>
    public static TraitStarts Of(ReadOnlySpan<uint> features)
    {
        var (starts, at) = (new TraitStarts(), 0);
        for (var trait = 0u; trait < 8; trait++)
        {
            starts[(int)trait] = (ushort)at;
            while (at < features.Length && TextSketch.TraitOf(features[at]) == trait) at++;
        }
        starts[8] = (ushort)at;
        return starts;
    }
}

/// <summary>A sketch to compare, wherever its parts lie.</summary>
readonly ref struct SketchView(ReadOnlySpan<uint> features, SketchFacts facts)
{
    public ReadOnlySpan<uint> Features { get; } = features;

    public SketchFacts Facts { get; } = facts;

    /// <summary>Words, amounts and labels: what likeness is measured by.</summary>
    public ReadOnlySpan<uint> Shared => Features[..Facts.Starts[(int)Trait.Up]];

    public int Words => Facts.Starts[1];

    /// <summary>The features of a kind, ascending; comparable between kinds by <see cref="TextSketch.Bare"/>.</summary>
    public ReadOnlySpan<uint> Of(Trait trait) => Features[Facts.Starts[(int)trait]..Facts.Starts[(int)trait + 1]];
}
