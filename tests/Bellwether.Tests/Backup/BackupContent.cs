using Bellwether.Backup;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Backup;

/// <summary>What a database holds, to compare it before and after.</summary>
static class BackupContent
{
    /// <summary>
    /// Every table of the product, each with the number of its rows and a hash of their values. When a file was put in its place is another thing
    /// in another lake.
    /// </summary>
    public static async Task<SortedDictionary<string, string>> OfAsync(NpgsqlDataSource database, params string[] but)
    {
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (schema, name, _) in await BackupCatalog.TablesAsync(connection, TestContext.Current.CancellationToken))
            if (!but.Contains(name))
                found[$"{schema}.{name}"] = await connection.QuerySingleAsync<string>($"""
                    SELECT count(*) || ' ' || coalesce(md5(string_agg(h, '' ORDER BY h)), '')
                    FROM (SELECT md5((to_jsonb(t) - 'placed_at')::text) AS h FROM "{schema}"."{name}" t) r
                    """);
        return found;
    }
}

sealed class Watcher(Action<BackupGauge> act) : IProgress<BackupGauge>
{
    public void Report(BackupGauge value) => act(value);
}
