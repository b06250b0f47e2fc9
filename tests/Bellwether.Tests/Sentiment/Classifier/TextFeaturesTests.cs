using System.Buffers.Binary;
using System.Security.Cryptography;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment.Classifier;

/// <summary>
/// Features are a part of the model's format: weights that were trained on others mean nothing. Where this fails, raise
/// <see cref="TextFeatures.Version"/>, train the model again, and write both figures down here.
/// </summary>
public sealed class TextFeaturesTests
{
    // Terms of its own: those of the product are stored in each model file and may change without another version.
    static readonly LexiconTable Terms = LexiconTable.Parse("terms", """
        2.0: record, beats estimates
        -2.0: lawsuit, bankruptcy
        1.8 left: rose, up
        -1.8 left: fell, down
        -1.6 right: cuts, reduces
        +: profit, sales, shares
        -: loss, costs, debt
        burden: strike, lawsuit, tariffs
        boon: contract, licence
        end 1: averted, dismissed
        end 0.5: lifted, withdrawn
        negate -0.6: not, no
        contrast 0.6: but
        contrast 0.15: could not offset
        concede 0.3: despite
        hedge 0.75: may
        scale 1.3: very
        """);

    static readonly string[] Texts =
    [
        "", " ", "x", "Acme's profit rose to EUR 13.1 mn from EUR 8.7 mn in 2007.", "Sales fell to $1.10-$1.20 (was $1.40) but costs are down 12%",
        "$ACME up 5% on record sales, $WIDG down after lawsuit https://t.co/x1 🚀", "Strike averted; tariffs on steel lifted, licence withdrawn",
        "Record sales could not offset higher costs. Debt may not rise! Very odd?", "ÜBERNAHME: Société Générale café – 东京",
        string.Concat(Enumerable.Repeat("Despite costs, net loss per share was (0.44), compared with 0.19. ", 40)),
    ];

    [Fact]
    public void Features_change_only_with_their_version() => Assert.Equal((5, "6521a6c722342224"), (TextFeatures.Version, Hash()));

    static string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in Texts)
        {
            Add(hash, 20, (FeatureBuffer features) => TextFeatures.Read(Terms, text, features));
            TextSpan[] target = [new(0, Math.Min(4, text.Length))], others = [new(Math.Min(20, text.Length), Math.Min(4, text.Length - Math.Min(20, text.Length)))];
            Add(hash, 19, (FeatureBuffer features) => TextFeatures.ReadFor(Terms, text, target, others, features));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    delegate void Reading(FeatureBuffer features);

    static void Add(IncrementalHash hash, int bits, Reading read)
    {
        var features = new FeatureBuffer(new uint[FeatureBuffer.Room], new int[FeatureBuffer.Groups], bits);
        read(features);
        Span<byte> number = stackalloc byte[4];
        for (var group = FeatureGroup.Words; group <= FeatureGroup.Near; group++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(number, features.Scale(group));
            hash.AppendData(number);
            foreach (var bucket in features.Of(group))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(number, bucket);
                hash.AppendData(number);
            }
        }
    }
}
