using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using Bellwether.Feeds;

namespace Bellwether.Counts.Import;

/// <summary>Forms that posts come in.</summary>
public enum PostFormat
{
    /// <summary>By the first character: JSON begins with a brace or a bracket.</summary>
    Auto,
    Csv,
    Json,
}

/// <summary>Reads posts from a file or stream, packed by gzip or not.</summary>
public static class PostFile
{
    static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    /// <exception cref="CountsException">The file cannot be opened or read to its end.</exception>
    internal static async IAsyncEnumerable<ReadPost> ReadAsync(
        Stream stream, string origin, PostFormat format, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var buffered = new BufferedStream(stream, 128 * 1024);
        var start = new byte[2];
        var read = await buffered.ReadAtLeastAsync(start, 2, false, cancellationToken).ConfigureAwait(false);
        await using var whole = new PrefixedStream(start.AsMemory(0, read), buffered);
        await using Stream plain = read == 2 && start is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
        using var text = new StreamReader(plain, new UTF8Encoding(false, false), detectEncodingFromByteOrderMarks: true, 64 * 1024);
        var fields = new PostFields(new TimestampParser("UTC", null, time, MaxAhead));
        if (format == PostFormat.Auto) format = await IsJsonAsync(text, origin).ConfigureAwait(false) ? PostFormat.Json : PostFormat.Csv;
        var posts = format == PostFormat.Json ? JsonPosts.ReadAsync(text, origin, fields, cancellationToken) : CsvPosts.ReadAsync(text, origin, fields, cancellationToken);
        await using var each = posts.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(each, origin).ConfigureAwait(false)) yield return each.Current;
    }

    /// <exception cref="CountsException">There is no such file, or it may not be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return InputFile.Open(path);
        }
        catch (FeedException error)
        {
            throw CountsException.Input($"{path}: {error.Problem}.", error.Mend, error);
        }
    }

    // Peek blocks on the first block of the input only, which has been read already.
    static async Task<bool> IsJsonAsync(StreamReader text, string origin)
    {
        try
        {
            await Task.Yield();
            while (text.Peek() is >= 0 and var c && char.IsWhiteSpace((char)c)) text.Read();
            return text.Peek() is '{' or '[';
        }
        catch (InvalidDataException error)
        {
            throw Damaged(origin, error);
        }
    }

    static async Task<bool> NextAsync(IAsyncEnumerator<ReadPost> each, string origin)
    {
        try
        {
            return await each.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw Damaged(origin, error);
        }
    }

    static CountsException Damaged(string origin, Exception error) =>
        CountsException.Input($"{origin}: cannot be read to its end: {error.Message.TrimEnd('.')}.", "Nothing of it was taken; fetch it again.", error);
}
