using System.Runtime.CompilerServices;
using System.Text;

namespace Bellwether.Feeds;

/// <summary>
/// Delimited text. Records are framed as bytes, so that a damaged one is refused with its line and offset and reading goes on behind it:
/// a quote that is never closed costs the line in which it opens, not the rest of the file.
/// </summary>
sealed partial class CsvFeed(ByteWindow window, FeedInput input)
{
    char[] _chars = new char[4096];
    (int Start, int Length)[] _fields = new (int, int)[16];
    int _fieldCount;
    long _line = 1;

    public async IAsyncEnumerable<FeedRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var layout = await ReadLayoutAsync(cancellationToken).ConfigureAwait(false);
        if (layout is null) yield break;
        if (layout.HasHeader) _line += Consume(await FrameAsync(layout.Delimiter, cancellationToken).ConfigureAwait(false));
        while (true)
        {
            var frame = Frame(layout.Delimiter);
            if (frame.Kind == FrameKind.NeedMore)
            {
                // Asked only when the synchronous path is exhausted: a state machine turn a record would halve the speed.
                frame = await FrameAsync(layout.Delimiter, cancellationToken).ConfigureAwait(false);
            }
            switch (frame.Kind)
            {
                case FrameKind.End:
                    yield break;
                case FrameKind.Record:
                    var blank = window.Span[..frame.Length].IndexOfAnyExcept(" \t\r"u8) < 0;
                    if (!blank) yield return Parse(layout, frame.Length);
                    _line += Consume(frame);
                    break;
                case FrameKind.OpenQuote:
                    yield return input.Reject(_line, "a quoted field that opens in this line is not closed properly",
                        window.Span[..frame.Length]);
                    _line += Consume(frame);
                    break;
                default:
                    var start = window.Memory[..Math.Min(window.Length, FeedRejection.MaxValueBytes)].ToArray();
                    var size = await SkipLineAsync(cancellationToken).ConfigureAwait(false);
                    yield return input.RejectSize(_line++, size, "line", input.Options.MaxRecordBytes, start);
                    break;
            }
        }
    }

    long Consume(Cut frame)
    {
        var lines = window.Span[..frame.Consumed].Count((byte)'\n');
        window.Advance(frame.Consumed);
        return lines;
    }

    async ValueTask<Cut> FrameAsync(char delimiter, CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = Frame(delimiter);
            if (frame.Kind != FrameKind.NeedMore) return frame;
            await Reading.FillAsync(window, input.Origin, _line, cancellationToken).ConfigureAwait(false);
        }
    }

    async ValueTask<long> SkipLineAsync(CancellationToken cancellationToken)
    {
        for (var size = 0L; ;)
        {
            var end = window.Span.IndexOf((byte)'\n');
            size += end < 0 ? window.Length : end;
            window.Advance(end < 0 ? window.Length : end + 1);
            if (end >= 0 || !await Reading.FillAsync(window, input.Origin, _line, cancellationToken).ConfigureAwait(false)) return size;
        }
    }

    FeedRecord Parse(CsvLayout layout, int length)
    {
        var record = window.Span[..length];
        if (FeedInput.Utf8Problem(record, window.Offset) is { } problem) return input.Reject(_line, problem, record);
        Split(record, layout.Delimiter);
        if (_fieldCount != layout.Columns.Length)
            return input.Reject(_line, $"row has {_fieldCount} of {layout.Columns.Length} columns", record);
        var bag = input.Normalizer.NextBag();
        for (var i = 0; i < _fieldCount; i++)
        {
            var value = _chars.AsMemory(_fields[i].Start, _fields[i].Length);
            if (layout.Meanings[i] is { } meaning) bag.Add(layout.Columns[i], value, meaning);
            else bag.AddRaw(layout.Columns[i], value);
        }
        // Told by column name, so that the record can be understood, and taken after all, without the file's header.
        return input.Finish(default, _line);
    }

    // Decodes a record and cuts it into fields, in place: unescaping only ever shortens.
    void Split(ReadOnlySpan<byte> record, char delimiter)
    {
        if (_chars.Length < record.Length) _chars = new char[Math.Max(record.Length, _chars.Length * 2)];
        var chars = _chars.AsSpan(0, Encoding.UTF8.GetChars(record, _chars));
        if (chars.Length > 0 && chars[^1] == '\r') chars = chars[..^1];
        _fieldCount = 0;
        for (var at = 0; ; at++)
        {
            var (start, write) = (at, at);
            if (at < chars.Length && chars[at] == '"')
            {
                for (at++; at < chars.Length; at++)
                {
                    if (chars[at] == '"' && (++at == chars.Length || chars[at] != '"')) break;
                    chars[write++] = chars[at];
                }
                for (; at < chars.Length && chars[at] != delimiter; at++) chars[write++] = chars[at];
            }
            else
            {
                var end = chars[at..].IndexOf(delimiter);
                at = write = end < 0 ? chars.Length : at + end;
            }
            if (_fieldCount == _fields.Length) Array.Resize(ref _fields, _fields.Length * 2);
            _fields[_fieldCount++] = (start, write - start);
            if (at >= chars.Length) return;
        }
    }

    string[] Fields(ReadOnlySpan<byte> record, char delimiter)
    {
        Split(record, delimiter);
        var fields = new string[_fieldCount];
        for (var i = 0; i < fields.Length; i++) fields[i] = _chars.AsSpan(_fields[i].Start, _fields[i].Length).Trim().ToString();
        return fields;
    }
}
