namespace Bellwether.Counts;

/// <summary>Times that are taken at all: one that is far off is a slip, and would stretch everything that goes by the hour.</summary>
static class CountsLimits
{
    /// <summary>No network of today is older.</summary>
    public static readonly DateTimeOffset FirstPost = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly DateTimeOffset First = new(CountsClock.FirstYear, 1, 1, 0, 0, 0, TimeSpan.Zero), End = new(CountsClock.EndYear, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <exception cref="CountsException">It lies before 1900 or after 2199.</exception>
    public static void Require(string what, DateTimeOffset? time)
    {
        if (time < First || time >= End) throw CountsException.Input($"{what} is {time:u}; times from 1900 to 2199 are taken.");
    }
}
