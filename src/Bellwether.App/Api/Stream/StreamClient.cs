using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Bellwether.Events;
using Microsoft.AspNetCore.Http;

namespace Bellwether.App.Api.Stream;

/// <summary>Writes the stream of one client. Format: WHATWG HTML, "Server-sent events".</summary>
sealed class StreamClient(HttpResponse response, IReadOnlySet<string>? tickers, StreamPosition position, TimeProvider time)
{
    public StreamPosition Position => position;

    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    string _told = "";

    /// <summary>Writes the entries that this client has not passed and asked for.</summary>
    public async Task WriteAsync(IEnumerable<LogEntry> entries, CancellationToken cancellationToken)
    {
        var wrote = false;
        foreach (var entry in entries)
        {
            if (!position.Pass(entry.Partition, entry.Offset) || tickers?.Contains(entry.Key) == false) continue;
            wrote = true;
            Text($"event: sentiment\nid: {_told = position.ToString()}\ndata: ");
            // JSON of one line, as it stands in the log.
            response.BodyWriter.Write(entry.Value.Span);
            Text("\n\n");
        }
        if (wrote) await response.BodyWriter.FlushAsync(cancellationToken);
    }

    public async Task CommentAsync(string comment, CancellationToken cancellationToken)
    {
        // An id without data moves the client's resume point without an event: what it did not ask for need not be looked through again.
        var id = position.ToString();
        Text(id == _told ? $": {comment}\n\n" : $": {comment}\nid: {_told = id}\n\n");
        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    /// <summary>Tells that events are gone for good, so that a client can read the history instead.</summary>
    public async Task GapAsync(long missing, CancellationToken cancellationToken)
    {
        Text($"event: gap\nid: {_told = position.ToString()}\ndata: {{\"missing\":{missing}}}\n\n");
        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    /// <summary>Passes live events on until there are too many of them for the client's pace, or the hub lets go of it.</summary>
    public async Task FollowAsync(ChannelReader<LogEntry> events, CancellationToken cancellationToken)
    {
        var batch = new List<LogEntry>();
        var waiting = events.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            try
            {
                if (!await waiting.WaitAsync(Heartbeat, time, cancellationToken)) break;
            }
            catch (TimeoutException)
            {
                await CommentAsync("still here", cancellationToken);
                continue;
            }
            while (events.TryRead(out var entry)) batch.Add(entry);
            await WriteAsync(batch, cancellationToken);
            batch.Clear();
            waiting = events.WaitToReadAsync(cancellationToken).AsTask();
        }
    }

    void Text(string text) => Encoding.UTF8.GetBytes(text, response.BodyWriter);
}
