namespace Bellwether.Events;

/// <summary>The event log cannot be reached, or refused something. The message names the address and what to do, never a secret.</summary>
/// <param name="code">Short stable name of the kind of error, as the log's protocol has it.</param>
public sealed class EventLogException(string message, string code, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    /// <summary>The log is away; the same may succeed later.</summary>
    public bool IsOutage => Code is "Local_Transport" or "Local_AllBrokersDown" or "Local_TimedOut" or "Local_MsgTimedOut" or "Local_Resolve" or "BrokerNotAvailable"
        or "NotEnoughReplicas" or "NotEnoughReplicasAfterAppend";

    /// <summary>A record is larger than the log takes: trying again cannot help, without it the others pass.</summary>
    public bool IsTooLarge => Code is "MsgSizeTooLarge" or "RecordListTooLarge";
}
