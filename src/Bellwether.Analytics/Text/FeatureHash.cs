using System.Numerics;
using System.Runtime.CompilerServices;

namespace Bellwether.Analytics.Text;

/// <summary>Hashes of features. They are part of the format of a trained model: another hash is another model.</summary>
public static class FeatureHash
{
    const uint Start = 0x811C9DC5;
    const uint Step = 0x01000193;

    /// <summary>Hash of a word (FNV-1a over UTF-16 units; see <see cref="Bucket"/> for what spreads it).</summary>
    public static uint Word(ReadOnlySpan<char> word)
    {
        var hash = Start;
        foreach (var c in word) hash = (hash ^ c) * Step;
        return hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Next(uint hash, uint value) => (hash ^ value) * Step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pair(uint first, uint second) => BitOperations.RotateLeft(first, 13) * 0x9E3779B1 ^ second * 0x85EBCA77;

    /// <summary>The bucket of a feature: the hash with its bits mixed (the finaliser of MurmurHash3), cut to <paramref name="bits"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bucket(uint hash, int bits)
    {
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return (hash ^ (hash >> 16)) >> (32 - bits);
    }
}
