using Bellwether.Engines.Unix;

namespace Bellwether.Lake;

/// <summary>One day on its way to PostgreSQL.</summary>
sealed class ColdTierAnswer(ColdTierEngine engine, PipePoller poller, NamedPipe rows)
{
    const int BytesTogether = 64 << 10;

    // How long a reader that has not taken what is there keeps others waiting.
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    readonly CopyText _text = new();
    long _sent;

    /// <summary>Writes all rows; false when nobody reads them any more.</summary>
    public async Task<bool> RunAsync(LakeFile file, CancellationToken cancellationToken)
    {
        while (true)
        {
            using (var turn = await engine.EnterAsync(cancellationToken).ConfigureAwait(false))
                if (await WriteAsync(turn, file, cancellationToken).ConfigureAwait(false) is { } finished) return finished;
            await poller.WritableAsync(rows).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>True at the end, false when nobody reads, null when it is the turn of others. The same file gives the same bytes each time.</summary>
    async Task<bool?> WriteAsync(ColdTierEngine.Turn turn, LakeFile wanted, CancellationToken cancellationToken)
    {
        using var reading = await turn.OpenAsync(wanted, cancellationToken).ConfigureAwait(false);
        var skip = _sent;
        _text.Clear();
        while (await Task.Run(reading.Reader.ReadChunk, cancellationToken).ConfigureAwait(false))
            for (var row = 0; row < reading.Reader.RowCount; row++)
            {
                _text.Append(reading.Reader, row);
                if (_text.Written.Length < BytesTogether) continue;
                if (_text.Written.Length <= skip) skip -= _text.Written.Length;
                else if (await SendAsync(turn, (int)skip, cancellationToken).ConfigureAwait(false) is not true and var stopped) return stopped;
                else skip = 0;
                _text.Clear();
            }
        return _text.Written.Length <= skip || await SendAsync(turn, (int)skip, cancellationToken).ConfigureAwait(false) is var sent && sent == true ? true : sent;
    }

    /// <summary>True when all is sent, false when nobody reads, null when it is the turn of others.</summary>
    async Task<bool?> SendAsync(ColdTierEngine.Turn turn, int from, CancellationToken cancellationToken)
    {
        while (from < _text.Written.Length)
        {
            var put = rows.Write(_text.Written[from..]);
            if (put < 0) return false;
            (from, _sent) = (from + put, _sent + put);
            if (put > 0) continue;
            var room = poller.WritableAsync(rows);
            if (turn.OthersWait && await Task.WhenAny(room, Task.Delay(Patience, engine.Time, cancellationToken)).ConfigureAwait(false) != room) return null;
            while (!room.IsCompleted && !turn.OthersWait)
                await Task.WhenAny(room, Task.Delay(Patience, engine.Time, cancellationToken)).ConfigureAwait(false);
            if (!room.IsCompleted) return null;
            await room.ConfigureAwait(false);
        }
        return true;
    }
}
