using System.CommandLine;
using System.Globalization;
using Bellwether.Feeds;
using Bellwether.Market.Calendars;

namespace Bellwether.App.Commands;

/// <summary>Times and intervals as options.</summary>
static class Moments
{
    /// <summary>How far the clock that named a moment may be ahead of this one.</summary>
    public static readonly TimeSpan ClocksDiffer = TimeSpan.FromMinutes(1);

    // Nothing can be known of a moment to come.
    static readonly string[] Past = ["--as-of", "--at"];

    /// <param name="ahead">
    /// How far it may lie in the future, a year by default: what is further off is mostly a slip. Moments of knowledge lie in the past.
    /// </param>
    public static Option<DateTimeOffset?> Option(string name, string description, TimeProvider time, TimeSpan? ahead = null)
    {
        var past = ahead is null && Past.Contains(name);
        var parser = new Lazy<TimestampParser>(() => new("UTC", null, time, ahead ?? (past ? ClocksDiffer : TimeSpan.FromDays(366))));
        return new(name)
        {
            Description = description,
            HelpName = "TIME",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (text.Equals("now", StringComparison.OrdinalIgnoreCase)) return time.GetUtcNow();
                if (parser.Value.TryParse(text, out var instant, out var problem))
                    return past && instant > time.GetUtcNow() ? time.GetUtcNow() : instant;
                result.AddError($"{name}: {problem}. Write for example 2026-03-02T14:30:00Z, 2026-03-02 or now.");
                return null;
            },
        };
    }

    public static Option<TimeSpan?> Interval(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "15m|1h|1d",
        CustomParser = result =>
        {
            if (Parse(result.Tokens[0].Value) is { } interval) return interval;
            result.AddError(
                $"{name}: '{result.Tokens[0].Value}' is not an interval from 1s to 3650d. "
                + "Write a number and s, m, h, d or w, for example 15m.");
            return null;
        },
    };

    /// <summary>
    /// The session that is meant: a date, which comes as its midnight UTC, is itself; any other moment is of its date in New York.
    /// </summary>
    public static DateOnly SessionOf(DateTimeOffset time) =>
        time.UtcDateTime is var utc && utc.TimeOfDay == TimeSpan.Zero ? DateOnly.FromDateTime(utc) : UnitedStatesCalendar.DateOf(utc);

    /// <summary>Start and end of a range, half-open.</summary>
    /// <exception cref="CommandException">It does not begin before it ends.</exception>
    public static (DateTimeOffset? From, DateTimeOffset? To) Range(
        Session session, Option<DateTimeOffset?> from, Option<DateTimeOffset?> to)
    {
        var (start, end) = (session.Get(from), session.Get(to));
        return start >= end
            ? throw CommandException.Usage($"--from {Text(start.Value)} is not before --to {Text(end.Value)}.") : (start, end);
    }

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    internal static TimeSpan? Parse(string text)
    {
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out var count)) return null;
        var seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, 'w' => 7 * 86_400, _ => 0L } * count;
        return seconds is >= 1 and <= 3_650L * 86_400 ? TimeSpan.FromSeconds(seconds) : null;
    }
}
