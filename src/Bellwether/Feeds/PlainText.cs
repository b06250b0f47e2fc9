using System.Buffers;
using System.Net;
using System.Text;

namespace Bellwether.Feeds;

/// <summary>Text as the store can hold it, and markup as a reader sees it.</summary>
static class PlainText
{
    static readonly SearchValues<char> Suspect = SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(c => (char)c), '\0']);

    /// <summary>
    /// A copy without NUL, which PostgreSQL cannot store and which carries no meaning in text, and with U+FFFD for every half of a
    /// surrogate pair that stands alone. Everything else stays.
    /// </summary>
    public static string Clean(ReadOnlySpan<char> text)
    {
        var first = text.IndexOfAny(Suspect);
        if (first < 0) return text.ToString();
        var result = new StringBuilder(text.Length).Append(text[..first]);
        for (var i = first; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\0') continue;
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                result.Append(c).Append(text[++i]);
            else
                result.Append(char.IsSurrogate(c) ? '\uFFFD' : c);
        }
        return result.ToString();
    }

    /// <summary>Whether a field that may hold markup does: a well-known tag, or an entity.</summary>
    public static bool LooksLikeHtml(ReadOnlySpan<char> text)
    {
        for (var rest = text; rest.IndexOfAny('<', '&') is var at && at >= 0; rest = rest[(at + 1)..])
        {
            var tail = rest[(at + 1)..];
            if (rest[at] == '&')
            {
                var end = tail.IndexOf(';');
                if (end is > 1 and <= 8 && (tail[0] == '#' || !tail[..end].ContainsAnyExcept(Letters))) return true;
                continue;
            }
            var name = TagName(tail);
            if (IsBlock(name) || name.Length > 0 && Inline.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name)) return true;
        }
        return false;
    }

    /// <summary>Tags go, block tags and line breaks become line ends, scripts and styles go with their content, entities are
    /// decoded.</summary>
    public static string FromHtml(ReadOnlySpan<char> html)
    {
        var plain = new StringBuilder(html.Length);
        var rest = html;
        while (!rest.IsEmpty)
        {
            var at = rest.IndexOf('<');
            if (at < 0) at = rest.Length;
            AppendCollapsed(plain, rest[..at]);
            if (at == rest.Length) break;
            rest = SkipTag(plain, rest[at..]);
        }
        return Tidy(plain);
    }

    static ReadOnlySpan<char> SkipTag(StringBuilder plain, ReadOnlySpan<char> rest)
    {
        if (rest.StartsWith("<!--")) return After(rest, "-->");
        if (rest.StartsWith("<![CDATA[")) return rest[9..];
        var name = TagName(rest[1..]);
        if (name.IsEmpty && !rest.StartsWith("<!") && !rest.StartsWith("<?"))
        {
            plain.Append('<');
            return rest[1..];
        }
        var closing = rest[1] == '/';
        if (!closing && (name.Equals("script", StringComparison.OrdinalIgnoreCase)
            || name.Equals("style", StringComparison.OrdinalIgnoreCase)))
            return After(After(rest, $"</{name}"), ">");
        if (IsBlock(name)) plain.Append(name.Equals("p", StringComparison.OrdinalIgnoreCase) ? "\n\n" : "\n");
        return After(rest, ">");
    }

    static ReadOnlySpan<char> After(ReadOnlySpan<char> text, ReadOnlySpan<char> mark)
    {
        var at = text.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? default : text[(at + mark.Length)..];
    }

    // Line ends and runs of blanks in markup are one blank; those of <pre> are not worth a second mode.
    static void AppendCollapsed(StringBuilder plain, ReadOnlySpan<char> text)
    {
        Span<char> blanks = [' ', '\t', '\r', '\n', '\f'];
        while (!text.IsEmpty)
        {
            var end = text.IndexOfAny(blanks);
            if (end < 0) end = text.Length;
            plain.Append(text[..end]);
            if (end == text.Length) return;
            plain.Append(' ');
            var next = text[end..].IndexOfAnyExcept(blanks);
            text = next < 0 ? default : text[(end + next)..];
        }
    }

    static string Tidy(StringBuilder plain)
    {
        // Decoded after the tags are gone: text that speaks of &lt;b&gt; must not lose it.
        var text = WebUtility.HtmlDecode(plain.ToString()).AsSpan();
        var result = new StringBuilder(text.Length);
        var pending = 0;
        foreach (var range in text.Split('\n'))
        {
            var line = text[range].Trim(" \t\r\u00A0");
            if (line.IsEmpty)
            {
                pending++;
                continue;
            }
            if (result.Length > 0) result.Append(pending > 0 ? "\n\n" : "\n");
            pending = 0;
            for (var i = 0; i < line.Length; i++)
            {
                var c = line[i] == '\u00A0' ? ' ' : line[i];
                if (c != ' ' || line[i - 1] is not (' ' or '\u00A0')) result.Append(c);
            }
        }
        return result.ToString();
    }

    static ReadOnlySpan<char> TagName(ReadOnlySpan<char> afterBracket)
    {
        if (!afterBracket.IsEmpty && afterBracket[0] == '/') afterBracket = afterBracket[1..];
        if (afterBracket.IsEmpty || !char.IsAsciiLetter(afterBracket[0])) return default;
        var end = afterBracket.IndexOfAnyExcept(NameChars);
        // "a <b and c" is no tag; a real one goes on with a blank, a slash or its end.
        if (end < 0 || !(afterBracket[end] is '>' or '/' || char.IsWhiteSpace(afterBracket[end])) || !afterBracket.Contains('>'))
            return default;
        return afterBracket[..end];
    }

    static bool IsBlock(ReadOnlySpan<char> name) => name.Length > 0 && Blocks.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name);

    static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    static readonly SearchValues<char> NameChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-");

    static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "p", "br", "div", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "section",
        "article", "header", "footer", "figure", "figcaption", "aside", "dl", "dt", "dd", "main", "nav",
    };

    static readonly HashSet<string> Inline = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "b", "i", "u", "em", "strong", "span", "img", "font", "sup", "sub", "small", "code", "td", "th", "iframe", "script", "style",
        "html", "body",
    };
}
