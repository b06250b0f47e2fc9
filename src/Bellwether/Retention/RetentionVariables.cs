namespace Bellwether.Retention;

/// <summary>The environment variables that set retention by the names of the plan that it follows; <c>Retention:*</c> settings of the environment win over them.</summary>
public static class RetentionVariables
{
    static readonly (string Name, string Key)[] Names =
    [
        ("RETENTION_TWEETS_DAYS", "Retention:Days:tweets"),
        ("RETENTION_REDDIT_POSTS_DAYS", "Retention:Days:reddit_posts"),
        ("RETENTION_SYMBOL_SENTIMENTS_DAYS", "Retention:Days:symbol_sentiments"),
        ("RETENTION_AGGREGATED_SENTIMENTS_DAYS", "Retention:Days:aggregated_sentiments"),
        ("RETENTION_CONFLUENCE_SCORES_DAYS", "Retention:Days:confluence_scores"),
        ("RETENTION_ENABLE_CLEANUP", "Retention:EnableCleanup"),
        ("RETENTION_CLEANUP_SCHEDULE_HOURS", "Retention:CleanupScheduleHours"),
    ];

    /// <summary>The variable that stands for a setting; null where there is none.</summary>
    public static string? NameOf(string key) => Names.FirstOrDefault(n => n.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Name;

    /// <summary>Settings for those that are set.</summary>
    /// <exception cref="RetentionPolicyException">A switch is neither on nor off.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Read(Func<string, string?> variable)
    {
        foreach (var (name, key) in Names)
            if (variable(name) is { Length: > 0 } value) yield return new(key, name == "RETENTION_ENABLE_CLEANUP" ? Switch(name, value) : value);
    }

    static string Switch(string name, string value) => value.Trim().ToLowerInvariant() switch
    {
        "1" or "true" or "yes" or "on" => "true",
        "0" or "false" or "no" or "off" => "false",
        _ => throw new RetentionPolicyException($"{name}: '{value}' is neither true nor false."),
    };
}
