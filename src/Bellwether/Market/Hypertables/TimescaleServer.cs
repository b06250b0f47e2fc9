using Npgsql;

namespace Bellwether.Market.Hypertables;

/// <summary>Whether a server can have TimescaleDB, and the one that the database has.</summary>
/// <param name="Offered">Version that the server would install; null where it has none.</param>
/// <param name="Installed">Version in this database; null where it has none.</param>
/// <param name="License">timescale, or apache for builds without compression and policies; null where it is not known.</param>
public sealed record TimescaleServer(string? Offered, string? Installed, string? License)
{
    /// <summary>The licence of builds without compression and policies.</summary>
    public const string Apache = "apache";

    // Before this version rows of compressed chunks can be neither updated nor deleted, which refreshed conditions and retention need.
    static readonly Version LeastForCompression = new(2, 11);

    public bool IsAvailable => Offered is not null || Installed is not null;

    public string? Version => Installed ?? Offered;

    public static async Task<TimescaleServer> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT default_version, installed_version, current_setting('timescaledb.license', true) "
            + "FROM pg_available_extensions WHERE name = 'timescaledb'", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return new(null, null, null);
        string? Text(int column) => row.IsDBNull(column) || row.GetString(column).Length == 0 ? null : row.GetString(column);
        return new(Text(0), Text(1), Text(2));
    }

    /// <summary>Why policies cannot be had, as a sentence; null where they can.</summary>
    public string? Refuses(HypertablePolicy policy)
    {
        if (policy is { CompressAfter: null, DropAfter: null }) return null;
        if (License == Apache) return "This TimescaleDB has the Apache licence, without compression and retention policies.";
        if (policy.CompressAfter is not null && System.Version.TryParse(Version?.Split('-', '+')[0], out var version)
            && version < LeastForCompression)
            return $"TimescaleDB {Version} cannot change compressed rows; {LeastForCompression} and later can.";
        return null;
    }
}
