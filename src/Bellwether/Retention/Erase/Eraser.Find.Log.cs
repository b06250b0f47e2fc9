using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bellwether.Events;
using Bellwether.Feeds;
using Npgsql;

namespace Bellwether.Retention.Erase;

public sealed partial class Eraser
{
    /// <summary>Records of the embedded log: what comes in, and what was announced.</summary>
    static async Task RecordsAsync(
        ErasureSubject subject, ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await foreach (var (record, value) in LogAsync([Topics.HighPriority, Topics.StandardPriority]).ConfigureAwait(false))
        {
            if (!EnvelopeJson.TryDeserialize(value, out var envelope, out _)) continue;
            if (account.Judge(PostOf(envelope), found.Articles) != ErasureVerdict.Theirs) continue;
            foreach (var ticker in envelope.Tickers.DefaultIfEmpty("")) found.Keys.Add((envelope.ArticleId, ticker));
            var bare = envelope with { Author = null, Text = "", ArticleTitle = null, SourceUrl = null, RawPayload = null, EventId = envelope.ArticleId };
            if (bare == envelope) continue;
            found.Records.Add(record with { Value = EnvelopeJson.Serialize(bare) });
        }
        await foreach (var (record, value) in LogAsync([Topics.AnalyzedSentiment]).ConfigureAwait(false))
        {
            if (Announced(value) is not { } announced || TextOf(announced, "article_id") is not { } article || !found.Articles.Contains(article)) continue;
            string[] told = ["article_title", "text_preview", "source_url"];
            if (TextOf(announced, "event_id") == article && told.All(name => announced[name] is null)) continue;
            announced["event_id"] = article;
            foreach (var name in told) announced.Remove(name);
            found.Records.Add(record with { Value = Encoding.UTF8.GetBytes(announced.ToJsonString(Relaxed)) });
        }
        found.Counts["event_log"] = found.Records.Count;

        // Bytes are compared, not text: whatever others have put into the log must not stop this. Inside of a text the quotes are escaped.
        async IAsyncEnumerable<(ErasedRecord Record, byte[] Value)> LogAsync(string[] topics)
        {
            await using var command = new NpgsqlCommand(
                "SELECT topic, partition, log_offset, appended_at, value FROM ops.event_log WHERE topic = ANY($1) AND position($2 IN value) = 0", connection)
            { CommandTimeout = 0 };
            command.Parameters.Add(new() { Value = topics });
            command.Parameters.Add(new() { Value = Encoding.UTF8.GetBytes($"\"type\":\"{subject.OtherType}\"") });
            await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                yield return (new(row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetFieldValue<DateTimeOffset>(3), []), row.GetFieldValue<byte[]>(4));
        }
    }

    /// <summary>Letters hold events, or what a source sent, in part or whole.</summary>
    static async Task LettersAsync(ErasureAccount account, ErasureFinds found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT id, value FROM ops.dead_letters", connection) { CommandTimeout = 0 };
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            if (IsAbout(row.GetFieldValue<byte[]>(1), account, found)) found.Letters.Add(row.GetInt64(0));
        found.Counts["dead_letters"] = found.Letters.Count;
    }

    static bool IsAbout(byte[] value, ErasureAccount account, ErasureFinds found)
    {
        if (EnvelopeJson.TryDeserialize(value, out var envelope, out _))
        {
            var verdict = account.Judge(PostOf(envelope), found.Articles);
            if (verdict == ErasureVerdict.Doubtful) found.Doubtful++;
            return verdict == ErasureVerdict.Theirs;
        }
        var text = value.AsSpan();
        if (text.StartsWith(Encoding.UTF8.Preamble)) text = text[Encoding.UTF8.Preamble.Length..];
        text = text.TrimStart(" \t\r\n"u8);
        return text is [(byte)'{' or (byte)'[', ..]
            ? ErasureLetter.Records(text).Exists(record => account.MayHaveWritten(record, found.Articles))
            : account.IsInLine(Encoding.UTF8.GetString(text));
    }

    static ErasurePost PostOf(EventEnvelope envelope) =>
        new(envelope.ArticleId, envelope.Type.ToString().ToLowerInvariant(), envelope.Source, envelope.SourceUrl, envelope.Author, envelope.RawPayload);

    static JsonObject? Announced(byte[] value)
    {
        try
        {
            return JsonNode.Parse(value) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string? TextOf(JsonObject holder, string name) => holder[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };
}
