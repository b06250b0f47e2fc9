using System.Threading.Channels;

namespace Bellwether.Engines.DuckDb;

/// <summary>
/// A table function that streams rows from this process into a statement, such as <c>COPY (FROM name()) TO …</c>: nothing is stored between.
/// Rows come in sections; each statement reads one. Producer and statement run at the same time on two threads, a few chunks apart.
/// </summary>
public sealed partial class DuckDbSource : DuckDbRows
{
    const int ChunksAhead = 2;

    readonly Channel<DuckDbChunkHandle?> _chunks = Channel.CreateBounded<DuckDbChunkHandle?>(
        new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });
    readonly CancellationTokenSource _stopped = new();
    readonly (string Name, DuckDbType Type, string? Alias)[] _columns;

    /// <summary>Ends the row; waits where the statement is behind.</summary>
    public ValueTask EndRowAsync(CancellationToken cancellationToken) => FinishRow() ? PushAsync(cancellationToken) : default;

    /// <summary>Ends the section: the statement that reads it comes to its end.</summary>
    public async ValueTask EndSectionAsync(CancellationToken cancellationToken)
    {
        await PushAsync(cancellationToken).ConfigureAwait(false);
        await _chunks.Writer.WriteAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the statement that reads fail: the producer gave up.</summary>
    public void Stop() => _stopped.Cancel();

    private protected override void Dispose(bool disposing)
    {
        _stopped.Cancel();
        while (_chunks.Reader.TryRead(out var chunk)) chunk?.Dispose();
        base.Dispose(disposing);
    }

    async ValueTask PushAsync(CancellationToken cancellationToken)
    {
        var chunk = TakeChunk(out _);
        if (chunk is null) return;
        try
        {
            await _chunks.Writer.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            chunk.Dispose();
            throw;
        }
    }
}
