using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Classifier;

/// <summary>Labelled texts with some of their words exchanged by <c>synonyms.txt</c>: the same seed gives the same ones.</summary>
sealed partial class SynonymTexts
{
    const double Share = 0.7;

    readonly Dictionary<string, string[]> _like = new(StringComparer.Ordinal);

    SynonymTexts(string source)
    {
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source)));
        foreach (var line in source.Split('\n').Where(l => l.Length > 0 && l[0] != '#'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            // A word of two kinds is of the last one.
            foreach (var word in words) _like[word] = words;
        }
    }

    public static SynonymTexts BuiltIn { get; } = new(Resource());

    /// <summary>SHA-256 of the file.</summary>
    public string Hash { get; }

    [GeneratedRegex("[A-Za-z-]+", RegexOptions.CultureInvariant)]
    static partial Regex Words { get; }

    /// <summary>The text with words of its kind in the place of others; null where nothing was exchanged.</summary>
    public string? Vary(string text, SplitMix random)
    {
        var exchanged = 0;
        var varied = Words.Replace(text, match =>
        {
            var word = match.Value.ToLowerInvariant();
            if (!_like.TryGetValue(word, out var like) || random.NextDouble() >= Share) return match.Value;
            var other = like[random.Next(like.Length)];
            if (other == word) return match.Value;
            exchanged++;
            return char.IsUpper(match.Value[0]) ? char.ToUpperInvariant(other[0]) + other[1..] : other;
        });
        return exchanged > 0 ? varied : null;
    }

    static string Resource()
    {
        using var stream = typeof(SynonymTexts).Assembly.GetManifestResourceStream("classifier/synonyms.txt")
            ?? throw new InvalidOperationException("The resource classifier/synonyms.txt is not in this build.");
        return new StreamReader(stream).ReadToEnd();
    }
}
