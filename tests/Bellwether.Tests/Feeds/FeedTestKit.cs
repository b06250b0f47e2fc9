using System.IO.Compression;
using System.Text;
using Bellwether.Feeds;

namespace Bellwether.Tests.Feeds;

/// <summary>Reading small inputs in tests.</summary>
static class FeedTestKit
{
    public static readonly DateTimeOffset Now = new(2025, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly FeedOptions Options = new() { Clock = new FixedClock(Now) };

    public sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    public static Task<Result> ReadAsync(string content, FeedOptions? options = null, string name = "input") =>
        ReadAsync(Encoding.UTF8.GetBytes(content), options, name);

    public static Task<Result> ReadAsync(byte[] content, FeedOptions? options = null, string name = "input") =>
        ReadAsync(() => new MemoryStream(content), options, name);

    /// <summary>Reads to the end or to the exception; what came before it is kept.</summary>
    public static async Task<Result> ReadAsync(Func<Stream> open, FeedOptions? options = null, string name = "input")
    {
        var records = new List<FeedRecord>();
        try
        {
            await foreach (var record in FeedReader.ReadAsync(FeedSource.Of(name, open), options ?? Options,
                TestContext.Current.CancellationToken))
                records.Add(record);
            return new Result(records, null);
        }
        catch (FeedException error)
        {
            return new Result(records, error);
        }
    }

    public static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(content);
        return packed.ToArray();
    }

    public static byte[] Gzip(string content) => Gzip(Encoding.UTF8.GetBytes(content));

    public sealed record Result(List<FeedRecord> Records, FeedException? Error)
    {
        public List<EventEnvelope> Accepted => [.. Records.Where(r => r.Envelope is not null).Select(r => r.Envelope!)];

        public List<FeedRejection> Rejected => [.. Records.Where(r => r.Rejection is not null).Select(r => r.Rejection!)];

        public EventEnvelope Single()
        {
            Assert.Null(Error);
            Assert.Empty(Rejected.Select(r => r.Reason));
            return Assert.Single(Accepted);
        }

        public FeedRejection SingleRejection()
        {
            Assert.Null(Error);
            Assert.Empty(Accepted);
            return Assert.Single(Rejected);
        }
    }

    /// <summary>Gives bytes in small pieces, as a network does.</summary>
    public sealed class Trickle(byte[] content, int piece) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
