using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>The payload of an old row: what its file had of one, and the columns that have no place of their own.</summary>
static class LegacyPayload
{
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    /// <summary>Valid JSON; null when there is nothing to keep. The file's own object stays as it is unless something has to be added.</summary>
    public static string? Of(string? given, List<(string Name, string Json)> rest)
    {
        var own = given is null ? null : Storable(given);
        if (rest.Count == 0) return own;
        var text = new StringBuilder(own is null ? "{" : $"{{\"payload\":{own},\"columns\":{{");
        for (var i = 0; i < rest.Count; i++)
            text.Append(i > 0 ? "," : "").Append(JsonSerializer.Serialize(rest[i].Name, Plain)).Append(':').Append(Storable(rest[i].Json));
        return text.Append(own is null ? "}" : "}}").ToString();
    }

    /// <summary>
    /// JSON that PostgreSQL's jsonb takes: neither NUL nor half a surrogate pair, however they are spelled, and no number beyond measure. What is no
    /// such JSON becomes a JSON string that holds it.
    /// </summary>
    static string Storable(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new() { MaxDepth = 1000 });
            if (IsTame(json.RootElement))
                return text.Contains("\\u", StringComparison.Ordinal) ? JsonSerializer.Serialize(json.RootElement, Plain) : text;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            // Kept as text.
        }
        return JsonSerializer.Serialize(text, Plain);
    }

    static bool IsTame(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().All(member => !member.Name.Contains('\0') && IsTame(member.Value)),
        JsonValueKind.Array => json.EnumerateArray().All(IsTame),
        JsonValueKind.String => !json.GetString()!.Contains('\0'),
        JsonValueKind.Number => Math.Abs(json.GetDouble()) is 0 or (> 1e-300 and < 1e300),
        _ => true,
    };

    /// <summary>The payloads as the database will give them back, so that what is sent can be hashed as it will be read.</summary>
    public static async Task<List<LegacyOutcome>> CanonicalAsync(NpgsqlConnection connection, List<LegacyOutcome> outcomes, CancellationToken cancellationToken)
    {
        var payloads = outcomes.SelectMany(outcome => outcome.Results).Select(result => result.Row.RawPayload).OfType<string>().Distinct().ToArray();
        if (payloads.Length == 0) return outcomes;
        await using var command = new NpgsqlCommand("SELECT p::jsonb::text FROM unnest($1::text[]) WITH ORDINALITY AS n(p, i) ORDER BY i", connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = payloads });
        var canonical = new Dictionary<string, string>(payloads.Length, StringComparer.Ordinal);
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            for (var i = 0; await reader.ReadAsync(cancellationToken).ConfigureAwait(false); i++) canonical[payloads[i]] = reader.GetString(0);
        return outcomes.ConvertAll(outcome => outcome with
        {
            Results = [.. outcome.Results.Select(result => result.Row.RawPayload is { } raw ? result with { Row = result.Row with { RawPayload = canonical[raw] } } : result)],
        });
    }
}
