using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Npgsql;

namespace Bellwether.Events.Kafka;

/// <summary>What an administrator does: topics made, looked at and trimmed. Where a broker lacks a call, what it does by itself is used.</summary>
public sealed partial class KafkaEventLog
{
    public async Task<IReadOnlyList<PartitionState>> DescribeAsync(string topic, CancellationToken cancellationToken)
    {
        // Asked anew each time: partitions may have been added.
        var count = await AskCountAsync(topic, create: false, cancellationToken);
        if (count == 0) return [];
        var first = await OffsetsAsync(topic, count, OffsetSpec.Earliest(), cancellationToken);
        var next = await OffsetsAsync(topic, count, OffsetSpec.Latest(), cancellationToken);
        return [.. Enumerable.Range(0, count).Select(p => new PartitionState(p, first[p], next[p]))];
    }

    /// <inheritdoc/>
    public async Task<TopicMade> CreateAsync(string topic, int? partitions, int? replication, CancellationToken cancellationToken)
    {
        if (await CountAsync(topic, create: false, cancellationToken) is > 0 and var there) return new(topic, there, false, null);
        var wanted = partitions ?? _options.Partitions;
        var refused = await TryCreateAsync(topic, wanted, (short)(replication ?? _options.Kafka.Replication), cancellationToken);
        // Brokers that make topics by themselves do it when they are asked about one.
        if (refused is not null && await CountAsync(topic, create: true, cancellationToken) is 0)
            throw new EventLogException(
                $"Kafka at {_options.Kafka.BootstrapServers}: topic {Name(topic)} is not there and cannot be made: {refused.Reason.TrimEnd('.')}. "
                + $"Make it with the cluster's own tools ({wanted} partitions, max.message.bytes {_options.Kafka.MaxMessageBytes}), or set auto.create.topics.enable=true and num.partitions={wanted} on the brokers.",
                refused.Code.ToString());
        var made = await WaitForAsync(topic, cancellationToken);
        return new(topic, made, true, refused is null ? null
            : $"the broker does not make topics on request ({refused.Reason.TrimEnd('.')}), but made this one by itself, with its own num.partitions");
    }

    /// <summary>Drops what every group has read, where the brokers let us.</summary>
    public async Task<long> TrimAsync(string topic, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var states = await DescribeAsync(topic, cancellationToken);
        if (states.Count == 0) return 0;
        var read = await ReadOffsetsAsync(topic, cancellationToken);
        try
        {
            var old = await OffsetsAsync(topic, states.Count, OffsetSpec.ForTimestamp(before.ToUnixTimeMilliseconds()), cancellationToken);
            var targets = states.Where(s => read.ContainsKey(s.Partition))
                // No record as young as that: everything is older.
                .Select(s => (State: s, To: Math.Min(read[s.Partition], old[s.Partition] < 0 ? s.NextOffset : old[s.Partition])))
                .Where(t => t.To > t.State.FirstOffset).ToArray();
            if (targets.Length == 0) return 0;
            await _sender.Admin.DeleteRecordsAsync(targets.Select(t => new TopicPartitionOffset(Name(topic), t.State.Partition, t.To)),
                new() { RequestTimeout = _options.Kafka.RequestTimeout }).WaitAsync(cancellationToken);
            return targets.Sum(t => t.To - t.State.FirstOffset);
        }
        catch (KafkaException error)
        {
            KafkaLogging.NoTrim(_logger, Name(topic), error.Error.Reason);
            return 0;
        }
    }

