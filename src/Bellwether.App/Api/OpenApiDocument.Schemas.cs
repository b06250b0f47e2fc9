using Bellwether.Events;
using Microsoft.OpenApi;

namespace Bellwether.App.Api;

static partial class OpenApiDocument
{
    static readonly string[] Levels = ["very_bearish", "bearish", "neutral", "bullish", "very_bullish"];
    static readonly string[] Trends = ["up", "down", "stable"];
    static readonly string[] Types = ["news", "tweet", "reddit", "filing"];

    static readonly Dictionary<(string Schema, string Property), string[]> Enumerations = new()
    {
        [("TickerSentiment", "level")] = Levels,
        [("Article", "level")] = Levels,
        [("AggregatedSentiment", "sentiment_level")] = Levels,
        [("AggregatedSentiment", "volume_trend")] = Trends,
        [("OptionBody", "type")] = ["call", "put"],
        [("UnusualAnswer", "type")] = ["call", "put"],
        [("SignalAnswer", "verdict")] = ["predicts", "predicts_inversely", "no_evidence", "too_little_data"],
        [("SignalAnswer", "mode")] = ["cross_section", "time_series"],
        [("ConfluenceScore", "confluence_level")] = ["very_low", "low", "moderate", "high", "very_high"],
        [("ConfluenceScore", "volume_trend")] = Trends,
        [("Article", "type")] = Types,
        [("PushedEvent", "type")] = Types,
        [("PushedEvent", "priority")] = ["high", "standard"],
        [("PushedRecord", "status")] = ["accepted", "duplicate", "rejected", "dead_lettered"],
        [("DeadLetterSummary", "stage")] = DeadLetter.Stages,
        [("DeadLetterSummary", "status")] = DeadLetterFilter.Statuses,
        [("DeadLetterDetails", "stage")] = DeadLetter.Stages,
        [("DeadLetterDetails", "status")] = DeadLetterFilter.Statuses,
        [("DeadLetterDetails", "value_encoding")] = ["utf-8", "base64"],
        [("DeadLetterCount", "stage")] = DeadLetter.Stages,
        [("DeadLetterCount", "status")] = DeadLetterFilter.Statuses,
        [("DeadLetterAttempt", "stage")] = DeadLetter.Stages,
        [("DeadLetterAttempt", "outcome")] = ["refused", "replayed"],
    };

    static readonly Dictionary<string, string> EventFields = new()
    {
        ["event_id"] = "The sender's own identity of this event; id, guid, article_id and tweet_id are read too",
        ["timestamp"] = "Required. When it was published: ISO 8601, or an epoch; published_at, published, created_at, date and time are read too",
        ["text"] = "The complete text; text or title is required; body, content, message, description and summary are read too",
        ["article_title"] = "title, headline and subject are read too",
        ["tickers"] = "A list, or a text separated by commas; ticker and symbols are read too. Found in title and text when absent",
        ["source"] = "Who published it; publisher and provider are read too",
        ["source_url"] = "url and link are read too",
        ["weight"] = "Above 0, at most 1,000; 1 is ordinary",
        ["premium_tier"] = "Tier of the source",
    };

    /// <summary>Absent values are left out of answers and so are never null, and never required.</summary>
    static void Correct(string name, OpenApiSchema schema)
    {
        foreach (var (property, found) in schema.Properties?.ToArray() ?? [])
        {
            if (found is not OpenApiSchema own) continue;
            if (own.OneOf is { Count: > 1 } choices && choices.FirstOrDefault(c => c.Type != JsonSchemaType.Null) is { } only)
            {
                schema.Properties![property] = only;
                schema.Required?.Remove(property);
            }
            else if (own.Type is { } type && type.HasFlag(JsonSchemaType.Null))
            {
                own.Type = type & ~JsonSchemaType.Null;
                schema.Required?.Remove(property);
            }
            if (own.AnyOf is { Count: > 0 })
                schema.Properties![property] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Number | JsonSchemaType.String,
                    Description = "A number, or Infinity as text, which JSON has no number for",
                };
            if (Enumerations.TryGetValue((name, property), out var values)) own.Enum = Values(values);
            if (name == "PushedEvent" && EventFields.TryGetValue(property, out var told)) own.Description = told;
        }
        if (name == "PushedEvent")
            schema.Description = "The usual names of the fields; other spellings that the feeds know are read too, and everything else is kept as it is.";
        if (name == "SqlRequest") schema.Required = new HashSet<string> { "sql" };
        if (name == "ProblemDetails") CorrectProblem(schema);
    }

    static void CorrectProblem(OpenApiSchema schema)
    {
        schema.Required = new HashSet<string> { "type", "title", "status", "detail" };
        schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
        schema.Properties["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "urn:bellwether:problem: and a heading of docs/api.md" };
        schema.Properties["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Finds the request in traces and logs" };
        schema.Properties["errors"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Description = "Everything that is wrong with the request",
            Items = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "field", "reason" },
                Properties = new Dictionary<string, IOpenApiSchema> { ["field"] = Text(), ["value"] = Text(), ["reason"] = Text() },
            },
        };
    }

    static void CompleteBodies(Microsoft.OpenApi.OpenApiDocument document)
    {
        var one = new OpenApiSchemaReference("PushedEvent", document);
        if (Operation(document, "pushEvents") is { RequestBody: OpenApiRequestBody events })
            events.Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new()
                {
                    Schema = new OpenApiSchema { OneOf = [one, new OpenApiSchema { Type = JsonSchemaType.Array, Items = one }] },
                },
                ["application/x-ndjson"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = "One PushedEvent a line" } },
            };
        if (Operation(document, "replayDeadLetter") is { RequestBody: OpenApiRequestBody edit })
            edit.Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = new OpenApiSchemaReference("ReplayRequest", document) },
            };
        foreach (var id in Drawn)
            if (Operation(document, id)?.Responses?["200"] is OpenApiResponse drawn && drawn.Content is { } forms)
            {
                forms[Counts.ChartAnswer.Type] = new OpenApiMediaType { Schema = Text() };
                forms[Counts.ChartAnswer.Png] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
            }
        if (Operation(document, "streamSentiment")?.Responses?["200"] is OpenApiResponse stream)
            stream.Content = new Dictionary<string, OpenApiMediaType> { ["text/event-stream"] = new() { Schema = Text() } };
    }

    static readonly string[] Drawn = ["listForecasts", "makeForecasts", "forecastWindow", "backtestCounts"];

    static OpenApiOperation? Operation(Microsoft.OpenApi.OpenApiDocument document, string id) =>
        document.Paths.SelectMany(p => p.Value.Operations ?? []).Select(o => o.Value).FirstOrDefault(o => o.OperationId == id);
}
