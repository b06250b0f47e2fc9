using System.Runtime.CompilerServices;
using System.Xml;
using System.Xml.Linq;

namespace Bellwether.Feeds;

/// <summary>RSS 0.9x, 1.0, 2.0 and Atom. Only one item is held at a time; document type definitions are refused, so nothing is expanded or
/// fetched.</summary>
sealed class XmlFeed(Stream stream, FeedInput input)
{
    const string Content = "http://purl.org/rss/1.0/modules/content/";
    const string DublinCore = "http://purl.org/dc/elements/1.1/";
    const string Xhtml = "http://www.w3.org/1999/xhtml";

    public async IAsyncEnumerable<FeedRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var settings = new XmlReaderSettings
        {
            Async = true,
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            // Feeds do contain control characters; they are no reason to lose the rest.
            CheckCharacters = false,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            MaxCharactersInDocument = input.Options.MaxDocumentBytes,
        };
        // Without an option the encoding is the declaration's business.
        using var reader = input.Options.Encoding is { } name
            ? XmlReader.Create(new StreamReader(stream, FeedReader.EncodingOf(name)), settings)
            : XmlReader.Create(stream, settings);
        string? title = null;
        while (await NextAsync(reader, title, cancellationToken).ConfigureAwait(false) is { } found)
        {
            title = found.FeedTitle;
            if (found.Item is { } item) yield return Record(item, title, found.Line);
        }
    }

    readonly record struct Found(XElement? Item, string? FeedTitle, long Line);

    async ValueTask<Found?> NextAsync(XmlReader reader, string? title, CancellationToken cancellationToken)
    {
        try
        {
            while (!reader.EOF)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (reader.NodeType != XmlNodeType.Element)
                {
                    await reader.ReadAsync().ConfigureAwait(false);
                    continue;
                }
                var line = ((IXmlLineInfo)reader).LineNumber;
                if (reader.LocalName is "item" or "entry")
                    return new Found((XElement)await XNode.ReadFromAsync(reader, cancellationToken).ConfigureAwait(false), title, line);
                if (reader.LocalName == "title" && title is null)
                {
                    var element = (XElement)await XNode.ReadFromAsync(reader, cancellationToken).ConfigureAwait(false);
                    return new Found(null, element.Value.Trim() is { Length: > 0 } text ? text : null, line);
                }
                if (reader.LocalName is "rss" or "RDF" or "channel" or "feed") await reader.ReadAsync().ConfigureAwait(false);
                else if (reader.Depth == 0)
                    throw new FeedException(input.Origin, $"is XML, but neither RSS nor Atom: its root is <{reader.LocalName}>",
                        "Convert it to a feed, CSV or JSON Lines.");
                else await reader.SkipAsync().ConfigureAwait(false);
            }
            return null;
        }
        catch (Exception error) when (Reading.Explain(error, input.Origin, ((IXmlLineInfo)reader).LineNumber) is { } told)
        {
            throw told;
        }
    }

    FeedRecord Record(XElement item, string? feedTitle, long line)
    {
        var bag = input.Normalizer.NextBag();
        bag.Markup = true;
        var atom = item.Name.LocalName == "entry";
        foreach (var child in item.Elements())
        {
            FieldMeaning? meaning = (child.Name.LocalName, child.Name.NamespaceName) switch
            {
                ("encoded", Content) => new(Field.Text, 1, Html: true),
                ("content", _) when atom => new(Field.Text, 1, Html: true),
                ("description" or "summary", _) => new(Field.Text, 2, Html: true),
                ("title", not "http://search.yahoo.com/mrss/") => new(Field.Title, 1, Html: true),
                ("link", _) when !atom => new(Field.Url, 1),
                ("link", _) when ((string?)child.Attribute("rel") ?? "alternate") == "alternate" => new(Field.Url, 1),
                ("guid", _) => new(Field.Id, 1),
                ("id", _) when atom => new(Field.Id, 1),
                ("pubDate" or "published", _) => new(Field.Timestamp, 1),
                ("date", DublinCore) => new(Field.Timestamp, 2),
                ("updated", _) => new(Field.Timestamp, 3),
                ("creator", DublinCore) => new(Field.Author, 1),
                ("author", _) => new(Field.Author, 2),
                _ => null,
            };
            var value = ValueOf(child, atom);
            if (meaning is { } known) bag.Add(child.Name.LocalName, value.AsMemory(), known);
            else if (value.Length > 0) bag.AddRaw(child.Name.LocalName, value.AsMemory());
        }
        return input.Finish(new FeedDefaults(feedTitle, null), line);
    }

    static string ValueOf(XElement child, bool atom) => child.Name.LocalName switch
    {
        "link" when atom => (string?)child.Attribute("href") ?? "",
        "author" when child.HasElements => child.Elements().FirstOrDefault(e => e.Name.LocalName == "name")?.Value ?? child.Value,
        _ when child.Elements().Any(e => e.Name.NamespaceName == Xhtml) =>
            string.Concat(child.Nodes().Select(n => n.ToString(SaveOptions.DisableFormatting))),
        _ => child.Value,
    };
}