    /// <summary>The least that any group has read, by partition.</summary>
    async Task<Dictionary<int, long>> ReadOffsetsAsync(string topic, CancellationToken cancellationToken)
    {
        await using var command = _dataSource.CreateCommand(
            "SELECT partition, min(next_offset) FROM ops.consumer_offsets WHERE topic = $1 AND consumer_group LIKE '%@' || $2 GROUP BY partition");
        command.Parameters.AddRange(new NpgsqlParameter[] { new() { Value = topic }, new() { Value = _options.StoredGroup("")[1..] } });
        var read = new Dictionary<int, long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) read[reader.GetInt32(0)] = reader.GetInt64(1);
        return read;
    }

    async Task EnsureAsync(string topic, CancellationToken cancellationToken)
    {
        _ = PostgresLogAppender.TableOf(topic); // one rule for names in both logs, so that a desk can be moved
        if (_partitions.ContainsKey(topic)) return;
        if (_options.Kafka.CreateTopics) await CreateAsync(topic, null, null, cancellationToken);
        else if (await CountAsync(topic, create: false, cancellationToken) == 0)
            throw KafkaFailure.Of($"looking for topic {Name(topic)}", _options.Kafka, new Error(ErrorCode.UnknownTopicOrPart));
    }

    /// <summary>Null when it was made, or by another at the same moment; else why not.</summary>
    async Task<Error?> TryCreateAsync(string topic, int partitions, short replication, CancellationToken cancellationToken)
    {
        // What goes in is dropped when it was read (see TrimAsync), never by age alone; what comes out is for others to read in time.
        var input = topic is Topics.HighPriority or Topics.StandardPriority;
        var specification = new TopicSpecification
        {
            Name = Name(topic),
            NumPartitions = partitions,
            ReplicationFactor = replication,
            Configs = new()
            {
                ["retention.ms"] = input ? "-1" : ((long)_options.Retention.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
                ["max.message.bytes"] = _options.Kafka.MaxMessageBytes.ToString(CultureInfo.InvariantCulture),
            },
        };
        try
        {
            await _sender.Admin.CreateTopicsAsync([specification], new() { RequestTimeout = _options.Kafka.RequestTimeout }).WaitAsync(cancellationToken);
            return null;
        }
        catch (CreateTopicsException error)
        {
            var reason = error.Results.Count > 0 ? error.Results[0].Error : error.Error;
            return reason.Code == ErrorCode.TopicAlreadyExists ? null : reason;
        }
        catch (KafkaException error)
        {
            return error.Error;
        }
    }

    async Task<int> WaitForAsync(string topic, CancellationToken cancellationToken)
    {
        // The brokers tell each other of a new topic in the background.
        var started = _time.GetTimestamp();
        while (true)
        {
            if (await CountAsync(topic, create: false, cancellationToken) is > 0 and var count) return count;
            if (_time.GetElapsedTime(started) > _options.Kafka.RequestTimeout)
                throw KafkaFailure.Of($"waiting for the new topic {Name(topic)}", _options.Kafka, new Error(ErrorCode.Local_TimedOut));
            await Task.Delay(TimeSpan.FromMilliseconds(50), _time, cancellationToken);
        }
    }

    /// <summary>Partitions of a topic, 0 for none. With <paramref name="create"/> a broker that makes topics by itself makes it.</summary>
    async Task<int> CountAsync(string topic, bool create, CancellationToken cancellationToken) =>
        _partitions.TryGetValue(topic, out var known) ? known : await AskCountAsync(topic, create, cancellationToken);

    async Task<int> AskCountAsync(string topic, bool create, CancellationToken cancellationToken)
    {
        try
        {
            // The library has this call as a blocking one only.
            var found = create
                ? await Task.Run(() => _sender.Admin.GetMetadata(Name(topic), _options.Kafka.RequestTimeout).Topics.SingleOrDefault()?.Partitions.Count ?? 0, cancellationToken)
                : (await _sender.Admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([Name(topic)]), new() { RequestTimeout = _options.Kafka.RequestTimeout })
                    .WaitAsync(cancellationToken)).TopicDescriptions[0].Partitions.Count;
            if (found > 0) _partitions[topic] = found;
            return found;
        }
        catch (DescribeTopicsException error) when (error.Results.TopicDescriptions is [{ Error.Code: ErrorCode.UnknownTopicOrPart or ErrorCode.LeaderNotAvailable }])
        {
            return 0;
        }
        catch (DescribeTopicsException error)
        {
            throw KafkaFailure.Of($"looking for topic {Name(topic)}", _options.Kafka, error.Results.TopicDescriptions.FirstOrDefault()?.Error ?? error.Error, error);
        }
        catch (KafkaException error)
        {
            throw KafkaFailure.Of($"looking for topic {Name(topic)}", _options.Kafka, error);
        }
    }

    async Task<long[]> OffsetsAsync(string topic, int count, OffsetSpec which, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _sender.Admin.ListOffsetsAsync(
                Enumerable.Range(0, count).Select(p => new TopicPartitionOffsetSpec { TopicPartition = new(Name(topic), p), OffsetSpec = which }),
                new() { RequestTimeout = _options.Kafka.RequestTimeout }).WaitAsync(cancellationToken);
            var offsets = new long[count];
            foreach (var info in answer.ResultInfos) offsets[info.TopicPartitionOffsetError.Partition] = info.TopicPartitionOffsetError.Offset;
            return offsets;
        }
        catch (KafkaException error)
        {
            throw KafkaFailure.Of($"asking for offsets of {Name(topic)}", _options.Kafka, error);
        }
    }
}
