using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Lexicon;

/// <summary>
/// The embedded lexicon files as one table, looked up by span. All terms stand behind each other in one string, so that a table is had from a file
/// (<see cref="Read"/>) without an object for each of them.
/// </summary>
sealed partial class LexiconTable
{
    // In this order: a later file's weight replaces an earlier one's.
    static readonly string[] Files = ["general", "finance", "slang", "directions", "subjects", "modifiers"];

    static readonly char[] Blanks = [' ', '\t'];

    readonly string _letters;
    // Term i is _letters[_ends[i − 1].._ends[i]]; the first one begins at 0.
    readonly int[] _ends;
    readonly LexiconEntry[] _entries;
    // Number of the term + 1 by its hash, at the next free place where another one has it; 0 is free. At least twice as many places as terms.
    readonly int[] _places;

    LexiconTable(string letters, int[] ends, LexiconEntry[] entries, string hash)
    {
        (_letters, _ends, _entries, Hash) = (letters, ends, entries, hash);
        _places = new int[(int)BitOperations.RoundUpToPowerOf2((uint)entries.Length * 2 + 1)];
        for (var i = 0; i < entries.Length; i++)
        {
            var at = PlaceOf(TermAt(i));
            while (_places[at] != 0) at = (at + 1) & (_places.Length - 1);
            _places[at] = i + 1;
        }
    }

    /// <summary>The one table of this process.</summary>
    public static LexiconTable Shared => Built.Value;

    static readonly Lazy<LexiconTable> Built = new(() => Load());

    /// <summary>Terms, and first words of terms.</summary>
    public IEnumerable<KeyValuePair<string, LexiconEntry>> Terms => Enumerable.Range(0, _entries.Length).Select(i => KeyValuePair.Create(TermAt(i).ToString(), _entries[i]));

    /// <summary>First 8 hex digits of SHA-256 over all files.</summary>
    public string Hash { get; }

    public bool TryGet(ReadOnlySpan<char> term, out LexiconEntry entry)
    {
        for (var at = PlaceOf(term); _places[at] is var number and not 0; at = (at + 1) & (_places.Length - 1))
            if (TermAt(number - 1).SequenceEqual(term))
            {
                entry = _entries[number - 1];
                return true;
            }
        entry = default;
        return false;
    }

    ReadOnlySpan<char> TermAt(int i)
    {
        var begin = i == 0 ? 0 : _ends[i - 1];
        return _letters.AsSpan(begin, _ends[i] - begin);
    }

    int PlaceOf(ReadOnlySpan<char> term) => (int)FeatureHash.Bucket(FeatureHash.Word(term), 31) & (_places.Length - 1);

    /// <param name="more">Resources in the spelling of these files, read after them.</param>
    public static LexiconTable Load(params ReadOnlySpan<string> more)
    {
        var entries = new Dictionary<string, LexiconEntry>(8192, StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in (string[])[.. Files.Select(f => $"lexicon/{f}.txt"), .. more])
        {
            var bytes = Resource(file);
            hash.AppendData(bytes);
            AddLines(entries, file, Encoding.UTF8.GetString(bytes));
        }
        return Of(entries, Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 4)));
    }

    /// <summary>A table of these lines alone.</summary>
    internal static LexiconTable Parse(string name, string lines)
    {
        var entries = new Dictionary<string, LexiconEntry>(StringComparer.Ordinal);
        AddLines(entries, name, lines);
        return Of(entries, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines)).AsSpan(0, 4)));
    }

    static void AddLines(Dictionary<string, LexiconEntry> entries, string file, string lines)
    {
        var number = 0;
        foreach (var line in lines.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsEmpty || line[0] == '#')
                continue;
            if (!TryAdd(entries, file, line))
                throw new InvalidDataException($"{file}:{number}: cannot read \"{line}\".");
        }
    }

    static LexiconTable Of(Dictionary<string, LexiconEntry> entries, string hash)
    {
        AddKinds(entries);
        AddFirstWords(entries);
        string[] terms = [.. entries.Keys.Order(StringComparer.Ordinal)];
        var ends = new int[terms.Length];
        for (var (i, end) = (0, 0); i < terms.Length; i++) ends[i] = end += terms[i].Length;
        return new(string.Concat(terms), ends, [.. terms.Select(t => entries[t])], hash);
    }

    static byte[] Resource(string file)
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
        else if (kind is "burden" or "boon")
        {
            var kindOfEvent = (sbyte)(kind is "boon" ? 1 : -1);
            change = (ref e) => e.Event = kindOfEvent;
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

    // An "export ban" is a ban.
    static void AddKinds(Dictionary<string, LexiconEntry> entries)
    {
        foreach (var (term, entry) in entries.ToArray())
            if (entry is { Event: 0, Direction: 0, Modifier: Modifier.None } && term.LastIndexOf(' ') is var at and > 0
                && entries.GetValueOrDefault(term[(at + 1)..]).Event is var kind and not 0 && kind * entry.Weight >= 0)
                entries[term] = entry with { Event = kind };
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
