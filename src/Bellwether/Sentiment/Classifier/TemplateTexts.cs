using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Sentiment.Classifier;

/// <summary>A text with its class: 0 negative, 1 neutral, 2 positive.</summary>
readonly record struct LabelledText(string Text, byte Label);

/// <summary>
/// Sentences made from <c>templates.txt</c>: the same seed gives the same ones. Names are made of syllables, so that a model learns nothing from them.
/// </summary>
sealed class TemplateTexts
{
    static readonly string[] Onsets = ["N", "K", "H", "Os", "T", "M", "Br", "Al", "V", "S", "El", "Gr", "D", "L", "Fj", "Or", "P", "Z", "Wes", "Cal"];
    static readonly string[] Middles = ["or", "est", "al", "ava", "in", "erk", "um", "ane", "oli", "yr", "edo", "ist", "ark", "ova"];
    static readonly string[] Ends = ["ex", "don", "vale", "tek", "ra", "is", "mark", "on", "ia", "sen", "gate", "um", "ford", "co"];
    static readonly string[] Forms = ["", "", "", "", " Group", " Inc", " Plc", " Corp", " AG", " AB", " Oyj", " Ltd", " Holdings", " ASA", " Technologies", " Bank"];
    static readonly string[] FirstNames = ["Anna", "Juhan", "Mira", "Peter", "Lena", "Omar", "Ruth", "Tomas", "Ines", "Karl", "Priya", "Daniel"];
    static readonly string[] Units = ["EUR {0} mn", "EUR {0} million", "{0} million euros", "EUR{0}m", "${0} million", "${0} mln", "${0}m", "Rs {0} crore", "£{0}m", "USD {0} mn", "{0} mln euro", "SEK {0}m", "${0}bn", "EUR {0} bn"];

    readonly Dictionary<string, string[]> _slots = new(StringComparer.Ordinal);
    readonly List<(string Text, byte Label)> _sentences = [];
    readonly List<(string Text, byte One, byte Two)> _pairs = [];

