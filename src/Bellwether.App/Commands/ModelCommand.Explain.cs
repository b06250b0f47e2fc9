using System.Text.Json;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Routing;

namespace Bellwether.App.Commands;

/// <param name="Missed">Rules before the one that decided, and why the event does not meet them.</param>
/// <param name="Steps">What each model that was asked said.</param>
/// <param name="InsteadOf">The models that should have scored and could not.</param>
/// <param name="Score">Of the whole text; null where the event is put aside.</param>
/// <param name="Tickers">What each ticker of the event gets.</param>
/// <param name="PutAside">Why the pipeline makes a dead letter of it; null where it does not.</param>
sealed record RouteAnswer(
    string Rule, IReadOnlyList<RouteMiss> Missed, IReadOnlyList<string> Models, double DeferBelow, IReadOnlyList<string> Steps,
    string Model, string ModelVersion, string? InsteadOf, double? Score, double? Confidence, string? Level,
    IReadOnlyList<RouteTicker> Tickers, RouteAside? PutAside);

sealed record RouteMiss(string Rule, string Why);

sealed record RouteTicker(string Ticker, double Score, double Confidence, string Level);

/// <param name="Class">As in <c>ops.dead_letters</c>.</param>
sealed record RouteAside(string Class, string Why);

static partial class ModelCommand
{
    static async Task ExplainAsync(Session session, EventEnvelope envelope, CancellationToken cancellationToken)
    {
        var options = session.LoadOptions().Scoring;
        using var loggers = StderrLog.Create(session);
        if (SentimentModels.NeedingOnnx(options) is not null)
            await Desk.FetchOnnxAsync(options.Onnx.Library, session.Progress, cancellationToken);
        using var scorer = EventScorer.Open(options, loggers, session.Time);
        var (rule, missed) = scorer.Router?.RuleOf(envelope) ?? (new() { Name = RoutingRule.Otherwise, Models = [options.Model] }, []);
        var answer = new RouteAnswer(rule.Name, [.. missed.Select(m => new RouteMiss(m.Rule, m.Why))], rule.Models, rule.DeferBelow, [],
            scorer.Name, scorer.Version, scorer.Model?.InsteadOf, null, null, null, [], null);
        if (EventScorer.RefusalOf(envelope, options.MaxAhead, session.Time.GetUtcNow()) is { } refusal)
            answer = answer with { PutAside = new(refusal.Class, refusal.Message) };
        else
        {
            var steps = new List<string>();
            try
            {
                var scored = (await scorer.ScoreAsync([envelope], cancellationToken, steps.Add))[0];
                answer = Scored(answer with { Steps = steps }, envelope, scored);
            }
            catch (LlmUnavailableException)
            {
                session.Note("No rule names another model: the pipeline tries until this one answers, and loses no event.");
                throw;
            }
        }
        if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.RouteAnswer);
        else Write(session.Screen.Out, answer);
    }

    static RouteAnswer Scored(RouteAnswer answer, EventEnvelope envelope, EventScore scored)
    {
        var (name, version) = scored.Model ?? (answer.Model, answer.ModelVersion);
        answer = answer with { Model = name, ModelVersion = version, InsteadOf = scored.InsteadOf };
        if (scored.Outcome is { Fault: { } fault, Detail: var detail }) return answer with { PutAside = new(fault, detail ?? "") };
        return answer with
        {
            Score = Rounded(scored.Score.Score),
            Confidence = Rounded(scored.Score.Confidence),
            Level = SentimentLevel.Of(scored.Score.Score),
            Tickers = [.. envelope.Tickers.Select(t => Of(t, scored.ByTicker?.GetValueOrDefault(t, scored.Score) ?? scored.Score))],
        };

        static RouteTicker Of(string ticker, SentimentScore score) =>
            new(ticker, Rounded(score.Score), Rounded(score.Confidence), SentimentLevel.Of(score.Score));
    }

    static void Write(TextWriter output, RouteAnswer answer)
    {
        foreach (var (name, why) in answer.Missed) output.WriteLine($"not by {name}: {why}");
        output.WriteLine($"by {answer.Rule}: {string.Join(", then ", answer.Models)}"
            + (answer.DeferBelow > 0 ? $" below a confidence of {answer.DeferBelow:0.###}" : ""));
        foreach (var step in answer.Steps) output.WriteLine($"  {step}");
        if (answer.PutAside is { } aside)
        {
            output.WriteLine($"put aside as a dead letter, {aside.Class}: {aside.Why}");
            return;
        }
        var instead = answer.InsteadOf is { } missing && !answer.ModelVersion.Contains(missing) ? $", in the place of {missing}" : "";
        output.WriteLine($"score {answer.Score:0.000} ({answer.Level}), confidence {answer.Confidence:0.000}, by {answer.Model} "
            + $"{answer.ModelVersion}{instead}");
        if (answer.Tickers.Any(t => t.Score != answer.Score) || answer.Tickers.Count > 1)
            foreach (var ticker in answer.Tickers)
                output.WriteLine($"  {ticker.Ticker}: {ticker.Score:0.000} ({ticker.Level}), confidence {ticker.Confidence:0.000}");
    }

    /// <summary>An event read as <c>ingest</c> reads it, but for the time, which it need not have.</summary>
    static async Task<EventEnvelope> ReadEventAsync(Session session, string file, CancellationToken cancellationToken)
    {
        const string Mend = "An event is a JSON object with a text or a title.";
        var (origin, bytes) = file == "-" ? ("stdin", await ReadInputAsync(cancellationToken)) : (file, await ReadAsync());
        if (bytes.All(b => b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')) throw new FeedException(origin, "it is empty", Mend);
        Warn(session, origin, bytes);
        var options = new FeedOptions
        {
            MissingTimestamp = MissingTimestamp.UseFetchTime,
            Clock = session.Time,
        };
        EventEnvelope? found = null;
        await foreach (var record in FeedReader.ReadJsonLines(new MemoryStream(bytes), origin, options, cancellationToken))
        {
            if (record.Rejection is { } rejection) throw new FeedException(origin, rejection.Reason.TrimEnd('.'), Mend);
            if (found is not null) throw new FeedException(origin, "it holds several events", "One is explained at a time.");
            found = record.Envelope;
        }
        return found ?? throw new FeedException(origin, "it holds no event", Mend);

        async Task<byte[]> ReadAsync()
        {
            try
            {
                return await File.ReadAllBytesAsync(file, cancellationToken);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new FeedException(file, error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file"
                    : $"it cannot be read: {error.Message.TrimEnd('.')}", $"{Mend} - stands for standard input.", inner: error);
            }
        }
    }

    static async Task<byte[]> ReadInputAsync(CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        await using var input = new StandardInput();
        await input.CopyToAsync(all, cancellationToken);
        return all.ToArray();
    }

    // A misspelt name would else be passed over, and another rule shown than the one that was meant.
    static void Warn(Session session, string origin, byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return;
            string[] unknown = [.. document.RootElement.EnumerateObject().Select(p => p.Name).Where(n => !FeedReader.IsKnownField(n))];
            if (unknown.Length > 0)
                session.Note($"{origin}: nothing is known of the field{(unknown.Length > 1 ? "s" : "")} "
                    + $"{string.Join(", ", unknown)}; rules do not see what stands there.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The reader tells what is wrong.
        }
    }
}
