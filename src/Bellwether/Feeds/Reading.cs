using System.Text.Json;
using System.Xml;

namespace Bellwether.Feeds;

/// <summary>Reading on, with failures of the source told in words.</summary>
static class Reading
{
    /// <param name="line">Line that is incomplete if the source fails now.</param>
    /// <exception cref="FeedException">The source is damaged, cut off or unreachable.</exception>
    public static async ValueTask<bool> FillAsync(ByteWindow window, string origin, long line, CancellationToken cancellationToken)
    {
        try
        {
            return await window.FillAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (Explain(error, origin, line) is not null)
        {
            throw Explain(error, origin, line)!;
        }
    }

    public static FeedException? Explain(Exception error, string origin, long? line) => error switch
    {
        FeedException own => own,
        InvalidDataException or EndOfStreamException => new(origin, $"the gzip data is cut off or damaged",
            "Everything before this line was read; fetch the file again and repeat, what was read is recognised.", line, error),
        XmlException xml => new(origin, $"is not well-formed XML: {xml.Message.TrimEnd('.')}",
            "What came before was read; correct the feed or ask its publisher.", xml.LineNumber > 0 ? xml.LineNumber : line, error),
        JsonException => new(origin, $"is not JSON: {error.Message.TrimEnd('.')}", "Correct the file or name its format.", line, error),
        IOException or UnauthorizedAccessException or HttpRequestException => new(origin, $"reading failed: {error.Message.TrimEnd('.')}",
            "Check that it is there and may be read, and repeat; what was read is recognised.", line, error),
        _ => null,
    };
}
