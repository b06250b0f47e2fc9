using System.Net;
using System.Text.Json;

namespace Bellwether.Tests.Api;

/// <summary>A client of the live stream.</summary>
sealed class EventStream : IAsyncDisposable
{
    readonly HttpResponseMessage _response;
    readonly StreamReader _lines;

    EventStream(HttpResponseMessage response, StreamReader lines) => (_response, _lines) = (response, lines);

    /// <summary>Connects and waits for the server's first comment, from which on nothing is missed.</summary>
    public static async Task<EventStream> OpenAsync(ServedDesk desk, string path, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var response = await desk.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ServedDesk.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var stream = new EventStream(response, new(await response.Content.ReadAsStreamAsync(ServedDesk.Token)));
        if (!path.Contains("lastEventId=0.0")) Assert.StartsWith(":", await stream._lines.ReadLineAsync(ServedDesk.Token));
        return stream;
    }

    /// <summary>The next message that has data.</summary>
    /// <exception cref="EndOfStreamException">The server closed the stream.</exception>
    public async Task<(string Type, string Id, string Data)> NextAsync()
    {
        var (type, id, data) = ("", "", "");
        while (await _lines.ReadLineAsync(ServedDesk.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            if (line.Length == 0 && data.Length > 0) return (type, id, data);
        }
        throw new EndOfStreamException();
    }

    public async Task<IReadOnlyList<(string Id, string EventId)>> TakeAsync(int count)
    {
        var taken = new List<(string, string)>();
        while (taken.Count < count)
        {
            var (type, id, data) = await NextAsync();
            Assert.Equal("sentiment", type);
            taken.Add((id, JsonDocument.Parse(data).RootElement.GetProperty("event_id").GetString()!));
        }
        return taken;
    }

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}
