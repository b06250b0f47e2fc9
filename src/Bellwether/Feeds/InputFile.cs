using System.IO.Compression;

namespace Bellwether.Feeds;

/// <summary>The one place that opens files for reading and tells why one cannot be.</summary>
public static class InputFile
{
    /// <exception cref="FeedException">It is a folder, is not there, or may not be read.</exception>
    public static FileStream Open(string path, string? origin = null, int bufferSize = 64 * 1024)
    {
        Require(path, origin);
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = bufferSize,
                Options = FileOptions.SequentialScan,
            });
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(origin ?? path, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FeedException(origin ?? path, error is UnauthorizedAccessException ? "may not be read by this user"
                : $"cannot be opened: {error.Message.TrimEnd('.')}", "Check its permissions.", inner: error);
        }
    }

    /// <summary>Looks whether there is a file, for those who have others read it.</summary>
    /// <exception cref="FeedException">There is a folder, or nothing.</exception>
    public static void Require(string path, string? origin = null)
    {
        if (Directory.Exists(path)) throw new FeedException(origin ?? path, "is a directory", "Name the files in it.");
        if (!File.Exists(path)) throw Missing(origin ?? path, null);
    }

    /// <summary>The stream, unpacked where its content is gzip, whatever its name says.</summary>
    public static async Task<Stream> UnpackAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new byte[2];
        var read = await stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var whole = new PrefixedStream(head.AsMemory(0, read), stream);
        return read == 2 && head is [0x1f, 0x8b] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }

    static FeedException Missing(string origin, Exception? error) => new(origin, "does not exist", "Check the path.", inner: error);
}
