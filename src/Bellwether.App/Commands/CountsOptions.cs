using System.CommandLine;
using Bellwether.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Registry;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary>Options that the commands of counts share, and what they mean. All are read before a database is started.</summary>
static class CountsOptions
{
    static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);

    public static Option<string> Account() => new("--account") { Description = "Whose posts: a name without regard to case", HelpName = "NAME", Required = true };

    public static Option<string?> Count() => new("--count")
    {
        Description = "What counts: all, or some of posts, quotes, reposts, replies, unknown, with commas [default: all]",
        HelpName = "KINDS",
    };

    public static Option<string?> From(string description) => new("--from") { Description = description, HelpName = "TIME" };

    public static Option<string?> To(string description) => new("--to") { Description = description, HelpName = "TIME" };

    public static Option<string?> Zone() => new("--tz") { Description = "Time zone of times without an offset, and of days [default: UTC]", HelpName = "ZONE" };

    public static Option<string?> Model() => new("--model") { Description = $"One of {string.Join(", ", ModelCatalog.Names)} [default: {ModelCatalog.Default}]", HelpName = "NAME" };

    public static Option<bool> Full() => new("--full") { Description = "Compute everything, not only what has changed" };

    public static Option<string?> Plot(string what)
    {
        var plot = new Option<string?>("--plot")
        { Description = $"Draw {what} to a file, as SVG or, where its name ends with .png, PNG", HelpName = "FILE" };
        OutputPlace.Guard(plot, PlotFile.Endings);
        return plot;
    }

    public static Option<bool> DryRun() => new("--dry-run") { Description = "Say it, and record nothing" };

    /// <summary>What is wrong with a value is wrong usage, told before anything is started.</summary>
    public static T Usage<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CountsException error) when (error.Problem == CountsProblem.Input)
        {
            throw CommandException.Usage(error.Message, error.Mend);
        }
    }

    public static string AccountOf(this Session session, Option<string> option) => Usage(() => AccountName.Parse(session.Get(option)!));

    public static CountingProfile ProfileOf(this Session session, Option<string?> option) => Usage(() => CountingProfile.Parse(session.Get(option)));

    public static TimeZoneInfo ZoneOf(this Session session, Option<string?> option) => Usage(() => ZoneWindows.Zone(session.Get(option) ?? "UTC"));

    public static string ModelOf(this Session session, Option<string?> option) => Usage(() => ModelCatalog.Require(session.Get(option) ?? ModelCatalog.Default));

    /// <summary>The instant of an option; null when it is not given.</summary>
    public static DateTimeOffset? TimeOf(this Session session, Option<string?> option, TimeZoneInfo zone) => session.Get(option) is not { } text ? null
        : text.Equals("now", StringComparison.OrdinalIgnoreCase) ? session.Time.GetUtcNow() : Usage(() => ZoneWindows.Parse(option.Name, text, zone));

    /// <summary>A time by the clock of a zone.</summary>
    public static string Local(DateTimeOffset time, TimeZoneInfo zone) => zone.Id is "UTC" or "Etc/UTC" ? Moments.Text(time)
        : TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// Waits for work that computes without looking at its token for seconds at a time. When the user asks for the end it comes in a moment: what writes
    /// looks at the token and ends by itself, and arithmetic is left alone on its thread; whatever it comes to is not recorded.
    /// </summary>
    public static async Task<T> PromptlyAsync<T>(this Task<T> work, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await work.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(Grace, time, CancellationToken.None));
            throw;
        }
    }

    public static string Number(double? value, string format = "0.###") => value is { } number ? number.ToString(format, System.Globalization.CultureInfo.InvariantCulture) : "–";
}
