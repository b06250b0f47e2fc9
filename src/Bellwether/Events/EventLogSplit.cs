namespace Bellwether.Events;

/// <summary>A record that the log does not take.</summary>
/// <param name="Index">Its place among those that were to be appended.</param>
public sealed record RefusedRecord(int Index, string Reason);

/// <summary>Appending where one record may be larger than the log takes.</summary>
public static class EventLogSplit
{
    /// <summary>
    /// Appends all records that are not too large for the log; returns the others. Which ones these are is found by halves, since brokers
    /// tell only that there are some; what went before is sent again with them, and recognised.
    /// </summary>
    public static async Task<IReadOnlyList<RefusedRecord>> AppendFittingAsync(
        this IEventLog log, string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        var refused = new List<RefusedRecord>();
        await AppendAsync(0, records);
        return refused;

        async Task AppendAsync(int start, IReadOnlyList<LogRecord> part)
        {
            try
            {
                await log.AppendAsync(topic, part, cancellationToken);
            }
            catch (EventLogException error) when (error.IsTooLarge)
            {
                if (part.Count == 1)
                {
                    refused.Add(new(start, error.Message));
                    return;
                }
                var half = part.Count / 2;
                await AppendAsync(start, [.. part.Take(half)]);
                await AppendAsync(start + half, [.. part.Skip(half)]);
            }
        }
    }
}
