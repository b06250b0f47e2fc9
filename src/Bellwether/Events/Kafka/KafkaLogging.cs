using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bellwether.Events.Kafka;

/// <summary>Lines of the client library among ours.</summary>
static partial class KafkaLogging
{
    public static void Write(ILogger logger, LogMessage line)
    {
        var level = line.Level switch
        {
            SyslogLevel.Emergency or SyslogLevel.Alert or SyslogLevel.Critical => LogLevel.Critical,
            SyslogLevel.Error => LogLevel.Error,
            SyslogLevel.Warning => LogLevel.Warning,
            SyslogLevel.Notice or SyslogLevel.Info => LogLevel.Information,
            _ => LogLevel.Debug,
        };
        Line(logger, level, line.Facility, line.Message);
    }

    [LoggerMessage(EventId = 1301, Message = "kafka client, {Facility}: {Line}")]
    static partial void Line(ILogger logger, LogLevel level, string facility, string line);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Warning, Message = "kafka, {Topic}: {Problem}")]
    public static partial void Problem(ILogger logger, string topic, string problem);

    [LoggerMessage(EventId = 1303, Level = LogLevel.Information, Message = "kafka, {Topic}: owns partitions {Partitions}")]
    public static partial void Owns(ILogger logger, string topic, string partitions);

    [LoggerMessage(EventId = 1304, Level = LogLevel.Error,
        Message = "kafka, {Topic}/{Partition}: {Records} records from offset {From} on were gone before they were read, and are skipped as EventLog:Kafka:OnGap says")]
    public static partial void Skipped(ILogger logger, string topic, int partition, long records, long from);

    [LoggerMessage(EventId = 1305, Level = LogLevel.Warning,
        Message = "kafka, {Topic}: this broker does not delete records for us ({Reason}); its own retention decides")]
    public static partial void NoTrim(ILogger logger, string topic, string reason);
}
