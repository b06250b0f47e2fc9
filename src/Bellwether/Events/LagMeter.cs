using System.Collections.Concurrent;
using Bellwether.Diagnostics;

namespace Bellwether.Events;

/// <summary>Lag of a process: loops of one topic have partitions of their own, so what each has still to read adds up.</summary>
static class LagMeter
{
    static readonly ConcurrentDictionary<ILogConsumer, (string Topic, long Records)> Loops = new(ReferenceEqualityComparer.Instance);

    /// <summary>Tells the lag of one loop.</summary>
    public static void Record(ILogConsumer consumer, string topic)
    {
        Loops[consumer] = (topic, consumer.Lag);
        Tell(topic);
    }

    /// <summary>A loop that has ended has nothing more to read: others have it.</summary>
    public static void Forget(ILogConsumer consumer)
    {
        if (Loops.TryRemove(consumer, out var last)) Tell(last.Topic);
    }

    /// <summary>What all loops of this process have still to read of a topic.</summary>
    public static long Of(string topic) => Loops.Values.Where(l => l.Topic == topic).Sum(l => l.Records);

    static void Tell(string topic) => Instruments.ConsumerLag.Record(
        Of(topic), new KeyValuePair<string, object?>("topic", topic), new KeyValuePair<string, object?>("priority", Priority(topic)));

    static string Priority(string topic) => topic switch
    {
        Topics.HighPriority => "high",
        Topics.StandardPriority => "standard",
        _ => "none",
    };
}
