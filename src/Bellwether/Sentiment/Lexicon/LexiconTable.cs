using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Bellwether.Sentiment.Lexicon;

/// <summary>The embedded lexicon files as one table, looked up by span.</summary>
sealed class LexiconTable
{
    // In this order: a later file's weight replaces an earlier one's.
    static readonly string[] Files = ["general", "finance", "slang", "directions", "subjects", "modifiers"];

    static readonly char[] Blanks = [' ', '\t'];

    readonly FrozenDictionary<string, LexiconEntry>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    LexiconTable(Dictionary<string, LexiconEntry> entries, string hash)
    {
        var frozen = entries.ToFrozenDictionary(StringComparer.Ordinal);
        _lookup = frozen.GetAlternateLookup<ReadOnlySpan<char>>();
        Terms = frozen;
        Hash = hash;
    }

    /// <summary>The one table of this process.</summary>
    public static LexiconTable Shared => Built.Value;

    static readonly Lazy<LexiconTable> Built = new(() => Load());

    /// <summary>Terms, and first words of terms.</summary>
    public IReadOnlyDictionary<string, LexiconEntry> Terms { get; }

    /// <summary>First 8 hex digits of SHA-256 over all files.</summary>
    public string Hash { get; }

    public bool TryGet(ReadOnlySpan<char> term, out LexiconEntry entry) => _lookup.TryGetValue(term, out entry);

    /// <param name="more">Resources in the spelling of these files, read after them.</param>
    public static LexiconTable Load(params ReadOnlySpan<string> more)
    {
        var entries = new Dictionary<string, LexiconEntry>(8192, StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in (string[])[.. Files.Select(f => $"lexicon/{f}.txt"), .. more])
        {
            var bytes = Read(file);
            hash.AppendData(bytes);
            var number = 0;
            foreach (var line in Encoding.UTF8.GetString(bytes).AsSpan().EnumerateLines())
            {
                number++;
                if (line.IsEmpty || line[0] == '#')
                    continue;
                if (!TryAdd(entries, file, line))
                    throw new InvalidDataException($"{file}:{number}: cannot read \"{line}\".");
            }
        }
        AddFirstWords(entries);
        return new(entries, Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 4)));
    }

    static byte[] Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The resource {file} is not in this build.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static bool TryAdd(Dictionary<string, LexiconEntry> entries, string file, ReadOnlySpan<char> line)
    {
        var tab = line.IndexOf('\t');
        if (tab > 0)
        {
            var parsed = TryNumber(line[(tab + 1)..], out var mean);
            // Everyday sentiment says less about a share than a term of the trade does.
            Change(entries, line[..tab], (ref e) => e.Weight = mean / 2);
            return parsed;
        }
        var colon = line.IndexOf(':');
        if (colon < 0)
            return false;
        Span<Range> words = stackalloc Range[3];
        var head = line[..colon];
        var count = head.SplitAny(words, Blanks);
        var kind = head[words[0]];
        EntryChange? change = null;
        if (kind is "+" or "-")
        {
            var polarity = (sbyte)(kind is "+" ? 1 : -1);
            change = (ref e) => e.Polarity = polarity;
        }
        else if (count == 1 && TryNumber(kind, out var weight))
        {
            change = (ref e) => e.Weight = weight;
        }
        else if (count == 2 && TryNumber(kind, out var direction))
        {
            var follows = head[words[1]] is "right";
            change = (ref e) => (e.Weight, e.Direction, e.SubjectFollows) = (0, direction, follows);
        }
        else if (count == 2 && TryNumber(head[words[1]], out var factor)
            && Enum.TryParse<Modifier>(kind, ignoreCase: true, out var modifier))
        {
            change = (ref e) => (e.Modifier, e.Factor) = (modifier, factor);
        }
        if (change is null)
            return false;
        var terms = line[(colon + 1)..];
        foreach (var range in terms.Split(','))
            Change(entries, terms[range].Trim(), change);
        return true;
    }

    static bool TryNumber(ReadOnlySpan<char> text, out float number) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    delegate void EntryChange(ref LexiconEntry entry);

    static void Change(Dictionary<string, LexiconEntry> entries, ReadOnlySpan<char> term, EntryChange change)
    {
        var key = term.ToString();
        var entry = entries.GetValueOrDefault(key);
        change(ref entry);
        entry.IsTerm = true;
        entries[key] = entry;
    }

    static void AddFirstWords(Dictionary<string, LexiconEntry> entries)
    {
        foreach (var term in entries.Keys.ToArray())
        {
            var words = (byte)(term.AsSpan().Count(' ') + 1);
            var first = words == 1 ? term : term[..term.IndexOf(' ')];
            var entry = entries.GetValueOrDefault(first);
            entry.LongestTerm = Math.Max(entry.LongestTerm, words);
            entries[first] = entry;
        }
    }
}
