using System.Buffers.Binary;
using System.IO.Compression;

namespace Bellwether.Plots;

/// <summary>A picture of opaque points on white, with smooth edges; written as PNG (ISO/IEC 15948).</summary>
sealed class Raster
{
    readonly int _width, _height;
    readonly byte[] _points;
    readonly byte[] _mask;

    public Raster(int width, int height)
    {
        (_width, _height, _points, _mask) = (width, height, new byte[width * height * 3], new byte[width * height]);
        _points.AsSpan().Fill(255);
    }

    public void Rectangle(double x, double y, double w, double h, int colour, double opacity)
    {
        for (var row = Math.Max(0, (int)y); row < Math.Min(_height, y + h); row++)
            for (var column = Math.Max(0, (int)x); column < Math.Min(_width, x + w); column++)
                Blend(row * _width + column, colour, opacity * Overlap(column, x, w) * Overlap(row, y, h));
    }

    public void Circle(double x, double y, double radius, int colour) => Strokes([[(x, y)]], 2 * radius, colour);

    /// <summary>Lines with round ends. All of them are one shape: where they cross nothing is drawn twice.</summary>
    public void Strokes(IEnumerable<(double X, double Y)[]> strokes, double thickness, int colour)
    {
        var (left, top, right, bottom) = (_width, _height, -1, -1);
        foreach (var points in strokes.Where(s => s.Length > 0))
            for (var i = 0; i < Math.Max(1, points.Length - 1); i++)
            {
                var (a, b, reach) = (points[i], points[Math.Min(i + 1, points.Length - 1)], thickness / 2 + 1);
                var (x1, x2) = (Math.Max(0, (int)(Math.Min(a.X, b.X) - reach)), Math.Min(_width - 1, (int)(Math.Max(a.X, b.X) + reach)));
                var (y1, y2) = (Math.Max(0, (int)(Math.Min(a.Y, b.Y) - reach)), Math.Min(_height - 1, (int)(Math.Max(a.Y, b.Y) + reach)));
                for (var row = y1; row <= y2; row++)
                    for (var column = x1; column <= x2; column++)
                    {
                        var cover = Math.Clamp(thickness / 2 + 0.5 - Distance(column + 0.5, row + 0.5, a, b), 0, 1);
                        ref var mask = ref _mask[row * _width + column];
                        mask = Math.Max(mask, (byte)(255 * cover));
                    }
                (left, top, right, bottom) = (Math.Min(left, x1), Math.Min(top, y1), Math.Max(right, x2), Math.Max(bottom, y2));
            }
        for (var row = top; row <= bottom; row++)
            for (var place = row * _width + left; place <= row * _width + right; place++)
            {
                if (_mask[place] > 0) Blend(place, colour, _mask[place] / 255.0);
                _mask[place] = 0;
            }
    }

    /// <summary>The red, green and blue of a point, for tests.</summary>
    internal int this[int x, int y] => _points[3 * (y * _width + x)] << 16 | _points[3 * (y * _width + x) + 1] << 8 | _points[3 * (y * _width + x) + 2];

    public byte[] ToPng()
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, _width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], _height);
        // Eight bits of each of three colours, no interlacing.
        (header[8], header[9]) = (8, 2);
        Chunk(file, "IHDR"u8, header);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            for (var row = 0; row < _height; row++)
            {
                zlib.WriteByte(0);
                zlib.Write(_points, 3 * row * _width, 3 * _width);
            }
        Chunk(file, "IDAT"u8, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    void Blend(int place, int colour, double opacity)
    {
        for (var i = 0; i < 3; i++)
        {
            ref var point = ref _points[3 * place + i];
            point = (byte)Math.Round(point + opacity * ((colour >> (16 - 8 * i) & 255) - point));
        }
    }

    static double Overlap(int cell, double from, double length) => Math.Clamp(Math.Min(cell + 1, from + length) - Math.Max(cell, from), 0, 1);

    static double Distance(double x, double y, (double X, double Y) a, (double X, double Y) b)
    {
        var (dx, dy) = (b.X - a.X, b.Y - a.Y);
        var length = dx * dx + dy * dy;
        var along = length > 0 ? Math.Clamp(((x - a.X) * dx + (y - a.Y) * dy) / length, 0, 1) : 0;
        return Math.Sqrt(Math.Pow(x - a.X - along * dx, 2) + Math.Pow(y - a.Y - along * dy, 2));
    }

    static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        var start = (int)file.Length;
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(file.GetBuffer().AsSpan(start, (int)file.Length - start)));
        file.Write(number);
    }

    static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = ~0u;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB88320;
        }
        return ~crc;
    }
}
