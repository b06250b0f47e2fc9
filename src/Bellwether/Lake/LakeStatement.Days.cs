using System.Text.Json;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>A run of UTC days, both ends in it; an end that is not there is open.</summary>
readonly record struct LakeDays(DateOnly? First, DateOnly? Last)
{
    public bool Contains(DateOnly day) => !(day < First) && !(day > Last);

    /// <summary>All days that one of them has, and those between.</summary>
    public LakeDays Or(LakeDays other) => new(Least(First, other.First), Most(Last, other.Last));

    public LakeDays And(LakeDays other) =>
        new(First is null ? other.First : other.First is null ? First : Most(First, other.First), Last is null ? other.Last : other.Last is null ? Last : Least(Last, other.Last));

    static DateOnly? Least(DateOnly? a, DateOnly? b) => a is null || b is null ? null : a < b ? a : b;

    static DateOnly? Most(DateOnly? a, DateOnly? b) => a is null || b is null ? null : a > b ? a : b;
}

/// <summary>
/// Which days a statement can take rows from. Only what surely binds is used: conditions joined by AND, on the bare column or its date, against
/// constants, in a SELECT that reads all_sentiment and nothing else. All else leaves the days open, and the answer to DuckDB.
/// </summary>
sealed partial class LakeStatement
{
    readonly List<LakeDays> _reads = [];
    int _mentions;

    /// <summary>No other day can have a row that the answer depends on.</summary>
    public LakeDays Days => _mentions > 0 && _mentions == _reads.Count && !_ctes.Contains(LakeTables.AllSentiment) ? _reads.Aggregate((a, b) => a.Or(b)) : default;

    void NoteDays(JsonElement select, DuckDbConnection parser)
    {
        if (!select.TryGetProperty("from_table", out var table) || !Is(table, "type", "BASE_TABLE") || !IsAllSentiment(table)) return;
        // A sample is drawn before the condition, and columns may have been given other names.
        if (table.TryGetProperty("sample", out var sample) && sample.ValueKind == JsonValueKind.Object
            || table.TryGetProperty("column_name_alias", out var names) && names.ValueKind == JsonValueKind.Array && names.GetArrayLength() > 0) return;
        var alias = Text(table, "alias") is { Length: > 0 } given ? given : LakeTables.AllSentiment;
        _reads.Add(select.TryGetProperty("where_clause", out var where) ? DaysOf(where, alias, parser) : default);
    }

    static bool IsAllSentiment(JsonElement table) => Text(table, "table_name").Equals(LakeTables.AllSentiment, StringComparison.OrdinalIgnoreCase);

    static LakeDays DaysOf(JsonElement condition, string alias, DuckDbConnection parser)
    {
        if (condition.ValueKind != JsonValueKind.Object) return default;
        if (Is(condition, "type", "CONJUNCTION_AND"))
            return condition.GetProperty("children").EnumerateArray().Aggregate(default(LakeDays), (days, child) => days.And(DaysOf(child, alias, parser)));
        if (Is(condition, "type", "COMPARE_BETWEEN"))
        {
            var input = condition.GetProperty("input");
            return IsTime(input, alias) ? new(
                Moment(condition.GetProperty("lower"), IsDate(input, alias), parser) is { } lower ? DayOf(lower) : null,
                Moment(condition.GetProperty("upper"), IsDate(input, alias), parser) is { } upper ? DayOf(upper) : null) : default;
        }
        if (!Is(condition, "class", "COMPARISON")) return default;
        var (left, right) = (condition.GetProperty("left"), condition.GetProperty("right"));
        var flipped = IsTime(right, alias);
        if (!flipped && !IsTime(left, alias)) return default;
        var byDate = IsDate(flipped ? right : left, alias);
        if (Moment(flipped ? left : right, byDate, parser) is not { } moment) return default;
        var day = DayOf(moment);
        var before = !byDate && moment.TimeOfDay == TimeSpan.Zero && day > DateOnly.MinValue ? day.AddDays(-1) : day;
        return (Text(condition, "type"), flipped) switch
        {
            ("COMPARE_EQUAL", _) => new(day, day),
            ("COMPARE_GREATERTHAN" or "COMPARE_GREATERTHANOREQUALTO", false) or ("COMPARE_LESSTHAN" or "COMPARE_LESSTHANOREQUALTO", true) => new(day, null),
            ("COMPARE_LESSTHANOREQUALTO", false) or ("COMPARE_GREATERTHANOREQUALTO", true) => new(null, day),
            ("COMPARE_LESSTHAN", false) or ("COMPARE_GREATERTHAN", true) => new(null, before),
            _ => default,
        };
    }

    static bool IsTime(JsonElement value, string alias) => IsColumn(value, alias) || IsDate(value, alias);

    static bool IsDate(JsonElement value, string alias) =>
        Is(value, "class", "CAST") && Is(value.GetProperty("cast_type"), "id", "DATE") && IsColumn(value.GetProperty("child"), alias);

    static bool IsColumn(JsonElement value, string alias)
    {
        if (!Is(value, "class", "COLUMN_REF")) return false;
        var names = value.GetProperty("column_names").EnumerateArray().Select(name => name.GetString()!).ToArray();
        return names[^1].Equals("timestamp", StringComparison.OrdinalIgnoreCase)
            && (names.Length == 1 || names.Length == 2 && names[0].Equals(alias, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A constant as DuckDB compares it with the column, in UTC; null where it is none, or none that has a day.</summary>
    /// <param name="asDate">It is compared with a date, and text is then read as one.</param>
    static DateTime? Moment(JsonElement value, bool asDate, DuckDbConnection parser)
    {
        var type = asDate ? "DATE" : "VARCHAR";
        if (Is(value, "class", "CAST"))
        {
            type = Text(value.GetProperty("cast_type"), "id");
            value = value.GetProperty("child");
        }
        if (type is not ("VARCHAR" or "DATE" or "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE") || !Is(value, "class", "CONSTANT")) return null;
        var constant = value.GetProperty("value");
        if (!Is(constant.GetProperty("type"), "id", "VARCHAR") || Text(constant, "value") is not { Length: > 0 } text) return null;
        try
        {
            var micros = parser.Scalar($"SELECT epoch_us(try_cast(try_cast($1::VARCHAR AS {type}) AS TIMESTAMPTZ))", [text]) as long?;
            return micros is { } known ? DateTime.UnixEpoch.AddTicks(checked(known * TimeSpan.TicksPerMicrosecond)) : null;
        }
        catch (Exception error) when (error is DuckDbException or OverflowException or ArgumentOutOfRangeException)
        {
            // Infinity, or a year that no file has: the statement itself will tell.
            return null;
        }
    }

    static DateOnly DayOf(DateTime moment) => DateOnly.FromDateTime(moment);
}
