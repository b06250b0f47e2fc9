using System.Buffers;
using System.Globalization;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>
/// Rows of a lake file in the text format of PostgreSQL's COPY, value for value the same. Not its binary format, in which text would be taken for
/// the encoding of whoever asks. Source of the format: PostgreSQL manual, COPY, "Text Format".
/// </summary>
sealed class CopyText
{
    const long MicrosPerDay = 86_400_000_000;
    static readonly SearchValues<byte> Escaped = SearchValues.Create("\\\n\r\t"u8);

    readonly ArrayBufferWriter<byte> _buffer = new(256 << 10);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    /// <summary>Appends a row; its columns are those of the lake, in order.</summary>
    public void Append(DuckDbReader source, int row)
    {
        for (var i = 0; i < LakeSchema.Columns.Length; i++)
        {
            if (i > 0) _buffer.Write("\t"u8);
            ref readonly var vector = ref source.Vector(i);
            if (vector.IsNull(row))
            {
                _buffer.Write("\\N"u8);
                continue;
            }
            switch (LakeSchema.Columns[i].Kind)
            {
                case LakeKind.Timestamp:
                    Timestamp(vector.At<long>(row));
                    break;
                case LakeKind.Double:
                    // The shortest text that gives the same bits again.
                    Number(vector.At<double>(row));
                    break;
                case LakeKind.SmallInt:
                    Number(vector.At<short>(row));
                    break;
                default:
                    Text(vector.Bytes(row));
                    break;
            }
        }
        _buffer.Write("\n"u8);
    }

    /// <summary>Appends a line that is no row: PostgreSQL fails and shows it.</summary>
    public void Fail(string message) => _buffer.Write(System.Text.Encoding.UTF8.GetBytes(message.ReplaceLineEndings(" ").Replace('\t', ' ').Replace('\\', '/') + "\n"));

    void Number<T>(T value) where T : IUtf8SpanFormattable
    {
        value.TryFormat(_buffer.GetSpan(32), out var written, default, CultureInfo.InvariantCulture);
        _buffer.Advance(written);
    }

    void Text(ReadOnlySpan<byte> text)
    {
        while (text.IndexOfAny(Escaped) is >= 0 and var at)
        {
            _buffer.Write(text[..at]);
            _buffer.Write(text[at] switch { (byte)'\n' => "\\n"u8, (byte)'\r' => "\\r"u8, (byte)'\t' => "\\t"u8, _ => "\\\\"u8 });
            text = text[(at + 1)..];
        }
        _buffer.Write(text);
    }

    void Timestamp(long micros)
    {
        if (micros == long.MaxValue)
        {
            _buffer.Write("infinity"u8);
            return;
        }
        if (micros == -long.MaxValue)
        {
            _buffer.Write("-infinity"u8);
            return;
        }
        var days = Math.DivRem(micros, MicrosPerDay, out var time);
        if (time < 0) (days, time) = (days - 1, time + MicrosPerDay);
        var (year, month, day) = Civil(days);
        var (hour, minute, second) = (time / 3_600_000_000, time / 60_000_000 % 60, time / 1_000_000 % 60);
        // There is no year 0: it is 1 BC.
        var shown = year > 0 ? year : 1 - year;
        System.Text.Unicode.Utf8.TryWrite(_buffer.GetSpan(64), CultureInfo.InvariantCulture,
            $"{shown:0000}-{month:00}-{day:00} {hour:00}:{minute:00}:{second:00}.{time % 1_000_000:000000}+00{(year > 0 ? "" : " BC")}", out var written);
        _buffer.Advance(written);
    }

    /// <summary>
    /// The proleptic Gregorian date, for years that the base library does not have. Eras of 400 years begin on 1 March of the year 0. Source: H. Hinnant,
    /// "chrono-Compatible Low-Level Date Algorithms".
    /// </summary>
    static (long Year, long Month, long Day) Civil(long days)
    {
        const long daysOfEra = 146_097, toMarchOfYear0 = 719_468;
        var shifted = days + toMarchOfYear0;
        var era = (shifted >= 0 ? shifted : shifted - (daysOfEra - 1)) / daysOfEra;
        var dayOfEra = shifted - era * daysOfEra;
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var marchMonth = (5 * dayOfYear + 2) / 153;
        var month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1);
    }
}
