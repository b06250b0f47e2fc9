using System.Text.Json.Serialization;
using Bellwether.App.Api.DeadLetters;
using Bellwether.App.Api.Health;
using Bellwether.App.Api.Push;
using Bellwether.App.Api.Sentiment;
using Bellwether.App.Api.Sql;
using Microsoft.AspNetCore.Mvc;

namespace Bellwether.App.Api;

/// <summary>The JSON of the API: snake_case names, times in ISO 8601, absent values left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PushAnswer))]
[JsonSerializable(typeof(PushedEvent))]
[JsonSerializable(typeof(TickerSentiment))]
[JsonSerializable(typeof(TickerSentimentPage))]
[JsonSerializable(typeof(SentimentHistory))]
[JsonSerializable(typeof(ArticlePage))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(DeadLetterDetails))]
[JsonSerializable(typeof(IReadOnlyList<Events.DeadLetterCount>))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(Feeds.ReplayOutcome))]
[JsonSerializable(typeof(PurgedLetters))]
[JsonSerializable(typeof(SqlRequest))]
[JsonSerializable(typeof(SqlAnswer))]
[JsonSerializable(typeof(HealthCheck))]
[JsonSerializable(typeof(ReadyAnswer))]
[JsonSerializable(typeof(HealthSummary))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(FieldError[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(string))]
sealed partial class ApiJson : JsonSerializerContext;
