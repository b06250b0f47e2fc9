using System.Text.Json.Serialization;
using Bellwether.App.Api.Counts;
using Bellwether.App.Api.DeadLetters;
using Bellwether.App.Api.Health;
using Bellwether.App.Api.Market;
using Bellwether.App.Api.Push;
using Bellwether.App.Api.Sentiment;
using Bellwether.App.Api.Sql;
using Microsoft.AspNetCore.Mvc;

namespace Bellwether.App.Api;

/// <summary>The JSON of the API: snake_case names, times in ISO 8601, absent values left out; a field that nobody knows is a slip.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PushAnswer))]
[JsonSerializable(typeof(PushedEvent))]
[JsonSerializable(typeof(TickerSentiment))]
[JsonSerializable(typeof(TickerSentimentPage))]
[JsonSerializable(typeof(SentimentHistory))]
[JsonSerializable(typeof(ArticlePage))]
[JsonSerializable(typeof(ChainPage))]
[JsonSerializable(typeof(Bellwether.Sentiment.Aggregation.AggregatedSentiment))]
[JsonSerializable(typeof(Bellwether.Confluence.ConfluenceScore))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(DeadLetterDetails))]
[JsonSerializable(typeof(IReadOnlyList<Events.DeadLetterCount>))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(Feeds.ReplayOutcome))]
[JsonSerializable(typeof(PurgedLetters))]
[JsonSerializable(typeof(CountAccounts))]
[JsonSerializable(typeof(Bellwether.Counts.CountsStatus))]
[JsonSerializable(typeof(PostBody))]
[JsonSerializable(typeof(Bellwether.Counts.Import.ImportResult))]
[JsonSerializable(typeof(Bellwether.Counts.Import.DeletionResult))]
[JsonSerializable(typeof(BucketPage))]
[JsonSerializable(typeof(Bellwether.Counts.Buckets.BucketResult))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Features.FeatureRow>))]
[JsonSerializable(typeof(Bellwether.Counts.Features.FeatureResult))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Events.ExogenousEvent>))]
[JsonSerializable(typeof(EventAdded))]
[JsonSerializable(typeof(EventBody))]
[JsonSerializable(typeof(GapBody))]
[JsonSerializable(typeof(ObservedBody))]
[JsonSerializable(typeof(ObservedStretch))]
[JsonSerializable(typeof(GapAdded))]
[JsonSerializable(typeof(RemovedThing))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Gaps.CountGap>))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Gaps.SuspiciousSilence>))]
[JsonSerializable(typeof(TrainBody))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Registry.ModelVersion>))]
[JsonSerializable(typeof(ForecastBody))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Ledger.ForecastRow>))]
[JsonSerializable(typeof(Bellwether.Counts.Ledger.LedgerPage))]
[JsonSerializable(typeof(WindowBody))]
[JsonSerializable(typeof(Bellwether.Counts.Ledger.WindowForecast))]
[JsonSerializable(typeof(BacktestBody))]
[JsonSerializable(typeof(IReadOnlyList<Bellwether.Counts.Backtesting.BacktestResult>))]
[JsonSerializable(typeof(AsOf.AsOfJoinRequest))]
[JsonSerializable(typeof(MarketBars))]
[JsonSerializable(typeof(MarketIndicators))]
[JsonSerializable(typeof(MarketConditions))]
[JsonSerializable(typeof(Options.GreeksBody))]
[JsonSerializable(typeof(Options.GreeksAnswer))]
[JsonSerializable(typeof(Options.ChainAnswer))]
[JsonSerializable(typeof(Commands.SignalAnswer))]
[JsonSerializable(typeof(Confluence.AggregateHistory))]
[JsonSerializable(typeof(Confluence.ConfluenceHistory))]
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
