using System.Globalization;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.DuckDb;

/// <summary>An INTERVAL: three parts that do not convert into each other.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DuckDbInterval(int Months, int Days, long Micros)
{
    /// <summary>As ISO 8601 writes durations: <c>P1Y2M3DT4.5S</c>, each part with its own sign; <c>PT0S</c> for nothing.</summary>
    public override string ToString()
    {
        if (this == default) return "PT0S";
        var years = Months / 12;
        var months = Months % 12;
        var date = (years, months, Days) switch
        {
            (0, 0, 0) => "",
            _ => Part(years, 'Y') + Part(months, 'M') + Part(Days, 'D'),
        };
        if (Micros == 0) return "P" + date;
        var seconds = ((decimal)Micros / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture);
        return $"P{date}T{seconds}S";
    }

    static string Part(int value, char unit) => value == 0 ? "" : value.ToString(CultureInfo.InvariantCulture) + unit;
}

/// <summary>A DECIMAL of up to 38 digits, exact.</summary>
public readonly record struct DuckDbDecimal(Int128 Unscaled, int Scale)
{
    /// <exception cref="OverflowException">More than 28 digits.</exception>
    public decimal ToDecimal()
    {
        var magnitude = (UInt128)(Unscaled < 0 ? -Unscaled : Unscaled);
        if (magnitude >> 96 != 0 || Scale > 28) throw new OverflowException($"{this} does not fit System.Decimal");
        return new decimal((int)(uint)magnitude, (int)(uint)(magnitude >> 32), (int)(uint)(magnitude >> 64), Unscaled < 0, (byte)Scale);
    }

    /// <summary>All digits, with as many behind the point as the type has.</summary>
    public override string ToString()
    {
        var negative = Unscaled < 0;
        var digits = (negative ? -Unscaled : Unscaled).ToString(CultureInfo.InvariantCulture);
        if (Scale > 0)
        {
            digits = digits.PadLeft(Scale + 1, '0');
            digits = $"{digits[..^Scale]}.{digits[^Scale..]}";
        }
        return negative ? "-" + digits : digits;
    }
}
