using System.Text.RegularExpressions;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Storage.Objects;

namespace Bellwether.Lake.Legacy;

/// <summary>One old file.</summary>
/// <param name="Path">Relative to the folder that is migrated, with slashes.</param>
/// <param name="Ticker">That its folder or its name tells; null where it tells none.</param>
/// <param name="KnownAt">When it was last changed: what is in it was known by then.</param>
sealed partial record LegacyFile(string Path, string FullPath, string? Ticker, long Bytes, DateTimeOffset KnownAt)
{
    /// <summary>All Parquet files of a folder and those below it, in the order of their names.</summary>
    /// <exception cref="LegacyException">There is no such folder, or it is the lake itself.</exception>
    public static List<LegacyFile> Find(string from, string lake, TimeProvider time)
    {
        var root = System.IO.Path.GetFullPath(from);
        if (File.Exists(root)) return [Of(System.IO.Path.GetDirectoryName(root)!, root, time)];
        if (!Directory.Exists(root)) throw new LegacyException($"there is no folder {root}");
        if (IsWithin(lake, root) || IsWithin(root, lake)) throw new LegacyException($"{root} is the lake itself or lies around it; name the folder of the old files");
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.Hidden, MatchCasing = MatchCasing.CaseInsensitive };
        return [.. Directory.EnumerateFiles(root, "*.parquet", options).Select(file => Of(root, file, time)).OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    static bool IsWithin(string path, string folder) =>
        $"{System.IO.Path.GetFullPath(path)}/".StartsWith($"{System.IO.Path.GetFullPath(folder)}/", StringComparison.Ordinal);

    static LegacyFile Of(string root, string file, TimeProvider time)
    {
        var info = new FileInfo(file);
        var relative = System.IO.Path.GetRelativePath(root, file).Replace('\\', '/');
        // A date ahead of the clock says nothing; now is never earlier than the truth.
        var (changed, now) = (info.LastWriteTimeUtc.Ticks, time.GetUtcNow().UtcTicks);
        var known = Math.Min(changed, now);
        return new(relative, file, TickerOf(relative), info.Length, new(known - known % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero));
    }

    /// <summary><c>ticker=XYZ/</c> on the way, else the beginning of a name such as <c>xyz_sentiment.parquet</c>.</summary>
    internal static string? TickerOf(string relative)
    {
        var parts = relative.Split('/');
        var folder = parts[..^1].LastOrDefault(part => part.StartsWith("ticker=", StringComparison.OrdinalIgnoreCase) || part.StartsWith("symbol=", StringComparison.OrdinalIgnoreCase));
        var name = folder is not null ? Uri.UnescapeDataString(folder["ticker=".Length..]) : NameForm().Match(parts[^1]) is { Success: true } match ? match.Groups[1].Value : null;
        return name is not null && !Collective.Contains(name) && TickerList.TryParse(name, out var tickers, out _) && tickers.Count == 1 ? tickers[0] : null;
    }

    // Files of several tickers.
    static readonly HashSet<string> Collective = new(StringComparer.OrdinalIgnoreCase) { "multi", "all", "combined", "merged", "sentiment", "data", "news", "articles", "part" };

    [GeneratedRegex(@"^([A-Za-z0-9.\-]{1,15}?)(?:[_-](?:sentiment|news|articles|data|history|archive|part|\d)[A-Za-z0-9_.\-]*)?\.parquet$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    /// <summary>What a file's own footer says.</summary>
    /// <exception cref="DuckDbException">It is no Parquet file.</exception>
    public static (long Rows, LegacyColumns Columns) Describe(DuckDbConnection engine, string path, LegacyOptions options)
    {
        var rows = (long)engine.Scalar("SELECT CAST(coalesce(sum(num_rows), 0) AS BIGINT) FROM parquet_file_metadata($1)", [path])!;
        using var shape = engine.Query("SELECT * FROM read_parquet($1, hive_partitioning = false) LIMIT 0", [path]);
        return (rows, new(shape.Columns, options.Map));
    }

    /// <summary>Holds the file open, so that all readings see the same bytes whatever becomes of its name.</summary>
    public FileStream Open() => new(FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    public static string PathOf(FileStream open) => $"/proc/self/fd/{open.SafeFileHandle.DangerousGetHandle()}";

    public static string HashOf(FileStream open, CancellationToken cancellationToken) => ContentHash.OfFile(open.SafeFileHandle, cancellationToken);
}
