namespace Bellwether.Feeds;

sealed partial class CsvFeed
{
    enum FrameKind
    {
        Record, NeedMore, OpenQuote, TooLong, End,
    }

    /// <param name="Length">Bytes of the record, without its line end.</param>
    /// <param name="Consumed">Bytes to pass over.</param>
    readonly record struct Cut(FrameKind Kind, int Length = 0, int Consumed = 0);

    /// <summary>Finds the end of the record at the start of the window.</summary>
    Cut Frame(char delimiter)
    {
        var span = window.Span;
        var end = span.IndexOf((byte)'\n');
        if (end < 0)
        {
            if (span.Length > input.Options.MaxRecordBytes) return new(FrameKind.TooLong);
            if (!window.AtEnd) return new(FrameKind.NeedMore);
            if (span.IsEmpty) return new(FrameKind.End);
            end = span.Length;
        }
        if (end > input.Options.MaxRecordBytes) return new(FrameKind.TooLong);
        return span[..end].Contains((byte)'"')
            ? QuotedFrame(span, (byte)delimiter, end)
            : new(FrameKind.Record, end, Math.Min(end + 1, span.Length));
    }

    // A quote opens a field only where a field starts. A quoted field that spans lines and is then followed by neither delimiter nor
    // line end was opened by a stray quote: the line that opened it is refused and reading resumes with the next.
    Cut QuotedFrame(ReadOnlySpan<byte> span, byte delimiter, int firstLine)
    {
        var open = new Cut(FrameKind.OpenQuote, firstLine, Math.Min(firstLine + 1, span.Length));
        for (var at = 0; ; at++)
        {
            if (at < span.Length && span[at] == '"')
            {
                var opened = at++;
                while (true)
                {
                    var close = span[at..].IndexOf((byte)'"');
                    if (close < 0) return window.AtEnd || span.Length > input.Options.MaxRecordBytes ? open : new(FrameKind.NeedMore);
                    at += close + 1;
                    if (at >= span.Length || span[at] != '"') break;
                    at++;
                }
                if (at >= span.Length && !window.AtEnd) return new(FrameKind.NeedMore);
                var clean = at >= span.Length || span[at] == delimiter || span[at] is (byte)'\n' or (byte)'\r';
                if (!clean && span[opened..at].Contains((byte)'\n')) return open;
            }
            var end = span[at..].IndexOfAny(delimiter, (byte)'\n');
            if (end < 0)
            {
                if (!window.AtEnd) return span.Length > input.Options.MaxRecordBytes ? open : new(FrameKind.NeedMore);
                return new(FrameKind.Record, span.Length, span.Length);
            }
            at += end;
            if (span[at] == '\n') return at > input.Options.MaxRecordBytes ? open : new(FrameKind.Record, at, at + 1);
        }
    }
}
