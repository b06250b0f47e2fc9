using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Bellwether.Events;

/// <summary>A record that was put aside.</summary>
/// <param name="Origin">topic/partition@offset, or input:line.</param>
/// <param name="Stage">Step that refused it.</param>
/// <param name="ErrorClass">Kind of error, for counting.</param>
/// <param name="Status">open, replaying, replayed or discarded.</param>
/// <param name="Attempt">How often it was refused.</param>
/// <param name="Bytes">Size of the record.</param>
public sealed record DeadLetterSummary(
    long Id, DateTimeOffset CreatedAt, string Stage, string ErrorClass, string Origin, string? Topic, string? Key, string Message, int Attempt, string Status,
    int Bytes);

/// <summary>One thing that happened to a letter.</summary>
/// <param name="Outcome">refused or replayed.</param>
public sealed record DeadLetterAttempt(DateTimeOffset At, int Attempt, string Outcome, string? Stage, string? ErrorClass, string? Message);

/// <summary>A letter whole.</summary>
public sealed record DeadLetterContent(
    DeadLetterSummary Summary, int? Partition, long? Offset, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Value,
    IReadOnlyList<DeadLetterAttempt> Attempts)
{
    /// <summary>Size of the record as it came.</summary>
    public long FullBytes => Headers.TryGetValue(DeadLetter.BytesHeader, out var text)
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : Value.Length;

    /// <summary>Only the beginning is kept.</summary>
    public bool IsTruncated => FullBytes > Value.Length;
}

/// <param name="Topic">Input topic; null for records that were refused before they reached one.</param>
/// <param name="Oldest">When the oldest of them was put aside.</param>
public sealed record DeadLetterCount(string? Topic, string Stage, string ErrorClass, string Status, long Letters, DateTimeOffset Oldest);

/// <summary>Reads and removes dead letters.</summary>
public sealed class DeadLetterTable(NpgsqlDataSource dataSource)
{
    const string Columns = "id, created_at, stage, error_class, origin, topic, key, message, attempt, status, length(value)";

    /// <summary>Newest first.</summary>
    /// <param name="before">Only letters with a smaller number, for paging.</param>
    public async Task<IReadOnlyList<DeadLetterSummary>> ListAsync(DeadLetterFilter filter, int limit, long? before, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            $"SELECT {Columns} FROM ops.dead_letters WHERE {DeadLetterFilter.Sql} AND id < $9 ORDER BY id DESC LIMIT $10");
        filter.AddTo(command);
        command.Parameters.Add(new() { Value = before ?? long.MaxValue });
        command.Parameters.Add(new() { Value = limit });
        var letters = new List<DeadLetterSummary>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) letters.Add(Summary(row));
        return letters;
    }

    public async Task<long> CountAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"SELECT count(*) FROM ops.dead_letters WHERE {DeadLetterFilter.Sql}");
        filter.AddTo(command);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How many by topic, stage, class and status, the most first.</summary>
    public async Task<IReadOnlyList<DeadLetterCount>> CountsAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"""
            SELECT topic, stage, error_class, status, count(*), min(created_at) FROM ops.dead_letters WHERE {DeadLetterFilter.Sql}
            GROUP BY topic, stage, error_class, status ORDER BY count(*) DESC, topic, stage, error_class, status
            """);
        filter.AddTo(command);
        var counts = new List<DeadLetterCount>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            counts.Add(new(Text(row, 0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetFieldValue<DateTimeOffset>(5)));
        return counts;
    }

    /// <summary>Null when there is no such letter.</summary>
    public async Task<DeadLetterContent?> ShowAsync(long id, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(new($"SELECT {Columns}, partition, log_offset, headers::text, value FROM ops.dead_letters WHERE id = $1") { Parameters = { new() { Value = id } } });
        batch.BatchCommands.Add(new("SELECT at, attempt, outcome, stage, error_class, message FROM ops.dead_letter_attempts WHERE letter_id = $1 ORDER BY id")
        {
            Parameters = { new() { Value = id } },
        });
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        var (summary, attempts) = (Summary(row), new List<DeadLetterAttempt>());
        var content = new DeadLetterContent(
            summary, row.IsDBNull(11) ? null : row.GetInt32(11), row.IsDBNull(12) ? null : row.GetInt64(12),
            JsonSerializer.Deserialize(row.GetString(13), LogHeadersJson.Default.DictionaryStringString)!, row.GetFieldValue<byte[]>(14), attempts);
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            attempts.Add(new(row.GetFieldValue<DateTimeOffset>(0), row.GetInt32(1), row.GetString(2), Text(row, 3), Text(row, 4), Text(row, 5)));
        return content;
    }

    /// <summary>Removes letters for good, and returns how many. Their records stay known: they are not taken when they come again.</summary>
    public async Task<long> PurgeAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"DELETE FROM ops.dead_letters WHERE {DeadLetterFilter.Sql}");
        filter.AddTo(command);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static DeadLetterSummary Summary(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetString(4), Text(row, 5), Text(row, 6),
        row.GetString(7), row.GetInt32(8), row.GetString(9), row.GetInt32(10));

    static string? Text(NpgsqlDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetString(ordinal);
}
