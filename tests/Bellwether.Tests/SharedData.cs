namespace Bellwether.Tests;

/// <summary>The real data beside the checkout. Tests that need it are skipped where it is not there, and fail in CI.</summary>
public static class SharedData
{
    public static string Root { get; } = Find();

    /// <summary>Tweets of 18 months; the path may not exist.</summary>
    public static string TweetsOrNone => Path.Combine(Root, "news", "stock_tweets_2014_2015H1.csv.gz");

    /// <summary>Path of a data file; skips the calling test where there is no data folder, unless CI=true.</summary>
    public static string File(params string[] parts)
    {
        var path = Path.Combine([Root, .. parts]);
        if (!System.IO.File.Exists(path))
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", $"no {Path.Combine(parts)} beside this checkout");
            throw new FileNotFoundException($"CI needs the shared data file {path}");
        }
        return path;
    }

    static string Find()
    {
        for (var dir = new DirectoryInfo(AppContext.BaseDirectory); dir is not null; dir = dir.Parent)
            if (System.IO.File.Exists(Path.Combine(dir.FullName, "Bellwether.slnx")))
                return Path.GetFullPath(Path.Combine(dir.FullName, "..", "shared", "data"));
        return "shared/data";
    }
}
