using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bellwether.Feeds;

/// <summary>The form of an envelope on the log: compact UTF-8 JSON that reads back as the same envelope.</summary>
public static class EnvelopeJson
{
    // The log is no web page: only what JSON itself demands is escaped, so that text in any script stays one to four bytes a character.
    static readonly EnvelopeJsonContext Context = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    /// <summary>For JSON that is edited as a tree.</summary>
    internal static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };

    static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    // One a thread, let go of the caller's buffer after every use: a new one costs as much as the small fields together.
    [ThreadStatic]
    static Utf8JsonWriter? _writer;

    static readonly ArrayBufferWriter<byte> Nowhere = new(1);

    public static byte[] Serialize(EventEnvelope envelope) => JsonSerializer.SerializeToUtf8Bytes(envelope, Context.EventEnvelope);

    /// <summary>Appends to a buffer that the caller reuses.</summary>
    public static void Serialize(EventEnvelope envelope, IBufferWriter<byte> output)
    {
        var writer = _writer ??= new Utf8JsonWriter(output, WriterOptions);
        writer.Reset(output);
        JsonSerializer.Serialize(writer, envelope, Context.EventEnvelope);
        writer.Flush();
        writer.Reset(Nowhere);
    }

    /// <summary>Reads an envelope, or says in <paramref name="problem"/> why these bytes are none.</summary>
    public static bool TryDeserialize(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out EventEnvelope? envelope, [NotNullWhen(false)] out string? problem)
    {
        envelope = null;
        try
        {
            // Asked first: a newer shape may lack what this one requires, and "field missing" would be the wrong explanation.
            if (SchemaVersion(utf8) is not { } version)
            {
                problem = "no schema_version: these bytes are not an event envelope";
                return false;
            }
            if (version is < 1 or > EventEnvelope.CurrentSchemaVersion)
            {
                problem = $"schema_version {version} is outside 1..{EventEnvelope.CurrentSchemaVersion}, which this program reads; "
                    + "upgrade it to read newer events";
                return false;
            }
            envelope = JsonSerializer.Deserialize(utf8, Context.EventEnvelope);
            problem = envelope is null ? "null is not an event envelope" : null;
            return envelope is not null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            problem = $"not a readable event envelope: {error.Message}";
            return false;
        }
    }

    /// <exception cref="FormatException">These bytes are no envelope that this program reads; the message says why.</exception>
    public static EventEnvelope Deserialize(ReadOnlySpan<byte> utf8) =>
        TryDeserialize(utf8, out var envelope, out var problem) ? envelope : throw new FormatException(problem);

    static int? SchemaVersion(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("schema_version"u8);
            reader.Read();
            if (found) return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var version) ? version : int.MaxValue;
            reader.Skip();
        }
        return null;
    }
}

[JsonSerializable(typeof(EventEnvelope))]
sealed partial class EnvelopeJsonContext : JsonSerializerContext;
