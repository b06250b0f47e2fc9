using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Bellwether.Storage;

/// <summary>One numbered revision of the schema: the script that makes it and the script that undoes it.</summary>
/// <param name="Checksum">SHA-256 of both scripts, lower-case hex.</param>
public sealed record Migration(int Revision, string Name, string Up, string Down, string Checksum)
{
    /// <summary>All revisions that this program ships, ascending from 1 without gaps.</summary>
    public static IReadOnlyList<Migration> Shipped { get; } = Load(typeof(Migration).Assembly);

    public static Migration Create(int revision, string name, string up, string down) =>
        new(revision, name, up, down, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(up + "\0" + down))));

    static IReadOnlyList<Migration> Load(Assembly assembly)
    {
        const string prefix = "migrations/", suffix = ".up.sql";
        var migrations = assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && n.EndsWith(suffix, StringComparison.Ordinal))
            .Select(n => n[prefix.Length..^suffix.Length])
            .Order(StringComparer.Ordinal)
            .Select(n => Create(int.Parse(n.AsSpan(0, 4)), n[5..], Read(assembly, $"{prefix}{n}.up.sql"), Read(assembly, $"{prefix}{n}.down.sql")))
            .ToArray();
        for (var i = 0; i < migrations.Length; i++)
            if (migrations[i].Revision != i + 1)
                throw new InvalidOperationException($"migration scripts are not numbered without gaps: expected {i + 1:0000}, found {migrations[i].Revision:0000}");
        return migrations;
    }

    static string Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"migration script {resource} is missing");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A revision as recorded in the database.</summary>
public sealed record AppliedMigration(int Revision, string Name, string Checksum, DateTime AppliedAt);

/// <summary>The schema is not in a state that this program can work with. The message says what to do.</summary>
public sealed class MigrationException(string message) : Exception(message);
