using System.ComponentModel.DataAnnotations;

namespace Bellwether.Events.Kafka;

public enum KafkaCompression
{
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// <summary>How a user proves who it is.</summary>
public enum KafkaSasl
{
    None,
    Plain,
    ScramSha256,
    ScramSha512,
}

/// <summary>What to do when the brokers have dropped records that a group has not read.</summary>
public enum KafkaGap
{
    /// <summary>Stop reading and say so, until somebody decides.</summary>
    Stop,

    /// <summary>Go on behind the gap and log how many records are missing.</summary>
    Skip,
}

/// <summary>Settings of Kafka as the event log.</summary>
public sealed partial record KafkaOptions
{
    /// <summary><c>host:port,…</c> of some brokers; the others are learnt from them.</summary>
    [Required, RegularExpression(@"^[^\s,]+(\s*,\s*[^\s,]+)*$", ErrorMessage = "BootstrapServers must be host:port, several joined by commas.")]
    public string BootstrapServers { get; init; } = "127.0.0.1:9092";

    /// <summary>Path of librdkafka.so.1; null to search, and to build it when it is nowhere.</summary>
    public string? Library { get; init; }

    /// <summary>Put before the names of topics and groups, so that several desks can share a cluster.</summary>
    [RegularExpression("^[a-z0-9.-]{0,60}$", ErrorMessage = "TopicPrefix must be at most 60 of a-z, 0-9, '-' and '.'.")]
    public string TopicPrefix { get; init; } = "";

    /// <summary>Topics that are missing are made on first use; false where an administrator makes them.</summary>
    public bool CreateTopics { get; init; } = true;

    /// <summary>Copies of every record that a new topic keeps; −1 for what the brokers have as their default.</summary>
    [Range(-1, 100)] public short Replication { get; init; } = -1;

    public KafkaCompression Compression { get; init; } = KafkaCompression.Zstd;

    /// <summary>Largest record, and largest request (message.max.bytes, max.request.size). The brokers must allow as much.</summary>
    [Range(10_000_000, 1_000_000_000)] public int MaxMessageBytes { get; init; } = 16 << 20;

    /// <summary>How long records wait for company before they are sent: more of it compresses better, less of it is sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")] public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>An append that is not acknowledged by then has failed; until then it is sent again by itself.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Questions about topics and offsets are given up after this long.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")] public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a broker holds a request for records when it has none. Brokers of Apache Kafka answer at once when some come; others only when the
    /// time is over, and then half of it is added to every event on the way.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:05")] public TimeSpan FetchWait { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often the group's offsets are told to the brokers, for lag tools. The offsets that count are in PostgreSQL.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")] public TimeSpan AcknowledgeInterval { get; init; } = TimeSpan.FromSeconds(5);

    public KafkaGap OnGap { get; init; }
}
