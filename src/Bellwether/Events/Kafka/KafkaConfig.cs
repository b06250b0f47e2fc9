using Confluent.Kafka;

namespace Bellwether.Events.Kafka;

/// <summary>Settings of the client library, made from ours.</summary>
static class KafkaConfig
{
    // Many times what one fetch brings, and still a bound: two consumers of a process prefetch no more than twice this.
    const int PrefetchKilobytes = 32 << 10;
    const int SendQueueKilobytes = 64 << 10;
    const int MegaByte = 1 << 20;
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5), Slack = TimeSpan.FromMinutes(1);

    // An answer that was lost with its broker is waited for no longer; the request is then sent again.
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    public static ProducerConfig Producer(KafkaOptions options) => new(Common(options))
    {
        // Acknowledged by all in-sync copies, in order and once, whatever is sent again.
        Acks = Acks.All,
        EnableIdempotence = true,
        // Where other programs write too, a ticker lands in the partition that the Java client would choose.
        Partitioner = Partitioner.Murmur2Random,
        CompressionType = options.Compression switch
        {
            KafkaCompression.None => CompressionType.None,
            KafkaCompression.Gzip => CompressionType.Gzip,
            KafkaCompression.Snappy => CompressionType.Snappy,
            KafkaCompression.Lz4 => CompressionType.Lz4,
            KafkaCompression.Zstd => CompressionType.Zstd,
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Compression, "no such compression"),
        },
        LingerMs = options.Linger.TotalMilliseconds,
        MessageTimeoutMs = (int)options.DeliveryTimeout.TotalMilliseconds,
        // Records behind an unanswered request wait for it, as their order must stay.
        RequestTimeoutMs = (int)Math.Min(options.DeliveryTimeout.TotalMilliseconds, LongestAnswer.TotalMilliseconds),
        QueueBufferingMaxKbytes = Math.Max(SendQueueKilobytes, 2 * (options.MaxMessageBytes / 1024)),
        // Reports tell failure or success; the records themselves need not come back.
        DeliveryReportFields = "none",
    };

    public static ConsumerConfig Consumer(KafkaOptions options, string group, TimeSpan lease)
    {
        var fetchBytes = Math.Max(options.MaxMessageBytes, 50 * MegaByte);
        return new(Common(options))
        {
            GroupId = group,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            SessionTimeoutMs = (int)lease.TotalMilliseconds,
            // Above the session, which the library asks for: a partition that is given up waits that long for its batch.
            MaxPollIntervalMs = (int)Math.Max(LongestPause.TotalMilliseconds, (lease + Slack).TotalMilliseconds),
            // Members hear of a rebalance with a heartbeat, and a partition that moves waits for two of them.
            HeartbeatIntervalMs = (int)Math.Min(lease.TotalMilliseconds / 4, 1_000),
            // A record counts as read when its result is committed, and that is known to PostgreSQL first.
            EnableAutoOffsetStore = false,
            EnableAutoCommit = true,
            AutoCommitIntervalMs = (int)options.AcknowledgeInterval.TotalMilliseconds,
            // An offset that the brokers do not have is a gap to be told, not a reason to start anywhere else.
            AutoOffsetReset = AutoOffsetReset.Error,
            AllowAutoCreateTopics = false,
            FetchWaitMaxMs = Math.Max(1, (int)options.FetchWait.TotalMilliseconds),
            MaxPartitionFetchBytes = options.MaxMessageBytes,
            FetchMaxBytes = fetchBytes,
            ReceiveMessageMaxBytes = fetchBytes + MegaByte,
            QueuedMaxMessagesKbytes = Math.Max(PrefetchKilobytes, options.MaxMessageBytes / 1024),
            QueuedMinMessages = 20_000,
            FetchQueueBackoffMs = 10,
            FetchErrorBackoffMs = 100,
        };
    }

    public static ClientConfig Common(KafkaOptions options) => new()
    {
        BootstrapServers = options.BootstrapServers,
        ClientId = "bellwether",
        SecurityProtocol = (options.Tls, options.Sasl != KafkaSasl.None) switch
        {
            (false, false) => SecurityProtocol.Plaintext,
            (true, false) => SecurityProtocol.Ssl,
            (false, true) => SecurityProtocol.SaslPlaintext,
            (true, true) => SecurityProtocol.SaslSsl,
        },
        SslCaLocation = options.CaFile,
        SslCertificateLocation = options.CertificateFile,
        SslKeyLocation = options.KeyFile,
        SslKeyPassword = options.ReadKeyPassword(),
        SaslMechanism = options.Sasl switch
        {
            KafkaSasl.Plain => SaslMechanism.Plain,
            KafkaSasl.ScramSha256 => SaslMechanism.ScramSha256,
            KafkaSasl.ScramSha512 => SaslMechanism.ScramSha512,
            _ => null,
        },
        SaslUsername = options.User,
        SaslPassword = options.ReadPassword(),
        MessageMaxBytes = options.MaxMessageBytes,
        ReconnectBackoffMs = 100,
        ReconnectBackoffMaxMs = 2_000,
        SocketTimeoutMs = (int)(LongestAnswer + options.FetchWait).TotalMilliseconds,
        SocketKeepaliveEnable = true,
        SocketNagleDisable = true,
        // A topic that has just been made is known to the client within this time.
        TopicMetadataRefreshFastIntervalMs = 100,
        EnableMetricsPush = false,
    };
}
