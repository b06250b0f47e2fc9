using System.Diagnostics;
using Confluent.Kafka;
using Npgsql;

namespace Bellwether.Events.Kafka;

/// <summary>
/// Coming and going of partitions, on the consumer's thread. A partition is given up when all of its batches that were handed out are
/// acknowledged or given back, so that the next owner begins behind them; a member that takes longer than the lease is not waited for, and
/// its batch is refused.
/// </summary>
sealed partial class KafkaLogConsumer
{
    readonly BatchesInHand _inHand = new();
    bool _checkEnds;

    /// <summary>Partitions that are this member's for the group, also while it only waits for the end of their batches.</summary>
    internal int Owned => Consumer.Assignment.Count;

    protected override void Handed(IReadOnlyList<LogEntry> entries) => _inHand.Handed(entries);

    IEnumerable<TopicPartitionOffset> Assigned(List<TopicPartition> partitions)
    {
        var numbers = partitions.Select(p => p.Partition.Value).ToArray();
        Joined();
        try
        {
            var positions = Load(numbers, checkEnds: true);
            WithBuffer(buffer =>
            {
                buffer.Own(positions);
                KafkaLogging.Owns(Logger, KafkaTopic, string.Join(',', buffer.Partitions.Order()));
            });
            return positions.Select(p => new TopicPartitionOffset(KafkaTopic, p.Partition, p.Offset));
        }
        catch (Exception error) when (error is NpgsqlException or KafkaException or EventLogException or IOException)
        {
            // Not an end: the next poll tells it, and positions are looked for again. Until then nothing that comes is taken.
            (Adrift, _checkEnds) = (true, true);
            Trouble(error is KafkaException kafka ? KafkaFailure.Of($"asking for the ends of {KafkaTopic}", Options.Kafka, kafka) : error);
            return partitions.Select(p => new TopicPartitionOffset(p, Offset.End));
        }
    }

    void Revoked(int[] partitions)
    {
        DropChunk(partitions.Contains);
        WithBuffer(buffer => buffer.Disown(partitions));
        var began = Stopwatch.GetTimestamp();
        while (_inHand.Ending(partitions) is { } batch && Options.LeaseTime - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero) batch.Wait(left);
        // Before the partitions are gone, so that lag tools see how far they were worked through.
        Store();
    }

    void Lost(int[] partitions)
    {
        DropChunk(partitions.Contains);
        WithBuffer(buffer => buffer.Disown(partitions));
    }

    protected override void OnConsume(ConsumeException error)
    {
        if (error.Error.Code != ErrorCode.Local_AutoOffsetReset)
        {
            base.OnConsume(error);
            return;
        }
        // The brokers have dropped what comes next here: the next poll finds out how much.
        (Adrift, _checkEnds) = (true, true);
        Trouble(KafkaFailure.Of($"reading {KafkaTopic}", Options.Kafka, error));
    }

    /// <summary>Goes to the stored offsets; false when the partitions are not ready for it yet and it is to be tried again.</summary>
    bool Rewound(out Exception? failure)
    {
        failure = null;
        Adrift = true;
        var partitions = Consumer.Assignment.Select(p => p.Partition.Value).ToArray();
        try
        {
            var positions = Load(partitions, _checkEnds);
            if (!positions.All(TrySeek)) return false;
            WithBuffer(buffer =>
            {
                buffer.Disown(buffer.Partitions);
                buffer.Own(positions);
            });
            (Adrift, _checkEnds) = (false, false);
            _suspected.Clear();
        }
        catch (Exception error) when (error is NpgsqlException or KafkaException or EventLogException or IOException)
        {
            failure = error is KafkaException kafka ? KafkaFailure.Of($"going back in {KafkaTopic}", Options.Kafka, kafka) : error;
        }
        return true;
    }

