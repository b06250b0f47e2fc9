using Confluent.Kafka;

namespace Bellwether.Events.Kafka;

/// <summary>Errors of the client library in words that help: what was tried, where, why it failed, what to do.</summary>
static class KafkaFailure
{
    public static EventLogException Of(string attempt, KafkaOptions options, Error error, Exception? inner = null) =>
        new($"Kafka at {options.BootstrapServers}: {attempt} failed: {Reason(error)}. {Mend(error.Code)}".TrimEnd(), error.Code.ToString(), inner);

    public static EventLogException Of(string attempt, KafkaOptions options, KafkaException error) => Of(attempt, options, error.Error, error);

    // The library's own sentences name brokers and reasons; they hold no password.
    static string Reason(Error error) => error.Reason.TrimEnd('.', ' ');

    static string Mend(ErrorCode code) => code switch
    {
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_MsgTimedOut
            or ErrorCode.Local_Resolve or ErrorCode.BrokerNotAvailable =>
            "Check that the brokers run and that EventLog:Kafka:BootstrapServers names them; what was not acknowledged can be sent again without harm.",
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.UnsupportedSaslMechanism or ErrorCode.IllegalSaslState =>
            "Check EventLog:Kafka:Sasl, User and PasswordFile.",
        ErrorCode.Local_Ssl => "Check EventLog:Kafka:CaFile, CertificateFile and KeyFile, and that the brokers speak TLS on this port.",
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed =>
            "The user lacks the right: let the cluster's administrator grant read, write and describe on the desk's topics and groups.",
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition =>
            "Make it with `bellwether topics create`, or set auto.create.topics.enable=true on the brokers.",
        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge =>
            "Raise EventLog:Kafka:MaxMessageBytes, and message.max.bytes of the brokers or max.message.bytes of the topic.",
        ErrorCode.InvalidSessionTimeout => "Brokers take a session between group.min.session.timeout.ms (6 s) and group.max.session.timeout.ms: change EventLog:LeaseTime.",
        ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend => "Too few copies are in sync: bring the other brokers back, or lower min.insync.replicas.",
        _ => "",
    };
}
