using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Bellwether.Feeds;
using Bellwether.Market;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bellwether.App.Api;

/// <summary>
/// Reads the parameters of one request and gathers everything that is wrong with them, to be told at once. One for each request: names that
/// do not exist are in it before the handler looks at values.
/// </summary>
sealed class RequestCheck(TimeProvider time)
{
    // Questions may reach into the future, whatever the clocks of feeds may do: no year has more than four digits.
    static readonly TimeSpan AnyFuture = TimeSpan.FromDays(366 * 8_000);

    readonly List<FieldError> _errors = [];
    readonly TimestampParser _times = new("UTC", null, time, AnyFuture);
    DateTimeOffset? _now;

    public bool Failed => _errors.Count > 0;

    /// <summary>One moment for all that is asked in a request.</summary>
    DateTimeOffset Now => _now ??= time.GetUtcNow();

    public ProblemHttpResult Problem() => Problems.Result(
        400, ProblemKind.InvalidParameter, "A parameter is not valid",
        string.Join("; ", _errors.Select(e => $"{e.Field}: {e.Reason}")) + ".", _errors);

    public void Fail(string field, string? value, string reason) => _errors.Add(Problems.Error(field, value, reason));

    /// <summary>One ticker, in the form that the feeds give it.</summary>
    public string Ticker(string field, string value)
    {
        if (TickerList.TryParse([value], out var found, out var problem) && found.Count == 1) return found[0];
        Fail(field, value, problem ?? "a ticker is 1 to 15 letters, digits, dots and dashes");
        return "";
    }

    /// <summary>One symbol of market data, as its vendors spell it.</summary>
    public string Symbol(string field, string value)
    {
        if (MarketTicker.TryParse(value, out var ticker)) return ticker;
        Fail(field, value, "a symbol is 1 to 15 letters, digits, dots and dashes, such as AAPL, BRK.B, BTC-USD or ^VIX");
        return "";
    }

    /// <summary>Tickers separated by commas, each once, in the order given; null when the parameter is absent.</summary>
    public IReadOnlyList<string>? Tickers(string field, string? value, int most)
    {
        if (value is null) return null;
        var items = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (items.Length == 0) Fail(field, value, "names no ticker");
        if (items.Length > most)
        {
            Fail(field, value, $"{items.Length} tickers; at most {most} are allowed");
            return [];
        }
        return [.. items.Select(i => Ticker(field, i)).Distinct()];
    }

    /// <summary>
    /// A moment in UTC, cut to microseconds; one without offset is taken as UTC, and "now" is the time of the request. Null when absent.
    /// </summary>
    public DateTimeOffset? Time(string field, string? value)
    {
        if (value is null) return null;
        if (value.Equals("now", StringComparison.OrdinalIgnoreCase)) return Now;
        // A plus sign that was not escaped arrives as a blank.
        if (value.Length > 6 && value[^6] == ' ' && value[^3] == ':') value = $"{value[..^6]}+{value[^5..]}";
        if (_times.TryParse(value, out var instant, out var problem)) return instant;
        Fail(field, value, $"{problem}; give ISO 8601 such as 2024-05-01T14:30:00Z, an epoch, or now");
        return null;
    }

    /// <summary>A past moment. One to come is refused, but for what clocks may differ by: that is now.</summary>
    public DateTimeOffset? AsOf(string? value) => Past("asOf", value);

    /// <summary>The moment to tell of, and the one whose knowledge counts; whether the question is about the past.</summary>
    public (DateTimeOffset At, DateTimeOffset KnownBy, bool IsPast) Moments(string? at, string? asOf)
    {
        var asked = AsOf(asOf);
        var known = asked ?? Now;
        var moment = Past("at", at) ?? known;
        if (moment > known) Fail("at", at, $"is after {Text(known)}, whose knowledge is asked for");
        return (moment, known, asked is not null);
    }

    /// <summary>Start and end of a range, half-open.</summary>
    public (DateTimeOffset? From, DateTimeOffset? To) Range(string? from, string? to)
    {
        var (start, end) = (Time("from", from), Time("to", to));
        if (start >= end) Fail("from", from, $"is not before {Text(end.Value)}, the end");
        return (start, end);
    }

    public static string Text(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture);

    DateTimeOffset? Past(string field, string? value)
    {
        if (Time(field, value) is not { } moment) return null;
        if (moment > Now + Commands.Moments.ClocksDiffer)
            Fail(field, value, $"lies in the future: it is {Text(Now)}, and nothing later is known");
        return moment < Now ? moment : Now;
    }

    /// <summary>A number and s, m, h or d; from one second to 366 days.</summary>
    public TimeSpan Interval(string field, string? value, TimeSpan otherwise)
    {
        if (value is null) return otherwise;
        var unit = value is [.., var last] ? last switch { 's' => 1L, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 } : 0;
        if (unit > 0 && int.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && n > 0 && n * unit <= 366 * 86_400) return TimeSpan.FromSeconds(n * unit);
        Fail(field, value, "an interval is a whole number and s, m, h or d, from 1s to 366d, for example 15m, 1h or 1d");
        return otherwise;
    }

    /// <summary>A length of time as commands take it: a number and s, m, h, d or w, from 1s to 3650d. Null when absent.</summary>
    public TimeSpan? Age(string field, string? value)
    {
        if (value is null) return null;
        var found = Commands.Moments.Parse(value);
        if (found is null)
            Fail(field, value, "an interval is a whole number and s, m, h, d or w, from 1s to 3650d, for example 15m, 1h or 5d");
        return found;
    }

    public int Limit(string? value, int otherwise, int most) => Whole("limit", value, otherwise, most, "a limit is a whole number");

    public int Whole(string field, string? value, int otherwise, int most, string must = "must be a whole number")
    {
        if (value is null) return otherwise;
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= 1 && n <= most) return n;
        Fail(field, value, $"{must} from 1 to {most}");
        return otherwise;
    }

    public bool Flag(string field, string? value)
    {
        if (value is null or "false") return false;
        if (value is "true") return true;
        Fail(field, value, "must be true or false");
        return false;
    }

    /// <summary>The number of a thing.</summary>
    public long Id(string value)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return id;
        Fail("id", value, "must be a whole number from 0");
        return 0;
    }

    public string? OneOf(string field, string? value, params ReadOnlySpan<string> allowed)
    {
        if (value is null || allowed.Contains(value)) return value;
        Fail(field, value, $"must be one of {string.Join(", ", allowed)}");
        return null;
    }

    /// <summary>The parts of a cursor that <see cref="CursorOf"/> made; null when absent.</summary>
    public string[]? Cursor(string? value, string kind, int parts)
    {
        if (value is null) return null;
        if (value.Length <= 256 && Base64Url.IsValid(value))
        {
            var found = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(value)).Split('|');
            if (found.Length == parts + 1 && found[0] == kind) return found[1..];
        }
        Fail("cursor", value, "is not the next_cursor of an answer to this request");
        return null;
    }

    /// <summary>An opaque position. Parts must not hold a bar.</summary>
    public static string CursorOf(string kind, params ReadOnlySpan<string> parts) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{kind}|{string.Join('|', parts)}"));
}
