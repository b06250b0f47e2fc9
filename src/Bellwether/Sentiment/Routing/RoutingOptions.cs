using System.ComponentModel.DataAnnotations;
using Bellwether.Feeds;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.Sentiment.Routing;

/// <summary>Which model scores which event. Without rules the model of <see cref="ScoringOptions.Model"/> scores them all.</summary>
public sealed record RoutingOptions
{
    /// <summary>The first rule that an event meets decides; an event that meets none is scored by the model of the settings.</summary>
    public IReadOnlyList<RoutingRule> Rules { get; init; } = [];

    /// <summary>By model: how much of it is used at a time, and when it is left alone.</summary>
    public IReadOnlyDictionary<string, ModelLimits> Limits { get; init; } = new Dictionary<string, ModelLimits>();

    /// <summary>
    /// What is wrong with these options, for people; empty when nothing is. Whether the models exist is not asked: one that was removed
    /// must not keep the program from starting, least of all from adding it again.
    /// </summary>
    /// <returns>Each with the path of the setting within these.</returns>
    public IEnumerable<(string Path, string Text)> Problems()
    {
        for (var i = 0; i < Rules.Count; i++)
            foreach (var (field, problem) in Rules[i].Problems())
                yield return ($"{nameof(Rules)}:{i}{field}", $"{nameof(Rules)}:{i} ({Rules[i].Name}): {problem}");
        foreach (var same in Rules.Where(r => r.Name.Length > 0).GroupBy(r => r.Name, StringComparer.OrdinalIgnoreCase))
            if (same.Count() > 1)
                yield return (nameof(Rules), $"{nameof(Rules)}: {same.Count()} rules are called {same.Key}; give each a name of its own.");
        for (var i = 0; i < Rules.Count; i++)
            if (Rules.Take(i).FirstOrDefault(before => before.Covers(Rules[i])) is { } first)
                yield return ($"{nameof(Rules)}:{i}", $"{nameof(Rules)}:{i} ({Rules[i].Name}): no event comes to it, "
                    + $"since {first.Name} before it takes all that it would; change their order.");
        foreach (var model in Limits.Keys.Where(m => !ModelStore.IsName(m)))
            yield return ($"{nameof(Limits)}:{model}", $"{nameof(Limits)}:{model}: this is no name of a model.");
    }

    /// <summary>
    /// What names a model that there is not, for people: events of such a rule are scored by its other models, or by the lexicon.
    /// </summary>
    /// <param name="names">The models that there are.</param>
    public IEnumerable<string> Missing(IReadOnlyList<string> names)
    {
        foreach (var rule in Rules)
            foreach (var model in rule.Models.Where(m => !names.Contains(m)))
                yield return $"the rule {rule.Name} names the model '{model}', which there is not; there are {string.Join(", ", names)}";
        foreach (var problem in MissingOfLimits(names)) yield return problem;
    }

    /// <summary>The same of limits alone: they hold for nothing.</summary>
    /// <inheritdoc cref="Missing"/>
    public IEnumerable<string> MissingOfLimits(IReadOnlyList<string> names) => Limits.Keys.Where(m => !names.Contains(m))
        .Select(model => $"there are limits for the model '{model}', which there is not; there are {string.Join(", ", names)}");
}

/// <summary>Which events it is for, and the models that score them. What is null is not asked.</summary>
public sealed record RoutingRule
{
    /// <summary>What the rule is called that no event misses: all go to the model of the settings.</summary>
    public const string Otherwise = "otherwise";

    public string Name { get; init; } = "";

    public Priority? Priority { get; init; }

    public string? PremiumTier { get; init; }

    public EventType? Type { get; init; }

    /// <summary>Shortest and longest text, in characters, both included.</summary>
    public int? MinCharacters { get; init; }

    /// <inheritdoc cref="MinCharacters"/>
    public int? MaxCharacters { get; init; }

    /// <summary>
    /// From cheap to costly. The first scores; each next one is asked where the one before is not sure, or cannot be used.
    /// </summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>A score with less confidence than this is left to the next model; 0 for never.</summary>
    public double DeferBelow { get; init; }

