using System.Globalization;
using System.Text.RegularExpressions;

namespace Bellwether.Engines.Postgres;

/// <summary>A folder with <c>initdb</c> and <c>postgres</c>.</summary>
/// <param name="Directory">The bin folder.</param>
/// <param name="Major">Major version; a data directory is tied to it.</param>
/// <param name="Version">Version as far as it is known without running anything.</param>
public sealed partial record PostgresBinaries(string Directory, int Major, string Version)
{
    /// <summary>The oldest major version that the schema works on (NULLS NOT DISTINCT came with it).</summary>
    public const int OldestMajor = 15;

    /// <summary>The folder that makes sense to copy as a whole; null where that is not known.</summary>
    internal string? Root { get; init; }

    internal string Initdb => Path.Combine(Directory, "initdb");

    internal string Server => Path.Combine(Directory, "postgres");

    internal static bool Complete(string directory) =>
        File.Exists(Path.Combine(directory, "initdb")) && File.Exists(Path.Combine(directory, "postgres"));

    /// <summary>Looks at a folder that a person named: everything wrong with it is an error, not a reason to look elsewhere.</summary>
    internal static async Task<PostgresBinaries> ProbeAsync(string directory, CancellationToken cancellationToken)
    {
        var mend = $"Name a folder such as /usr/lib/postgresql/{OldestMajor}/bin in the option or ${EngineCache.PostgresVariable}, or leave both out.";
        if (!Complete(directory))
            throw new EngineException(EngineCache.Postgres, $"{directory} does not hold initdb and postgres.", mend);

        var (_, output) = await ServerCommand.RunAsSelfAsync(Path.Combine(directory, "postgres"), ["-V"], cancellationToken);
        var match = VersionPattern().Match(output);
        if (!match.Success)
            throw new EngineException(EngineCache.Postgres, $"{directory}/postgres does not run: {output}.", mend);
        var major = int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        return major >= OldestMajor
            ? new PostgresBinaries(directory, major, match.Groups[1].Value)
            : throw new EngineException(EngineCache.Postgres, $"{directory} holds PostgreSQL {match.Groups[1].Value}; {OldestMajor} or newer is needed.", mend);
    }

    [GeneratedRegex(@"PostgreSQL\) ((\d+)\S*)")]
    private static partial Regex VersionPattern();
}
