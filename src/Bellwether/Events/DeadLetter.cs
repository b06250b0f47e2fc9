using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Bellwether.Events;

/// <summary>A record that could not be worked on, kept whole with the reason.</summary>
/// <param name="Origin">Where it came from: <c>topic/partition@offset</c>, or <c>file:line</c>.</param>
/// <param name="Stage">Step of the pipeline that refused it: normalise, decode, score, store.</param>
/// <param name="ErrorClass">Short stable name of the kind of error, for counting.</param>
/// <param name="Message">A sentence for a person.</param>
public sealed record DeadLetter(
    string Origin, string? Key, ReadOnlyMemory<byte> Value, IReadOnlyDictionary<string, string> Headers, string Stage, string ErrorClass, string Message)
{
    const string Prefix = "__bellwether.errors.";
    static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>();

    public string? Topic { get; private init; }
    public int? Partition { get; private init; }
    public long? Offset { get; private init; }

    /// <summary>Keys in the inbox that this letter takes, so that a redelivery of the same record is recognised. Empty for none.</summary>
    public IReadOnlyList<Guid> InboxKeys { get; init; } = [];

    public static DeadLetter From(LogEntry entry, string stage, string errorClass, string message) =>
        new($"{entry.Topic}/{entry.Partition}@{entry.Offset}", entry.Key, entry.Value, entry.Headers, stage, errorClass, message)
        {
            Topic = entry.Topic,
            Partition = entry.Partition,
            Offset = entry.Offset,
        };

    public static DeadLetter From(string origin, ReadOnlyMemory<byte> value, string message) =>
        new(origin, null, value, NoHeaders, "normalise", "rejected", message);

    /// <summary>The same record refused again is the same letter: origin and content decide.</summary>
    Guid Fingerprint
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.UTF8.GetBytes(Origin));
            hash.AppendData([0]);
            hash.AppendData(Value.Span);
            return new Guid(hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
        }
    }

    /// <summary>Stores letters in the connection's current transaction; returns how many were new.</summary>
    public static async Task<int> StoreAsync(NpgsqlConnection connection, IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        if (letters.Count == 0) return 0;
        var distinct = letters.DistinctBy(l => l.Fingerprint).OrderBy(l => l.Fingerprint).ToArray();
        await using var insert = new NpgsqlCommand("""
            INSERT INTO ops.dead_letters (fingerprint, topic, partition, log_offset, origin, key, value, headers, stage, error_class, message)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::jsonb[], $9::text[], $10::text[], $11::text[])
            ON CONFLICT (fingerprint) DO UPDATE SET attempt = ops.dead_letters.attempt + 1
            RETURNING xmax = 0
            """, connection);
        void Add<T>(Func<DeadLetter, T> value) => insert.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. distinct.Select(value)] });
        Add(l => l.Fingerprint);
        Add(l => l.Topic);
        Add(l => l.Partition);
        Add(l => l.Offset);
        Add(l => l.Origin);
        Add(l => l.Key);
        Add(l => l.Value.ToArray());
        insert.Parameters.Add(new() { Value = distinct.Select(l => l.HeadersWithError()).ToArray(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Jsonb });
        Add(l => l.Stage);
        Add(l => l.ErrorClass);
        Add(l => l.Message.Replace("\0", "\\0", StringComparison.Ordinal));
        var added = 0;
        await using var reader = await insert.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            if (reader.GetBoolean(0)) added++;
        return added;
    }

    string HeadersWithError()
    {
        var headers = new Dictionary<string, string>(Headers)
        {
            [Prefix + "stage"] = Stage,
            [Prefix + "exception.class"] = ErrorClass,
            [Prefix + "message"] = Message.Replace("\0", "\\0", StringComparison.Ordinal),
            [Prefix + "attempt"] = "1",
        };
        if (Topic is not null)
        {
            headers[Prefix + "topic"] = Topic;
            headers[Prefix + "partition"] = $"{Partition}";
            headers[Prefix + "offset"] = $"{Offset}";
        }
        return JsonSerializer.Serialize(headers, LogHeadersJson.Default.DictionaryStringString);
    }
}
