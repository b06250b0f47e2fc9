using System.ComponentModel.DataAnnotations;

namespace Bellwether.Feeds;

/// <summary>The shape of an input. gzip is recognised by its first bytes and is not a format of its own.</summary>
public enum FeedFormat
{
    /// <summary>By content, and by file name where the content leaves a choice.</summary>
    Auto,
    Csv,
    JsonLines,

    /// <summary>An array of records, a Reddit listing, an X API v2 page, or an object that wraps an array.</summary>
    Json,

    /// <summary>RSS or Atom.</summary>
    Xml,
    Parquet,
}

/// <summary>Whether the first CSV row names the columns.</summary>
public enum CsvHeader
{
    Auto,
    Present,

    /// <summary>Columns are then named 1, 2, 3, … for <see cref="ColumnMap"/>.</summary>
    Absent,
}

/// <summary>What becomes of a record that says nothing about when it was published.</summary>
public enum MissingTimestamp
{
    Reject,

    /// <summary>The time of receipt: never earlier than the truth, so it cannot cause look-ahead.</summary>
    UseFetchTime,
}

/// <summary>Reads the rows of a Parquet file, column name to value; supplied by the lake.</summary>
public delegate IAsyncEnumerable<IReadOnlyDictionary<string, object?>> ParquetRows(string path, CancellationToken cancellationToken);

/// <summary>How an input is read and what its records get where they are silent.</summary>
public sealed record FeedOptions
{
    public const int DefaultMaxRecordBytes = 10 * 1024 * 1024;

    /// <summary>As far as the clocks of sender and receiver may differ.</summary>
    public static readonly TimeSpan DefaultMaxAhead = TimeSpan.FromMinutes(15);

    public FeedFormat Format { get; init; }

    public ColumnMap Map { get; init; } = ColumnMap.Empty;

    /// <summary>Name of the publisher. Beats a guessed source column, yields to a mapped one.</summary>
    public string? Source { get; init; }

    /// <summary>Beats a guessed type column, yields to a mapped one. Null: by the record, else news.</summary>
    public EventType? Type { get; init; }

    /// <summary>For records that name neither a priority nor a premium tier.</summary>
    public Priority Priority { get; init; }

    /// <summary>
    /// IANA name of the zone of times without an offset. A time that a clock change repeats is taken as its second occurrence, so that
    /// nothing looks known before it was; one that a clock change skips is read with the offset in force before the change.
    /// </summary>
    [Required]
    public string TimeZone { get; init; } = "UTC";

    /// <summary>A .NET date format for inputs whose times are none of the standard forms; null for those.</summary>
    public string? TimestampFormat { get; init; }

    public MissingTimestamp MissingTimestamp { get; init; }

    /// <summary>How far a record may be dated ahead of the clock; what is further ahead is rejected.</summary>
    public TimeSpan MaxAhead { get; init; } = DefaultMaxAhead;

    /// <summary>utf-8, latin1 or utf-16; null: by byte order mark, else UTF-8.</summary>
    public string? Encoding { get; init; }

    /// <summary>Null: guessed from comma, semicolon, tab and bar.</summary>
    public char? Delimiter { get; init; }

    public CsvHeader Header { get; init; }

    /// <summary>A longer record is rejected without being held, bytes.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxRecordBytes { get; init; } = DefaultMaxRecordBytes;

    /// <summary>Limit of one JSON object or one XML document, bytes.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxDocumentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Limit of a download, bytes as transferred.</summary>
    public long MaxDownloadBytes { get; init; } = 1L << 30;

    /// <summary>For the whole exchange with a server.</summary>
    public TimeSpan HttpTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Client for http and https inputs; null for a shared one.</summary>
    public HttpClient? Http { get; init; }

    /// <summary>Validators of the last fetch, kept by the caller; null to fetch unconditionally.</summary>
    public HttpFeedState? HttpState { get; init; }

    public ParquetRows? ParquetRows { get; init; }

    /// <summary>Finds tickers in records that name none; null for the built-in symbol list.</summary>
    public TickerExtractor? Extractor { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Receives the number of bytes read; null when nobody looks.</summary>
    public FeedProgress? Progress { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A limit is outside its range.</exception>
    internal void Validate()
    {
        Require(nameof(MaxRecordBytes), MaxRecordBytes);
        Require(nameof(MaxDocumentBytes), MaxDocumentBytes);
        if (HttpTimeout <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(HttpTimeout), HttpTimeout, "HttpTimeout must be above 0.");
        if (Delimiter is '"' or '\r' or '\n' or > '\u007f')
            throw new ArgumentOutOfRangeException(nameof(Delimiter), Delimiter,
                "Delimiter must be an ASCII character other than quote and line end.");
    }

    static void Require(string name, int value)
    {
        if (value is < 1024 or > 1024 * 1024 * 1024)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be within 1024..1073741824 bytes.");
    }
}

/// <summary>How far reading has come, for a progress bar. Safe to read from another thread.</summary>
public sealed class FeedProgress
{
    long _bytes;
    long _total = -1;

    /// <summary>Bytes taken from the file or the network, before decompression.</summary>
    public long BytesRead => Interlocked.Read(ref _bytes);

    /// <summary>Size of the input in bytes, or null when it is unknown (stdin, chunked responses).</summary>
    public long? TotalBytes => Interlocked.Read(ref _total) is var total && total < 0 ? null : total;

    internal void Begin(long? total)
    {
        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _total, total ?? -1);
    }

    internal void Add(int bytes) => Interlocked.Add(ref _bytes, bytes);
}

/// <summary>What a server said about the last fetch; passed again, an unchanged feed is not transferred twice.</summary>
public sealed class HttpFeedState
{
    public string? ETag { get; set; }

    public DateTimeOffset? LastModified { get; set; }

    /// <summary>True after a fetch that the server answered with 304.</summary>
    public bool NotModified { get; internal set; }
}
