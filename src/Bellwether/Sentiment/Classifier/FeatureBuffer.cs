using System.Runtime.CompilerServices;
using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Classifier;

/// <summary>Kinds of features. Each is scaled by itself, so that a long text counts no more than a short one.</summary>
enum FeatureGroup
{
    /// <summary>Words, pairs of words, words within the reach of a negation.</summary>
    Words,

    /// <summary>Runs of three to six characters.</summary>
    Characters,

    /// <summary>What the lexicon makes of the words: subjects, movements, praise and blame in their order.</summary>
    Terms,

    /// <summary>What the numbers say, how strong the evidence is, how the text is written. Not scaled.</summary>
    Marks,

    /// <summary>Words and terms by where they stand to one entity.</summary>
    Near,
}

/// <summary>The buckets of the features of one text, by group. What exceeds the room is left out.</summary>
readonly ref struct FeatureBuffer
{
    public const int Groups = 5;
    public const int Room = 640 + 2048 + 960 + 96 + 480;

    readonly Span<uint> _room;
    readonly Span<int> _counts;
    readonly int _bits;

    /// <param name="room">At least <see cref="Room"/>.</param>
    /// <param name="counts">At least <see cref="Groups"/>; cleared.</param>
    public FeatureBuffer(Span<uint> room, Span<int> counts, int bits)
    {
        _room = room[..Room];
        _counts = counts[..Groups];
        _bits = bits;
        _counts.Clear();
    }

    // Arrays, since spans over constants allocate where the compiler does not optimise.
    static readonly int[] Begins = [0, 640, 640 + 2048, 640 + 2048 + 960, 640 + 2048 + 960 + 96, Room];

    static readonly uint[] Salts = [0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(FeatureGroup group, uint hash)
    {
        var g = (int)group;
        ref var count = ref _counts[g];
        var at = Begins[g] + count;
        if (at >= Begins[g + 1]) return;
        _room[at] = FeatureHash.Bucket(hash ^ Salts[g], _bits);
        count++;
    }

    public ReadOnlySpan<uint> Of(FeatureGroup group) => _room.Slice(Begins[(int)group], _counts[(int)group]);

    /// <summary>Factor of every feature of the group.</summary>
    public float Scale(FeatureGroup group) => group == FeatureGroup.Marks ? 0.35f
        : _counts[(int)group] is var n and > 0 ? (group == FeatureGroup.Terms ? 1 : 2) / MathF.Sqrt(n) : 0;
}
