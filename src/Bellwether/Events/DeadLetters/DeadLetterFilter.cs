using Npgsql;

namespace Bellwether.Events;

/// <summary>Which dead letters are meant; what is null does not matter.</summary>
/// <param name="Ids">These letters.</param>
/// <param name="Key">Key of the record: a ticker.</param>
/// <param name="Since">Put aside at or after.</param>
/// <param name="Until">Put aside before.</param>
public sealed record DeadLetterFilter(
    IReadOnlyList<long>? Ids = null, string? Topic = null, string? Stage = null, string? ErrorClass = null, string? Status = null, string? Key = null,
    DateTimeOffset? Since = null, DateTimeOffset? Until = null)
{
    public static readonly string[] Statuses = ["open", "replaying", "replayed", "discarded"];

    /// <summary>Conditions over <c>ops.dead_letters</c> with parameters $1 to $8.</summary>
    internal const string Sql = """
        ($1::bigint[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR topic = $2) AND ($3::text IS NULL OR stage = $3)
        AND ($4::text IS NULL OR error_class = $4) AND ($5::text IS NULL OR status = $5) AND ($6::text IS NULL OR key = $6)
        AND ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)
        """;

    internal void AddTo(NpgsqlCommand command)
    {
        command.Parameters.Add(new NpgsqlParameter<long[]?> { TypedValue = Ids?.ToArray() });
        foreach (var text in new[] { Topic, Stage, ErrorClass, Status, Key }) command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = text });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = Since?.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = Until?.UtcDateTime });
    }
}
