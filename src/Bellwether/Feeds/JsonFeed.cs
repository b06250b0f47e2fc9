using System.Runtime.CompilerServices;

namespace Bellwether.Feeds;

/// <summary>JSON Lines, and JSON documents: a top-level array is read element by element, anything else as one value.</summary>
sealed partial class JsonFeed(ByteWindow window, FeedInput input)
{
    readonly JsonRecords _records = new(input);
    readonly List<FeedRecord> _out = [];

    public async IAsyncEnumerable<FeedRecord> ReadLinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var limit = input.Options.MaxRecordBytes;
        for (var line = 1L; ; line++)
        {
            int end;
            while ((end = window.Span.IndexOf((byte)'\n')) < 0 && window.Length <= limit
                && await Reading.FillAsync(window, input.Origin, line, cancellationToken).ConfigureAwait(false)) { }
            if (end < 0 && window.Length == 0) yield break;
            if (end > limit || end < 0 && window.Length > limit)
            {
                var start = Head();
                var size = 0L;
                do
                {
                    end = window.Span.IndexOf((byte)'\n');
                    size += end < 0 ? window.Length : end;
                    window.Advance(end < 0 ? window.Length : end + 1);
                }
                while (end < 0 && await Reading.FillAsync(window, input.Origin, line, cancellationToken).ConfigureAwait(false));
                yield return input.RejectSize(line, size, "line", limit, start);
                continue;
            }
            var length = end < 0 ? window.Length : end;
            if (window.Span[..length].IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                _out.Clear();
                _records.Add(window.Memory[..length], window.Offset, line, _out);
                foreach (var record in _out) yield return record;
            }
            window.Advance(Math.Min(length + 1, window.Length));
        }
    }

    /// <summary>Reads documents that stand one after the other; usually there is one.</summary>
    public async IAsyncEnumerable<FeedRecord> ReadDocumentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var scanner = new JsonScanner();
        var (inArray, position) = (false, 0L);
        while (true)
        {
            await SkipAsync(inArray, cancellationToken).ConfigureAwait(false);
            if (window.Length == 0)
            {
                if (inArray) throw new FeedException(input.Origin, $"is cut off: the array is not closed after record {position}",
                    "Everything before was read; fetch the file again and repeat, what was read is recognised.");
                yield break;
            }
            var first = window.Span[0];
            if (first == '[' && !inArray || first == ']' && inArray)
            {
                inArray = !inArray;
                window.Advance(1);
                continue;
            }
            position++;
            scanner.Reset();
            var limit = inArray ? input.Options.MaxRecordBytes : input.Options.MaxDocumentBytes;
            var (scanned, dropped) = (0, 0L);
            byte[]? start = null;
            while (!scanner.Scan(window.Span, ref scanned))
            {
                if (scanned > limit)
                {
                    // Too long to hold: the scan goes on, the bytes go.
                    start ??= Head();
                    dropped += scanned;
                    window.Advance(scanned);
                    scanned = 0;
                    limit = 0;
                }
                if (await FillAsync(position, cancellationToken).ConfigureAwait(false)) continue;
                if (scanner.Finish()) break;
                throw new FeedException(input.Origin, $"is cut off inside record {position}",
                    "Everything before it was read; fetch the file again and repeat, what was read is recognised.");
            }
            if (start is not null || scanned > limit)
                yield return input.RejectSize(position, dropped + scanned, "record",
                    inArray ? input.Options.MaxRecordBytes : input.Options.MaxDocumentBytes, start ?? Head());
            else
            {
                _out.Clear();
                _records.Add(window.Memory[..scanned], window.Offset, inArray ? position : null, _out);
                foreach (var record in _out) yield return record;
            }
            window.Advance(scanned);
        }
    }

    string At(long? record) => record is null ? input.Origin : $"{input.Origin}, record {record}";

    byte[] Head() => window.Memory[..Math.Min(window.Length, FeedRejection.MaxValueBytes)].ToArray();

    // Blanks, and between the elements of an array commas: a doubled one costs nothing, so it is not made an error.
    async ValueTask SkipAsync(bool inArray, CancellationToken cancellationToken)
    {
        do
        {
            var next = window.Span.IndexOfAnyExcept(inArray ? " \t\r\n,"u8 : " \t\r\n\u001e"u8);
            window.Advance(next < 0 ? window.Length : next);
            if (next >= 0) return;
        }
        while (await FillAsync(null, cancellationToken).ConfigureAwait(false));
    }

    async ValueTask<bool> FillAsync(long? record, CancellationToken cancellationToken)
    {
        try
        {
            return await window.FillAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (Reading.Explain(error, At(record), null) is { } told)
        {
            throw told;
        }
    }
}

/// <summary>Finds the end of a JSON value without parsing it, across any number of windows.</summary>
struct JsonScanner
{
    int _depth;
    bool _inString;
    bool _escaped;
    bool _scalar;

    public void Reset() => this = default;

    /// <summary>Scans on from <paramref name="at"/>; true when the value ends there.</summary>
    public bool Scan(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            if (_escaped)
            {
                _escaped = false;
                at++;
                continue;
            }
            if (_inString)
            {
                var next = bytes[at..].IndexOfAny((byte)'"', (byte)'\\');
                if (next < 0)
                {
                    at = bytes.Length;
                    return false;
                }
                at += next + 1;
                if (bytes[at - 1] == '\\') _escaped = true;
                else
                {
                    _inString = false;
                    if (_depth == 0) return true;
                }
                continue;
            }
            var c = bytes[at];
            if (_depth == 0 && _scalar && c is (byte)',' or (byte)']' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') return true;
            at++;
            switch (c)
            {
                case (byte)'"':
                    _inString = true;
                    break;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    break;
                case (byte)'}' or (byte)']' when --_depth <= 0:
                    return true;
                default:
                    if (_depth == 0)
                    {
                        _scalar = true;
                        break;
                    }
                    var skip = bytes[at..].IndexOfAny("\"{}[]"u8);
                    at = skip < 0 ? bytes.Length : at + skip;
                    break;
            }
        }
        return false;
    }

    /// <summary>Whether the end of the input ends the value too.</summary>
    public readonly bool Finish() => _scalar && _depth == 0 && !_inString;
}
