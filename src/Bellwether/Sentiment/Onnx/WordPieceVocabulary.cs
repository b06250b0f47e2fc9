using System.Text;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <summary>The pieces of words that a model knows: <c>vocab.txt</c>, one a line, whose number is its line from 0. Pieces that continue a
/// word begin with ##.</summary>
public sealed class WordPieceVocabulary
{
    const string Continues = "##";
    const int MostPieces = 1 << 20;

    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _words, _rest;
    readonly bool[] _continues;

    WordPieceVocabulary(string name, string[] pieces, SpecialTokens special)
    {
        var (words, rest) = (
            new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal));
        _continues = new bool[pieces.Length];
        for (var i = 0; i < pieces.Length; i++)
        {
            words[pieces[i]] = i;
            LongestPiece = Math.Max(LongestPiece, pieces[i].Length);
            if (pieces[i].Length <= Continues.Length || !pieces[i].StartsWith(Continues, StringComparison.Ordinal)) continue;
            _continues[i] = true;
            rest[pieces[i][Continues.Length..]] = i;
        }
        (_words, _rest) = (words.GetAlternateLookup<ReadOnlySpan<char>>(), rest.GetAlternateLookup<ReadOnlySpan<char>>());
        (Count, Begin, End, Pad, Unknown) =
            (pieces.Length, Special(special.Begin), Special(special.End), Special(special.Pad), Special(special.Unknown));
        HasCapitals = pieces.Any(p => !p.StartsWith('[') && p.AsSpan().ContainsAnyInRange('A', 'Z'));

        int Special(string token) => words.TryGetValue(token, out var id) ? id
            : throw new ModelFileException(
                name, $"the vocabulary has no {token}", "It must be the vocab.txt that belongs to the model, and of the WordPiece kind.");
    }

    public int Count { get; }
    public int Begin { get; }
    public int End { get; }
    public int Pad { get; }
    public int Unknown { get; }

    /// <summary>UTF-16 units.</summary>
    public int LongestPiece { get; }

    /// <summary>Whether pieces have capital letters: then texts are not to be lower-cased.</summary>
    public bool HasCapitals { get; }

    /// <summary>Whether a piece continues a word.</summary>
    public bool IsContinuation(int id) => _continues[id];

    public bool TryGet(ReadOnlySpan<char> piece, bool continues, out int id) => (continues ? _rest : _words).TryGetValue(piece, out id);

    /// <exception cref="ModelFileException">The file is missing, is not UTF-8, or lacks what every vocabulary has.</exception>
    public static WordPieceVocabulary Load(string path, SpecialTokens? special = null)
    {
        try
        {
            var pieces = File.ReadAllLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            if (pieces.Length is 0 or > MostPieces)
                throw new ModelFileException(path, $"it has {pieces.Length:n0} lines; a vocabulary has 1 to {MostPieces:n0}", Mend);
            return new(path, pieces, special ?? new());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new ModelFileException(path, error is FileNotFoundException or DirectoryNotFoundException ? "there is no such vocabulary"
                : error is DecoderFallbackException ? "the vocabulary is not in UTF-8"
                    : $"the vocabulary cannot be read: {error.Message}", Mend, error);
        }
    }

    const string Mend = "It must be the vocab.txt that belongs to the model.";
}

/// <summary>What the pieces are called that stand for no text.</summary>
public sealed record SpecialTokens(string Begin = "[CLS]", string End = "[SEP]", string Pad = "[PAD]", string Unknown = "[UNK]");