    bool TrySeek(PartitionOffset to)
    {
        try
        {
            Consumer.Seek(new(KafkaTopic, to.Partition, to.Offset));
            return true;
        }
        catch (KafkaException error) when (error.Error.Code is ErrorCode.Local_State or ErrorCode.Local_UnknownPartition)
        {
            // Between assignment and first request there is nothing to seek in; a partition that was taken away needs none.
            return false;
        }
    }

    /// <summary>The stored offsets of partitions; one that was never read begins at its oldest record. Blocks: this thread is for that.</summary>
    PartitionOffset[] Load(int[] partitions, bool checkEnds)
    {
        if (partitions.Length == 0) return [];
        using var connection = _dataSource.OpenConnection();
        var stored = Read(connection, partitions);
        if (!checkEnds && stored.Count == partitions.Length) return Positions();
        var ends = partitions.ToDictionary(p => p, p => Consumer.QueryWatermarkOffsets(new(KafkaTopic, p), Options.Kafka.RequestTimeout));
        var fresh = partitions.Where(p => !stored.ContainsKey(p)).ToArray();
        if (fresh.Length > 0)
        {
            using var insert = new NpgsqlCommand("""
                INSERT INTO ops.consumer_offsets (consumer_group, topic, partition, next_offset)
                SELECT $1, $2, p.partition, p.first FROM unnest($3::int[], $4::bigint[]) AS p(partition, first) ON CONFLICT DO NOTHING
                """, connection)
            {
                Parameters = { new() { Value = _group }, new() { Value = Topic }, new() { Value = fresh }, new() { Value = fresh.Select(p => ends[p].Low.Value).ToArray() } },
            };
            insert.ExecuteNonQuery();
            stored = Read(connection, partitions);
        }
        foreach (var partition in partitions) Check(connection, partition, stored, ends[partition].Low, ends[partition].High);
        return Positions();

        PartitionOffset[] Positions() => [.. partitions.Select(p => new PartitionOffset(p, stored[p]))];
    }

    Dictionary<int, long> Read(NpgsqlConnection connection, int[] partitions)
    {
        using var read = new NpgsqlCommand(
            "SELECT partition, next_offset FROM ops.consumer_offsets WHERE consumer_group = $1 AND topic = $2 AND partition = ANY($3)", connection)
        {
            Parameters = { new() { Value = _group }, new() { Value = Topic }, new() { Value = partitions } },
        };
        var stored = new Dictionary<int, long>();
        using var reader = read.ExecuteReader();
        while (reader.Read()) stored[reader.GetInt32(0)] = reader.GetInt64(1);
        return stored;
    }

    void Check(NpgsqlConnection connection, int partition, Dictionary<int, long> stored, long first, long end)
    {
        var next = stored[partition];
        if (next > end)
            throw new EventLogException(
                $"Kafka at {Options.Kafka.BootstrapServers}: {KafkaTopic}/{partition} ends at offset {end}, but group {_group} has read up to {next}: the topic was made anew, or this is another cluster. "
                + "Go back to the old one, or give EventLog:Kafka:TopicPrefix another value, under which the group begins anew.", "OffsetBeyondEnd");
        if (next >= first) return;
        if (Options.Kafka.OnGap == KafkaGap.Stop)
            throw new EventLogException(
                $"Kafka at {Options.Kafka.BootstrapServers}: {KafkaTopic}/{partition} begins at offset {first}, but group {_group} has read up to {next} only: "
                + $"the brokers dropped {first - next} records unread. Bring them in again and set EventLog:Kafka:OnGap to Skip to go on behind the gap; raise retention.ms of the topic.", "Gap");
        using var move = new NpgsqlCommand("""
            UPDATE ops.consumer_offsets SET next_offset = $5, updated_at = now()
            WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
            """, connection)
        {
            Parameters = { new() { Value = _group }, new() { Value = Topic }, new() { Value = partition }, new() { Value = next }, new() { Value = first } },
        };
        move.ExecuteNonQuery();
        stored[partition] = first;
        KafkaLogging.Skipped(Logger, KafkaTopic, partition, first - next, next);
    }
}
