using Bellwether.App.Commands;
using Dapper;
using Npgsql;

namespace Bellwether.App.Demo;

/// <summary>
/// The data folder of a demo. It is emptied at each run, so only a folder that a demo has made is touched: invented events must neither replace
/// nor mix with anybody's data.
/// </summary>
sealed class DemoFolder : IDisposable
{
    const string Marker = "demo.folder";
    readonly FileStream _owned;

    DemoFolder(string path, FileStream owned) => (Path, _owned) = (path, owned);

    public string Path { get; }

    /// <exception cref="CommandException">The folder holds other data, or another demo runs in it.</exception>
    public static DemoFolder Take(string path)
    {
        Directory.CreateDirectory(path);
        var marker = System.IO.Path.Combine(path, Marker);
        if (!File.Exists(marker) && Directory.EnumerateFileSystemEntries(path).Any())
            throw CommandException.Usage($"{path} holds data that no demo has made.", "Name an empty folder with --data, or leave it out.");
        try
        {
            return new(path, new FileStream(marker, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(marker))
        {
            throw new CommandException(ExitCode.Unavailable, "busy", $"Another demo runs in {path}.", "Stop it, or name another folder with --data.");
        }
    }

    /// <summary>Takes out what an earlier demo has left, but keeps the database server, whose making costs more than a second.</summary>
    public static async Task EmptyAsync(Desk desk, CancellationToken cancellationToken)
    {
        if (Directory.Exists(desk.Options.LakeDirectory)) Directory.Delete(desk.Options.LakeDirectory, recursive: true);
        await using var connection = await desk.DataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("""
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public') LOOP
                    EXECUTE format('DROP SCHEMA %I CASCADE', name);
                END LOOP;
                DROP TABLE IF EXISTS public.bellwether_migrations;
            END $$
            """, cancellationToken: cancellationToken));
    }

    /// <summary>For a server that is not ours: only a database without our schema is taken.</summary>
    public static async Task RequireEmptyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition("SELECT to_regclass('public.bellwether_migrations') IS NOT NULL", cancellationToken: cancellationToken)))
            throw CommandException.Usage("The database of --postgres holds data already.", "Name an empty database, or leave --postgres out.");
    }

    public void Dispose() => _owned.Dispose();
}
