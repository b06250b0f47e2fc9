using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Bellwether.Sentiment.Novelty;

/// <summary>What a feature of a text is; its three highest bits.</summary>
enum Trait : uint
{
    Word,
    Amount,
    Label,
    Up,
    Down,
    Plus,
    Minus,
    Name,
}

/// <summary>
/// What one text says, small enough to be kept and compared: hashes of its words, of its numbers and of what it says goes up or down, and a
/// MinHash of the words and numbers in bands, of which two texts that are nearly alike share one. A pure function of title and text.
/// </summary>
public sealed class TextSketch
{
    /// <summary>So many UTF-16 units of the text are looked at: what a story says first is what it is about.</summary>
    public const int MostCharacters = 2_000;

    /// <summary>So many content words tell names, directions and amounts; what comes behind are words only.</summary>
    internal const int HeadWords = 40;

    internal const int Bands = 8, Rows = 2;
    const int Lanes = Bands * Rows, TraitShift = 29;
    const uint HashMask = (1u << TraitShift) - 1;

    static readonly uint[] Factors = new uint[Lanes], Offsets = new uint[Lanes];

    readonly uint[] _features;
    readonly SketchFacts _facts;
    readonly BandKeysOf _bands;

    static TextSketch()
    {
        var state = 0x9E3779B97F4A7C15ul;
        for (var i = 0; i < Lanes; i++)
        {
            state = unchecked(state * 6364136223846793005ul + 1442695040888963407ul);
            (Factors[i], Offsets[i]) = ((uint)(state >> 32) | 1, Mix((uint)(state >> 16)));
        }
    }

    /// <param name="features">Sorted, each once.</param>
    internal TextSketch(ReadOnlySpan<uint> features, SketchFacts facts)
    {
        (_features, _facts) = (features.ToArray(), facts with { Starts = TraitStarts.Of(features) });
        var view = View;
        FillBands(view.Shared, _bands);
        // Of texts in one form the amounts are what is their own.
        if (!view.Of(Trait.Amount).IsEmpty) _bands[Bands - 1] = KeyOf(view.Of(Trait.Amount));
        Gist = TextGist.Of(view.Shared, view.Of(Trait.Amount), view.Words, facts.Amounts);
    }

    /// <summary>What a text says, and its title where that is not how it begins.</summary>
    public static TextSketch Of(string? title, string? text) => SketchReader.Read(title, text);

    /// <summary>What is compared.</summary>
    internal SketchView View => new(_features, _facts);

    internal ReadOnlySpan<uint> BandKeys => _bands;

    /// <summary>Enough to see of most texts that they are another story.</summary>
    internal TextGist Gist { get; }

    internal static uint Feature(Trait trait, uint hash) => (uint)trait << TraitShift | hash & HashMask;

    internal static uint Bare(uint feature) => feature & HashMask;

    internal static uint TraitOf(uint feature) => feature >> TraitShift;

    /// <summary>Whether two share a band, without which they are not compared.</summary>
    internal static bool ShareBand(ReadOnlySpan<uint> keys, ReadOnlySpan<uint> others) =>
        Vector256.EqualsAny(Vector256.Create(keys), Vector256.Create(others));

    static uint KeyOf(ReadOnlySpan<uint> features)
    {
        var key = 0u;
        foreach (var feature in features) key = Mix(key * 0x85EBCA6B ^ feature);
        return key;
    }

    static void FillBands(ReadOnlySpan<uint> features, Span<uint> bands)
    {
        Span<uint> least = stackalloc uint[Lanes];
        for (var lane = 0; lane < Lanes; lane += 8)
        {
            var (factor, offset, smallest) = (Vector256.Create(Factors, lane), Vector256.Create(Offsets, lane), Vector256<uint>.AllBitsSet);
            foreach (var feature in features) smallest = Vector256.Min(smallest, Vector256.Create(feature * 0x9E3779B1) * factor + offset);
            smallest.CopyTo(least[lane..]);
        }
        for (var band = 0; band < Bands; band++)
        {
            var key = (uint)band + 1;
            for (var row = 0; row < Rows; row++) key = Mix(key * 0x85EBCA6B ^ least[band * Rows + row]);
            bands[band] = key;
        }
    }

    [InlineArray(Bands)]
    struct BandKeysOf
    {
        uint _first;
    }

    internal static uint Mix(uint hash)
    {
        hash = (hash ^ hash >> 16) * 0x85EBCA6B;
        hash = (hash ^ hash >> 13) * 0xC2B2AE35;
        return hash ^ hash >> 16;
    }
}
