using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>
/// Bars into a table by binary COPY. Rows are encoded here into large blocks: a row is some 150 bytes of fixed layout, and a call for each
/// of its values would cost more than the server takes to store it.
/// </summary>
sealed class BarCopy : IAsyncDisposable
{
    const int BlockBytes = 256 * 1024, FixedBytes = 2 + 13 * 4 + 9 * 8 + 4 + 1;
    const short Columns = 13;
    const long EpochTicks = 630_822_816_000_000_000; // 2000-01-01

    readonly NpgsqlRawCopyStream _stream;
    readonly byte[] _block = ArrayPool<byte>.Shared.Rent(BlockBytes);
    readonly byte[] _known = new byte[8], _source, _interval, _loaded, _carries;
    byte[] _ticker = [];
    int _used;
    bool _complete;

    BarCopy(NpgsqlRawCopyStream stream, BarInterval interval, BarOrigin origin, DateTime known)
    {
        (_stream, _source, _interval) = (stream, Encoding.UTF8.GetBytes(origin.Source), Encoding.UTF8.GetBytes(interval.Name));
        (_loaded, _carries) = (new byte[origin.LoadedOn is null ? 0 : 4], [origin.SplitsInPrices ? (byte)1 : (byte)0]);
        if (origin.LoadedOn is { } day)
            BinaryPrimitives.WriteInt32BigEndian(_loaded, day.DayNumber - (int)(EpochTicks / TimeSpan.TicksPerDay));
        BinaryPrimitives.WriteInt64BigEndian(_known, Micros(known));
        // The signature, flags and the length of an extension that there is none of.
        ReadOnlySpan<byte> head = [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xff, (byte)'\r',
            (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head.CopyTo(_block);
        _used = head.Length;
    }

    /// <param name="table">Of this program's own SQL.</param>
    public static async Task<BarCopy> BeginAsync(
        NpgsqlConnection connection, string table, BarInterval interval, BarOrigin origin, DateTime known,
        CancellationToken cancellationToken) =>
        new(await connection.BeginRawBinaryCopyAsync($"""
            COPY {table} (ticker, bar_interval, date, known_at, open_price, high_price, low_price, close_price, volume, adjusted_close,
                data_source, loaded_on, splits_in_prices)
            FROM STDIN (FORMAT binary)
            """, cancellationToken), interval, origin, known);

    public ValueTask WriteAsync(string ticker, ReadOnlyMemory<PriceBar> bars, CancellationToken cancellationToken)
    {
        _ticker = Encoding.UTF8.GetBytes(ticker);
        return WriteAsync(bars, cancellationToken);
    }

    async ValueTask WriteAsync(ReadOnlyMemory<PriceBar> bars, CancellationToken cancellationToken)
    {
        for (var done = 0; done < bars.Length;)
        {
            done += Encode(bars.Span[done..]);
            if (done == bars.Length) break;
            await FlushAsync(cancellationToken);
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (_block.Length - _used < 2) await FlushAsync(cancellationToken);
        BinaryPrimitives.WriteInt16BigEndian(_block.AsSpan(_used), -1);
        _used += 2;
        await FlushAsync(cancellationToken);
        _complete = true;
    }

    public async ValueTask DisposeAsync()
    {
        ArrayPool<byte>.Shared.Return(_block);
        // Disposed without the end, a raw copy would commit what it has.
        if (!_complete) await _stream.CancelAsync();
        await _stream.DisposeAsync();
    }

    async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(_block.AsMemory(0, _used), cancellationToken);
        _used = 0;
    }

    /// <summary>Encodes as many bars as the block has room for.</summary>
    int Encode(ReadOnlySpan<PriceBar> bars)
    {
        var most = FixedBytes + _ticker.Length + _interval.Length + _source.Length;
        var count = Math.Min(bars.Length, (_block.Length - _used) / most);
        for (var i = 0; i < count; i++) Encode(in bars[i]);
        return count;
    }

    void Encode(in PriceBar bar)
    {
        BinaryPrimitives.WriteInt16BigEndian(_block.AsSpan(_used), Columns);
        _used += 2;
        Bytes(_ticker);
        Bytes(_interval);
        Long(Micros(bar.Date));
        Bytes(_known);
        Long(BitConverter.DoubleToInt64Bits(bar.Open));
        Long(BitConverter.DoubleToInt64Bits(bar.High));
        Long(BitConverter.DoubleToInt64Bits(bar.Low));
        Long(BitConverter.DoubleToInt64Bits(bar.Close));
        if (bar.Volume is { } volume) Long(volume);
        else Null();
        if (bar.AdjustedClose is { } adjusted) Long(BitConverter.DoubleToInt64Bits(adjusted));
        else Null();
        Bytes(_source);
        if (_loaded.Length > 0) Bytes(_loaded);
        else Null();
        Bytes(_carries);
    }

    void Bytes(byte[] value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_block.AsSpan(_used), value.Length);
        value.CopyTo(_block, _used + 4);
        _used += 4 + value.Length;
    }

    void Long(long value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_block.AsSpan(_used), 8);
        BinaryPrimitives.WriteInt64BigEndian(_block.AsSpan(_used + 4), value);
        _used += 12;
    }

    void Null()
    {
        BinaryPrimitives.WriteInt32BigEndian(_block.AsSpan(_used), -1);
        _used += 4;
    }

    static long Micros(DateTime time) => (time.Ticks - EpochTicks) / TimeSpan.TicksPerMicrosecond;
}
