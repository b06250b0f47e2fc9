using Bellwether.Backup;
using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Retention;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Backup;

/// <summary>A database with an archive and a lake of its own, backed up into a folder and restored from one.</summary>
sealed class BackupLab : IAsyncDisposable
{
    readonly string _folder = TestFolder.Create("backup-lab");

    BackupLab(RetentionLab lab) => Lab = lab;

    public static async Task<BackupLab> CreateAsync(TestServer server, string name) => new(await RetentionLab.CreateAsync(server, name));

    public RetentionLab Lab { get; }

    public string Backups => Path.Combine(_folder, "backups");

    public LakeOptions Lake => new() { Directory = Path.Combine(_folder, "lake"), ScratchDirectory = Path.Combine(_folder, "scratch"), DuckDbLibrary = DuckDbTestLibrary.Path };

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task<BackupReport> CreateAsync(bool withArchive = false) =>
        new BackupWriter(Lab.Source, Lake, Lake.Directory, Lab.Objects, "1.0.0", TimeProvider.System).CreateAsync(Backups, false, withArchive, null, Token);

    public Task<RestoreReport> RestoreAsync(string backup, bool replace = false) =>
        new BackupRestore(Lab.Source, Lake, null, Lab.Objects, TimeProvider.System).RunAsync(backup, replace, false, null, Token);

    public string[] ArchiveFiles() => Directory.Exists(Lab.ArchiveFolder)
        ? [.. Directory.EnumerateFiles(Lab.ArchiveFolder, "*.parquet", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Lab.ArchiveFolder, file)).Order(StringComparer.Ordinal)] : [];

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
