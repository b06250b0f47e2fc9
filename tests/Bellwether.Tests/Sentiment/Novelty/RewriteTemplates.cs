using System.Globalization;
using System.Text.RegularExpressions;

namespace Bellwether.Tests.Sentiment.Novelty;

/// <summary>Makes of a real headline others that tell the same story, and others that only look so.</summary>
public static partial class RewriteTemplates
{
    static readonly (string Up, string Down)[] Directions =
    [
        ("raises", "lowers"), ("rises", "falls"), ("higher", "lower"), ("up", "down"), ("beats", "misses"), ("beat", "miss"), ("upgrades", "downgrades"), ("gains", "drops"), ("buy", "sell"),
    ];

    /// <summary>The same story.</summary>
    public static IEnumerable<(string Kind, string Text)> Same(string headline)
    {
        yield return ("prefix", $"UPDATE 1-{headline}");
        yield return ("prefix", $"BRIEF-{headline}");
        yield return ("prefix", $"RPT-UPDATE 3-{headline}");
        yield return ("source", $"{headline} - Reuters");
        yield return ("source", $"{headline} | The Daily Ledger");
        yield return ("source", $"{headline} (Bloomberg)");
        yield return ("link", $"{headline} https://example.org/{headline.Length}");
        yield return ("case", headline.ToUpperInvariant());
        if (headline.Contains('%')) yield return ("spelling", headline.Replace("%", " pct"));
        if (headline.IndexOf(", ", StringComparison.Ordinal) is > 15 and var comma && comma < headline.Length - 15)
            yield return ("order", $"{headline[(comma + 2)..].TrimEnd('.')}, {headline[..comma]}");
        yield return ("addition", $"{headline}, filing shows");
    }

    /// <summary>Another story in the same words.</summary>
    public static IEnumerable<(string Kind, string Text)> Other(string headline, string company)
    {
        foreach (Match number in Numbers().Matches(headline))
        {
            var value = double.Parse(number.Value.Replace(",", ""), CultureInfo.InvariantCulture);
            if (value is >= 1990 and < 2100) continue;
            yield return ("number", headline[..number.Index] + (value + 3).ToString("0.##", CultureInfo.InvariantCulture) + headline[(number.Index + number.Length)..]);
            break;
        }
        foreach (var (up, down) in Directions)
        {
            var pattern = $@"\b({up}|{down})\b";
            if (Regex.Match(headline, pattern, RegexOptions.IgnoreCase) is not { Success: true } word) continue;
            var turned = word.Value.Equals(up, StringComparison.OrdinalIgnoreCase) ? down : up;
            if (char.IsUpper(word.Value[0])) turned = char.ToUpperInvariant(turned[0]) + turned[1..];
            yield return ("direction", headline[..word.Index] + turned + headline[(word.Index + word.Length)..]);
            break;
        }
        if (FirstWords().Match(headline) is { Success: true } name && !NoCompany().IsMatch(headline))
            yield return ("company", (company + headline[name.Length..]).Replace(name.Value.Split(' ')[0], company, StringComparison.OrdinalIgnoreCase));
    }

    [GeneratedRegex(@"(?<!(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\.|Feb\.|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec) )(?<![\w.])\d[\d,]*(\.\d+)?(?![\w-])")]
    private static partial Regex Numbers();

    // What a headline begins with that is no company.
    [GeneratedRegex(@"^(Shares?|Stocks?|Top|Benzinga|How|Why|What|Who|Where|When|Is|Are|Watch|More|These|The|Some|Best|Biggest|Update|UPDATE|Mid|Early|Option|Options|Market|Markets|Earnings|Investors|Here|Will|For|Conglomerates)\b", RegexOptions.IgnoreCase)]
    private static partial Regex NoCompany();

    [GeneratedRegex(@"^[A-Z][A-Za-z]+(?: [A-Z][a-z]+)?(?= )")]
    private static partial Regex FirstWords();
}
