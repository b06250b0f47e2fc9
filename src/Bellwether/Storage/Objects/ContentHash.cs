using System.Buffers;
using System.Security.Cryptography;

namespace Bellwether.Storage.Objects;

/// <summary>SHA-256 of files, in bounded memory.</summary>
static class ContentHash
{
    public const int BufferBytes = 256 * 1024;

    /// <summary>Hash of a part of a file.</summary>
    public static byte[] Of(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, long length, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (length > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length)), offset);
                if (read == 0) break;
                hash.AppendData(buffer, 0, read);
                (offset, length) = (offset + read, length - read);
            }
            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Hexadecimal hash of a whole file.</summary>
    public static string OfFile(Microsoft.Win32.SafeHandles.SafeFileHandle file, CancellationToken cancellationToken) =>
        Convert.ToHexStringLower(Of(file, 0, long.MaxValue, cancellationToken));

    public static string OfFile(string path, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path);
        return OfFile(file, cancellationToken);
    }
}
