using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Llm;

/// <summary>
/// A language model behind an endpoint. Thread-safe; a second a text, more or less, and as reproducible as the server makes it.
/// </summary>
public sealed class LlmModel : IOutcomeSentimentModel, IDisposable
{
    // What is asked in one batch is lost, and paid for again, when the batch is not committed.
    const int RoundsAtOnce = 4;

    // Replies of batches that were not finished; more are only kept by callers who never come back for them.
    const int MostKept = 4_096;

    readonly LlmOptions _options;
    readonly LlmClient _client;
    readonly ConcurrentDictionary<string, LlmReply> _paid = new(StringComparer.Ordinal);

    LlmModel(string name, LlmOptions options, LlmClient client)
    {
        (Name, _options, _client) = (name, options, client);
        Version = $"{options.Model}{(options.Revision is { } revision ? $"@{revision}" : "")}.{LlmPrompt.Hash(options)}";
    }

    public string Name { get; }

    /// <summary>
    /// The server's name of the model, its revision as the settings tell it, and a hash of the words and settings that answers depend on.
    /// </summary>
    public string Version { get; }

    public long TokensUsed => _client.TokensUsed;

    public int MostAtOnce => _options.Concurrency * RoundsAtOnce;

    /// <summary>Makes the model; no request is sent.</summary>
    /// <exception cref="ModelFileException">A setting cannot be.</exception>
    public static LlmModel Create(string name, LlmOptions options, TimeProvider time)
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new(options), problems, validateAllProperties: true))
            throw new ModelFileException(name, string.Join(" ", problems.Select(p => p.ErrorMessage?.TrimEnd('.'))),
                $"Look at Scoring:Llm:{name}.");
        return new(name, options, new(name, options, LlmEndpoint.Of(name, options), time));
    }

    /// <inheritdoc/>
    /// <exception cref="LlmUnavailableException">No text was scored, and the server is the reason.</exception>
    public async ValueTask<IReadOnlyList<TextOutcome>> TryScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        foreach (var text in texts) ArgumentNullException.ThrowIfNull(text, nameof(texts));
        var silence = _client.Listen();
        var asked = texts.Select(text => AskAsync(text, silence, cancellationToken)).ToArray();
        LlmReply[] replies;
        try
        {
            replies = await Task.WhenAll(asked);
        }
        catch
        {
            Keep(texts, asked);
            throw;
        }
        if (replies.Any(r => r.Fault == LlmFault.Unavailable)) Keep(texts, asked);
        // One text that fails is its own affair. Where all do, the server is down or wrongly set up, and no text is given up for that.
        if (replies.Length > 0 && replies.All(r => r.Fault != LlmFault.None)
            && replies.FirstOrDefault(r => r.Fault is LlmFault.Unavailable or LlmFault.Rejected) is { } down)
            throw new LlmUnavailableException($"model {Name}: {down.Detail}", down.Fault.ToString());
        return [.. replies.Select(r => r.Fault == LlmFault.None ? new TextOutcome(r.Score)
            : new(TextOutcome.NoScore, r.Fault.ToString(), r.Detail) { IsOutage = r.Fault == LlmFault.Unavailable })];
    }

    Task<LlmReply> AskAsync(string text, Silence silence, CancellationToken cancellationToken) =>
        _paid.TryRemove(text, out var reply) ? Task.FromResult(reply) : _client.AskAsync(text, silence, cancellationToken);

    // A batch in which the server went away is asked for again as a whole: what it has answered is not paid for twice.
    void Keep(IReadOnlyList<string> texts, Task<LlmReply>[] asked)
    {
        if (_paid.Count > MostKept) _paid.Clear();
        for (var i = 0; i < asked.Length; i++)
            if (asked[i].IsCompletedSuccessfully && asked[i].Result is { Fault: not (LlmFault.Unavailable or LlmFault.Rejected) } reply)
                _paid[texts[i]] = reply;
    }

    /// <summary>As <see cref="TryScoreAsync"/>; a text without a score has <see cref="TextOutcome.NoScore"/>.</summary>
    public async ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        [.. (await TryScoreAsync(texts, cancellationToken)).Select(o => o.Score)];

    /// <summary>What it is and how it is asked, without secrets.</summary>
    public IReadOnlyDictionary<string, string> Describe() => new Dictionary<string, string>
    {
        ["endpoint"] = _client.Address,
        ["model"] = _options.Model,
        ["revision"] = _options.Revision ?? "not told",
        ["answers"] = _options.Format.ToString(),
        ["tokens_per_minute"] = _options.TokensPerMinute is { } limit ? $"{limit}" : "no limit",
        ["concurrency"] = $"{_options.Concurrency}",
        ["key"] = _client.HasKey ? "set" : "none",
        ["instructions"] = LlmPrompt.System(_options).ReplaceLineEndings(" "),
    };

    public void Dispose() => _client.Dispose();
}