    /// <summary>Whether every event that meets the other rule meets this one too.</summary>
    internal bool Covers(RoutingRule other) =>
        (Priority is null || Priority == other.Priority)
        && (PremiumTier is null || string.Equals(PremiumTier, other.PremiumTier, StringComparison.OrdinalIgnoreCase))
        && (Type is null || Type == other.Type)
        && (MinCharacters ?? 0) <= (other.MinCharacters ?? 0) && (MaxCharacters ?? int.MaxValue) >= (other.MaxCharacters ?? int.MaxValue);

    public bool Meets(EventEnvelope e) => MissOf(e) == Miss.None;

    /// <summary>Why the event is not for this rule; null where it is.</summary>
    public string? Misses(EventEnvelope e) => MissOf(e) switch
    {
        Miss.Priority => $"priority is {Names.Of(e.Priority)}, not {Names.Of(Priority!.Value)}",
        Miss.Tier => $"premium tier is {e.PremiumTier}, not {PremiumTier}",
        Miss.Type => $"type is {Names.Of(e.Type)}, not {Names.Of(Type!.Value)}",
        Miss.TooShort => $"text has {e.Text.Length} characters, fewer than {MinCharacters}",
        Miss.TooLong => $"text has {e.Text.Length} characters, more than {MaxCharacters}",
        _ => null,
    };

    enum Miss
    {
        None,
        Priority,
        Tier,
        Type,
        TooShort,
        TooLong,
    }

    Miss MissOf(EventEnvelope e) =>
        Priority is { } priority && e.Priority != priority ? Miss.Priority
        : PremiumTier is { } tier && !string.Equals(tier, e.PremiumTier, StringComparison.OrdinalIgnoreCase) ? Miss.Tier
        : Type is { } type && e.Type != type ? Miss.Type
        : e.Text.Length < MinCharacters ? Miss.TooShort
        : e.Text.Length > MaxCharacters ? Miss.TooLong
        : Miss.None;

    internal IEnumerable<(string Field, string Problem)> Problems()
    {
        if (Name.Length == 0) yield return ("", "Name is missing.");
        if (Name.Equals(Otherwise, StringComparison.OrdinalIgnoreCase))
            yield return (":Name", $"Name {Name} is that of what happens to events that meet no rule; choose another one.");
        if (Models.Count == 0) yield return ("", "Models is empty; name at least one.");
        foreach (var model in Models.Where(m => !ModelStore.IsName(m))) yield return (":Models", $"'{model}' is no name of a model.");
        if (Models.Distinct().Count() != Models.Count) yield return (":Models", "Models names one twice.");
        if (DeferBelow is not (>= 0 and <= 1)) yield return (":DeferBelow", $"DeferBelow is {DeferBelow}; it must be 0 to 1.");
        if (MinCharacters < 0) yield return (":MinCharacters", $"MinCharacters is {MinCharacters}; it must be 0 or more.");
        if (MaxCharacters < 0) yield return (":MaxCharacters", $"MaxCharacters is {MaxCharacters}; it must be 0 or more.");
        if (MinCharacters > MaxCharacters)
            yield return (":MinCharacters", $"MinCharacters {MinCharacters} is more than MaxCharacters {MaxCharacters}.");
    }
}

/// <summary>How much of a model is used at a time, and when it is left alone.</summary>
public sealed record ModelLimits
{
    /// <summary>
    /// Batches that the model works on at a time; a further one waits for <see cref="Wait"/> and then goes to another model.
    /// </summary>
    [Range(1, 1_024)] public int Concurrent { get; init; } = 4;

    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")] public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(1);

    internal static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest that one portion may take, waiting for tokens included; null for 30 s, and for none with a language model, which has
    /// limits of its own for each try.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")] public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// How long it is left alone after half of its calls have failed, or all that were begun in a while had to be given up.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "1.00:00:00")] public TimeSpan LeftAlone { get; init; } = TimeSpan.FromSeconds(30);
}