    TemplateTexts(string source)
    {
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source)));
        var number = 0;
        foreach (var line in source.Split('\n'))
        {
            number++;
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.Length > 2 && line[1] == ' ' && IsLabel(line[0])) _sentences.Add((line[2..], LabelOf(line[0])));
            else if (line.Length > 3 && line[2] == ' ' && IsLabel(line[0]) && IsLabel(line[1])) _pairs.Add((line[3..], LabelOf(line[0]), LabelOf(line[1])));
            else if (line.Split(" = ", 2) is [var name, var alternatives]) _slots[name] = alternatives.Split(" | ");
            else throw new InvalidDataException($"templates.txt:{number}: cannot read \"{line}\".");
        }

        static bool IsLabel(char c) => c is '+' or '-' or '0';

        static byte LabelOf(char c) => (byte)(c == '+' ? 2 : c == '-' ? 0 : 1);
    }

    public static TemplateTexts BuiltIn { get; } = new(Resource());

    /// <summary>SHA-256 of the file.</summary>
    public string Hash { get; }

    /// <summary>As many of each class as there are of the others.</summary>
    public IReadOnlyList<LabelledText> Make(int count, ulong seed)
    {
        var random = new SplitMix(seed);
        var byLabel = _sentences.GroupBy(s => s.Label).OrderBy(g => g.Key).Select(g => g.ToArray()).ToArray();
        var texts = new LabelledText[count];
        for (var i = 0; i < count; i++)
        {
            var (text, label) = byLabel[i % 3][random.Next(byLabel[i % 3].Length)];
            texts[i] = new(Finish(new Sentence(this, random).Fill(text), random), label);
        }
        return texts;
    }

    /// <summary>Texts of two securities, each as two rows: what is said of the one, and of the other.</summary>
    public IReadOnlyList<LabelledRow> MakePairs(int count, ulong seed)
    {
        var random = new SplitMix(seed ^ 0x5DEECE66D);
        var rows = new List<LabelledRow>(count * 2);
        while (rows.Count < count * 2)
        {
            var (template, first, second) = _pairs[random.Next(_pairs.Count)];
            var sentence = new Sentence(this, random);
            var text = Finish(sentence.Fill(template), random);
            var (one, two) = (SpanOf(text, sentence.One), SpanOf(text, sentence.Two));
            rows.Add(new(text, first, null, new(text, [one], [two])));
            rows.Add(new(text, second, null, new(text, [two], [one])));
        }
        return rows;
    }

    // A cashtag's sign is no part of its name.
    static TextSpan SpanOf(string text, string name)
    {
        var start = text.IndexOf(name, StringComparison.Ordinal);
        if (start < 0) throw new InvalidDataException($"templates.txt: a sentence of two securities does not name {name}: \"{text}\".");
        return name[0] == '$' ? new(start + 1, name.Length - 1) : new(start, name.Length);
    }

    // Some as a headline writes them, without a full stop.
    static string Finish(string text, SplitMix random)
    {
        text = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Replace(" ,", ",").Replace(" .", ".");
        text = char.ToUpperInvariant(text[0]) + text[1..];
        return text[^1] == '.' && random.Next(4) == 0 ? text[..^1] : text;
    }

    static string Resource()
    {
        using var stream = typeof(TemplateTexts).Assembly.GetManifestResourceStream("classifier/templates.txt")
            ?? throw new InvalidOperationException("The resource classifier/templates.txt is not in this build.");
        return new StreamReader(stream).ReadToEnd();
    }

    /// <summary>One sentence, whose amounts all have one unit.</summary>
    sealed class Sentence(TemplateTexts texts, SplitMix random)
    {
        readonly string _unit = Pick(Units, random);
        readonly double _low = Math.Round(Math.Exp(random.NextDouble() * 6), 1) + 0.1;
        readonly double _factor = 1 + Math.Exp(random.NextDouble() * 4 - 3.3);
        string? _one, _two;

        /// <summary>Name of {one}, a cashtag or a company.</summary>
        public string One => _one ??= PairName();

        /// <summary>Name of {two}.</summary>
        public string Two => _two ??= PairName();

        public string Fill(string text)
        {
            var filled = new StringBuilder();
            for (var i = 0; i < text.Length; i++)
                if (text[i] == '{')
                {
                    var end = text.IndexOf('}', i);
                    filled.Append(Slot(text[(i + 1)..end]));
                    i = end;
                }
                else if (text[i] == '[')
                {
                    var end = text.IndexOf(']', i);
                    filled.Append(Fill(Pick(text[(i + 1)..end].Split('|'), random)));
                    i = end;
                }
                else
                {
                    filled.Append(text[i]);
                }
            return filled.ToString();
        }

        string Slot(string name) => name switch
        {
            "hi" => Money(Math.Max(_low * _factor, _low + 0.2)),
            "lo" => Money(_low),
            "any" => Money(Math.Exp(random.NextDouble() * 6)),
            "big" => Text(Math.Min(99, _low % 40 * _factor + 1)),
            "small" => Text(Math.Min(98, _low % 40)),
            // Below small and above big: the other ends of two ranges.
            "small0" => Text(Math.Min(98, _low % 40) * 0.92),
            "top" => Text(Math.Min(99, _low % 40 * _factor + 1) * 1.06 + 0.2),
            "one" => One,
            "two" => Two,
            "pct" => Text(Math.Exp(random.NextDouble() * 4)) + (random.Next(3) switch { 0 => "%", 1 => " %", _ => " percent" }),
            "n" => (random.Next(12) * 100 + random.Next(90) + 5).ToString("n0", CultureInfo.InvariantCulture),
            "year" => (1998 + random.Next(27)).ToString(CultureInfo.InvariantCulture),
            "company" => Name() + Pick(Forms, random),
            "cash" => Symbol(),
            "person" => $"{Pick(FirstNames, random)} {Name()}",
            _ => texts._slots.TryGetValue(name, out var alternatives) ? Fill(Pick(alternatives, random))
                : throw new InvalidDataException($"templates.txt: there is no slot {{{name}}}."),
        };

        string PairName() => random.Next(2) == 0 ? "$" + Symbol() : Name() + Pick(Forms, random);

        string Symbol() => string.Concat(Enumerable.Range(0, 3 + random.Next(2)).Select(_ => (char)('A' + random.Next(26))));

        string Name() => Pick(Onsets, random) + Pick(Middles, random) + Pick(Ends, random);

        string Money(double value) => string.Format(CultureInfo.InvariantCulture, _unit, Text(value));

        static string Text(double value) => Math.Round(value, value < 30 ? 1 : 0).ToString(value < 30 ? "0.0" : "#,0", CultureInfo.InvariantCulture);

        static string Pick(string[] from, SplitMix random) => from[random.Next(from.Length)];
    }
}
