using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Bellwether.Sentiment.Novelty;

/// <summary>
/// A bit for each feature of a text, 48 bytes. A bit that only one of two texts has is a feature that only that one has, so that two gists
/// tell of nearly all pairs that <see cref="StoryRule"/> would refuse them, without a look at the features; never of a pair that it would
/// take.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct TextGist(
    Vector256<ulong> Shared, ulong Amounts, ushort SharedCount, ushort AmountCount, ushort Words, ushort AmountsTold)
{
    public static TextGist Of(ReadOnlySpan<uint> shared, ReadOnlySpan<uint> amounts, int words, int amountsTold)
    {
        Span<ulong> bits = stackalloc ulong[4];
        foreach (var feature in shared) bits[(int)(feature >> 6 & 3)] |= 1ul << (int)(feature & 63);
        var amountBits = 0ul;
        foreach (var feature in amounts) amountBits |= 1ul << (int)(feature & 63);
        return new(Vector256.Create<ulong>(bits), amountBits, Short(shared.Length), Short(amounts.Length), Short(words), Short(amountsTold));

        static ushort Short(int count) => (ushort)Math.Min(count, ushort.MaxValue);
    }

    /// <summary>At least so many features has this one that the other has not.</summary>
    public int OwnBeside(in TextGist other)
    {
        var own = Vector256.AndNot(Shared, other.Shared);
        return BitOperations.PopCount(own[0]) + BitOperations.PopCount(own[1])
            + BitOperations.PopCount(own[2]) + BitOperations.PopCount(own[3]);
    }
}
