using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Bellwether.Events;

/// <summary>
/// Copies dead letters to the brokers' topics <c>*.dlq</c>, for consumers and alarms of the user's own. What counts is the table: it is written
/// in the transaction that refuses the record, and only there are letters looked at, replayed and purged.
/// </summary>
public sealed class DeadLetterTopics(NpgsqlDataSource dataSource, IEventLog brokers)
{
    const int LettersAtOnce = 500;
    const int BytesAtOnce = 16 << 20;

    // As much of a record that the brokers do not take as a person wants to see.
    const int Beginning = 64 << 10;

    sealed record Letter(long Id, int Attempt, string Topic, LogRecord Record);

    /// <summary>
    /// Copies letters that are new, or were refused once more, until none is left; returns how many. At least once: <c>bellwether-id</c>,
    /// <c>dead-letter/ID@ATTEMPT</c>, is the same for every copy.
    /// </summary>
    public async Task<long> PublishAsync(CancellationToken cancellationToken)
    {
        var published = 0L;
        while (await ReadAsync(cancellationToken) is { Count: > 0 } letters)
        {
            foreach (var group in letters.GroupBy(letter => letter.Topic))
            {
                var records = group.Select(letter => letter.Record).ToArray();
                var refused = await brokers.AppendFittingAsync(group.Key, records, cancellationToken);
                if (refused.Count > 0) await brokers.AppendAsync(group.Key, [.. refused.Select(r => Shortened(records[r.Index]))], cancellationToken);
            }
            await using var mark = dataSource.CreateCommand("""
                UPDATE ops.dead_letters AS d SET published_attempt = n.attempt FROM unnest($1::bigint[], $2::int[]) AS n(id, attempt)
                WHERE d.id = n.id AND d.published_attempt < n.attempt
                """);
            mark.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. letters.Select(letter => letter.Id)] });
            mark.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. letters.Select(letter => letter.Attempt)] });
            await mark.ExecuteNonQueryAsync(cancellationToken);
            published += letters.Count;
        }
        return published;
    }

    async Task<List<Letter>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var read = dataSource.CreateCommand("""
            SELECT id, attempt, topic, coalesce(key, ''), value, headers::text FROM ops.dead_letters WHERE published_attempt < attempt ORDER BY id LIMIT $1
            """);
        read.Parameters.Add(new() { Value = LettersAtOnce });
        var letters = new List<Letter>();
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        for (var bytes = 0; bytes < BytesAtOnce && await row.ReadAsync(cancellationToken); bytes += letters[^1].Record.Value.Length)
        {
            var (id, attempt) = (row.GetInt64(0), row.GetInt32(1));
            var headers = JsonSerializer.Deserialize(row.GetString(5), LogHeadersJson.Default.DictionaryStringString)!;
            headers[LogForwarder.IdHeader] = string.Create(CultureInfo.InvariantCulture, $"dead-letter/{id}@{attempt}");
            letters.Add(new(id, attempt, Topics.DeadLettersOf(row.IsDBNull(2) ? null : row.GetString(2)), new(row.GetString(3), row.GetFieldValue<byte[]>(4), headers)));
        }
        return letters;
    }

    static LogRecord Shortened(LogRecord record)
    {
        var headers = new Dictionary<string, string>(record.Headers ?? new Dictionary<string, string>());
        headers.TryAdd(DeadLetter.BytesHeader, record.Value.Length.ToString(CultureInfo.InvariantCulture));
        return record with { Value = record.Value[..Math.Min(record.Value.Length, Beginning)], Headers = headers };
    }
}
