namespace Bellwether.Sentiment.Novelty;

/// <summary>
/// When a text repeats another. The words must be nearly the same, by Jaccard's measure; and however alike they are, what they say must not
/// differ: other numbers, another period, up where the other says down, another name, a "not" make it another story.
/// </summary>
static class StoryRule
{
    /// <summary>One text has all that the other has, and something more: a source, a prefix, another clause.</summary>
    public const double LeastWithin = 0.6;

    /// <summary>Each has something of its own.</summary>
    public const double LeastShort = 0.8, LeastLong = 0.7;

    /// <summary>From so many words on a text says the same in spite of a few other words.</summary>
    const int LongWords = 40;

    /// <summary>In fewer words a number is the news.</summary>
    const int NumberWords = 24;

    /// <summary>With less to compare only the same will do.</summary>
    const int LeastWords = 4;

    /// <summary>How alike two texts are if one repeats the other, 0 to 1; 0 if not.</summary>
    public static double Likeness(in SketchView a, in SketchView b)
    {
        if (a.Shared.Length < LeastWords || b.Shared.Length < LeastWords)
            return a.Shared.Length > 0 && a.Features.SequenceEqual(b.Features) ? 1 : 0;
        var common = Common(a.Shared, b.Shared);
        var likeness = (double)common / (a.Shared.Length + b.Shared.Length - common);
        var isShort = Math.Max(a.Words, b.Words) < LongWords;
        var isWithin = common == Math.Min(a.Shared.Length, b.Shared.Length);
        return likeness >= (isWithin ? LeastWithin : isShort ? LeastShort : LeastLong) && !Differ(a, b, isShort) ? likeness : 0;
    }

    /// <summary>False only of two texts whose likeness is 0; most of those it tells.</summary>
    public static bool MayRepeat(in TextGist a, in TextGist b)
    {
        if (Math.Min(a.Words, b.Words) < NumberWords && NumbersDiffer(a, b)) return false;
        var (own, others) = (a.OwnBeside(b), b.OwnBeside(a));
        if (own == 0 && others == 0) return true;
        var common = Math.Min(a.SharedCount - own, b.SharedCount - others);
        var least = own == 0 || others == 0 ? LeastWithin : Math.Max(a.Words, b.Words) < LongWords ? LeastShort : LeastLong;
        return common >= least * (a.SharedCount + b.SharedCount - common);
    }

    static bool NumbersDiffer(in TextGist a, in TextGist b)
    {
        if (a.AmountsTold == b.AmountsTold) return a.Amounts != b.Amounts;
        var both = a.Amounts & b.Amounts;
        return a.AmountCount < b.AmountCount ? both != a.Amounts : a.AmountCount > b.AmountCount ? both != b.Amounts : a.Amounts != b.Amounts;
    }

    static bool Differ(in SketchView a, in SketchView b, bool isShort) =>
        NumbersDiffer(a, b, Math.Min(a.Words, b.Words) < NumberWords)
        || BothHaveOwn(a.Of(Trait.Label), b.Of(Trait.Label))
        || Opposed(a.Of(Trait.Up), a.Of(Trait.Down), b.Of(Trait.Up), b.Of(Trait.Down))
        || (a.Facts.Ups - b.Facts.Ups) * (a.Facts.Downs - b.Facts.Downs) < 0
        || Opposed(a.Of(Trait.Plus), a.Of(Trait.Minus), b.Of(Trait.Plus), b.Of(Trait.Minus))
        || isShort && (a.Facts.IsNegated != b.Facts.IsNegated || NamesDiffer(a, b));

    static bool NumbersDiffer(in SketchView a, in SketchView b, bool numbersAreNews)
    {
        var (all, others) = (a.Of(Trait.Amount).Length, b.Of(Trait.Amount).Length);
        var common = Common(a.Of(Trait.Amount), b.Of(Trait.Amount));
        // Of as many numbers one that only the one has stands in the place of another, be it one that comes twice.
        var replaced = (a.Facts.Amounts == b.Facts.Amounts ? Math.Max(all, others) : Math.Min(all, others)) - common;
        return replaced > (numbersAreNews ? 0 : common);
    }

    static bool BothHaveOwn(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b) => Common(a, b) < Math.Min(a.Length, b.Length);

    /// <summary>The same thing goes up in the one and down in the other.</summary>
    static bool Opposed(ReadOnlySpan<uint> aUp, ReadOnlySpan<uint> aDown, ReadOnlySpan<uint> bUp, ReadOnlySpan<uint> bDown) =>
        Against(aUp, aDown, bUp, bDown) || Against(bUp, bDown, aUp, aDown);

    static bool Against(ReadOnlySpan<uint> aUp, ReadOnlySpan<uint> aDown, ReadOnlySpan<uint> bUp, ReadOnlySpan<uint> bDown)
    {
        foreach (var up in aUp)
            if (Has(bDown, up) && !Has(bUp, up) && !Has(aDown, up)) return true;
        return false;
    }

    static bool NamesDiffer(in SketchView a, in SketchView b)
    {
        var own = a.Of(Trait.Word);
        var others = b.Of(Trait.Word);
        var (first, otherFirst) = (a.Facts.First, b.Facts.First);
        if (first != 0 && otherFirst != 0 && !Has(others, first) && !Has(own, otherFirst)) return true;
        // Who does it and to whom: "Apple sues Samsung", "Samsung sues Apple".
        if (first != otherFirst && a.Facts.Second == b.Facts.Second && a.Facts.Second != 0 && Has(others, first) && Has(own, otherFirst)) return true;
        return HasOther(a.Of(Trait.Name), others) && HasOther(b.Of(Trait.Name), own);
    }

    static bool HasOther(ReadOnlySpan<uint> names, ReadOnlySpan<uint> words)
    {
        foreach (var name in names)
            if (!Has(words, name)) return true;
        return false;
    }

    static bool Has(ReadOnlySpan<uint> features, uint feature)
    {
        foreach (var each in features)
            if (TextSketch.Bare(each) == TextSketch.Bare(feature)) return true;
        return false;
    }

    static int Common(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        var (i, j, common) = (0, 0, 0);
        while (i < a.Length && j < b.Length)
        {
            if (a[i] == b[j])
            {
                common++;
                i++;
                j++;
            }
            else if (a[i] < b[j]) i++;
            else j++;
        }
        return common;
    }
}
