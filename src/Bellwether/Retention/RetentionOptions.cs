using System.ComponentModel.DataAnnotations;

namespace Bellwether.Retention;

/// <summary>How long data stays in the database, and when what is too old is moved.</summary>
public sealed record RetentionOptions
{
    /// <summary>What <c>forever</c> is written as; 0 means the same.</summary>
    public const string Forever = "forever";

    const int MostDays = 36_500;

    /// <summary>Cleanup runs by schedule. Rows that a user may want again are archived and verified before they leave their table.</summary>
    public bool EnableCleanup { get; init; } = true;

    /// <summary>Hours from one cleanup to the next; the first comes so long after the first start.</summary>
    [Range(1, 8_760)] public int CleanupScheduleHours { get; init; } = 24;

    /// <summary>Days by table, in place of the period that the table has by default: 1 to 36,500, or <c>forever</c>.</summary>
    [Required] public IReadOnlyDictionary<string, string> Days { get; init; } = new Dictionary<string, string>();

    /// <summary>Days for which rows that were restored into their table are left there.</summary>
    [Range(0, 36_500)] public int KeepRestoredDays { get; init; } = 30;

    /// <summary>Days for which an archive file stays that others have taken the place of: backups of the time before name it.</summary>
    [Range(0, 36_500)] public int KeepSupersededDays { get; init; } = 30;

    /// <summary>Most rows of one archive file, which move in one transaction.</summary>
    [Range(1_000, 10_000_000)] public int RowsPerFile { get; init; } = 100_000;

    /// <summary>Hours from one restore drill to the next; 0 for none.</summary>
    [Range(0, 8_760)] public int DrillScheduleHours { get; init; } = 168;

    /// <summary>The period of a setting; null for one without end.</summary>
    /// <exception cref="RetentionPolicyException">It is none.</exception>
    internal static TimeSpan? Parse(string table, string text)
    {
        if (text.Trim().Equals(Forever, StringComparison.OrdinalIgnoreCase)) return null;
        if (!int.TryParse(text, System.Globalization.NumberStyles.AllowLeadingWhite | System.Globalization.NumberStyles.AllowTrailingWhite,
            System.Globalization.CultureInfo.InvariantCulture, out var days) || days > MostDays)
            throw new RetentionPolicyException($"Retention:Days:{table}: '{text}' is no number of days from 1 to {MostDays}, and not '{Forever}' (or 0, which means the same).");
        return days == 0 ? null : TimeSpan.FromDays(days);
    }
}
