using System.Globalization;

namespace Bellwether.Market;

/// <summary>Length of a bar: <c>1m</c>, <c>5m</c>, <c>1h</c>, <c>1d</c> or <c>1w</c> and the like.</summary>
public readonly record struct BarInterval
{
    BarInterval(string name, TimeSpan length) => (Name, Length) = (name, length);

    public static BarInterval Day { get; } = new("1d", TimeSpan.FromDays(1));

    public static BarInterval Minute { get; } = new("1m", TimeSpan.FromMinutes(1));

    /// <summary>As it is stored.</summary>
    public string Name { get; }

    public TimeSpan Length { get; }

    /// <summary>Bars of sessions, whose time is a date; others have a time of day.</summary>
    public bool IsDaily => Length >= TimeSpan.FromDays(1);

    public static bool TryParse(string text, out BarInterval interval)
    {
        interval = default;
        if (text.Length is < 2 or > 5
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count is < 1 or > 999)
            return false;
        var unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'w' => TimeSpan.FromDays(7),
            _ => TimeSpan.Zero,
        };
        if (unit == TimeSpan.Zero) return false;
        interval = new($"{count}{text[^1]}", count * unit);
        return true;
    }

    public override string ToString() => Name;
}
