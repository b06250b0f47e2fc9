using System.Globalization;
using System.Runtime.CompilerServices;
using Bellwether.Feeds;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Counts.Import;

/// <summary>Posts in comma-separated text: a header with the names of columns in any order, or none and then id, time and perhaps kind.</summary>
static class CsvPosts
{
    public static async IAsyncEnumerable<ReadPost> ReadAsync(TextReader text, string origin, PostFields fields, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var rows = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null, IgnoreBlankLines = true, DetectDelimiter = true });
        if (!await rows.ReadAsync().ConfigureAwait(false)) yield break;
        var (columns, header) = Columns(rows.Record!, origin, fields);
        var width = rows.Count;
        if (!header) yield return Row(rows, columns, fields);
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return RowShape.TooWide(rows.Record!, width) is { } wide ? ReadPost.Reject(rows.RawRow, wide) : Row(rows, columns, fields);
        }
    }

    static ReadPost Row(CsvParser rows, (int Id, int Time, int Kind) columns, PostFields fields)
    {
        var count = rows.Count;
        if (columns.Id >= count || columns.Time >= count)
            return ReadPost.Reject(rows.RawRow, $"the line has {count} fields; {Math.Max(columns.Id, columns.Time) + 1} are needed");
        return fields.Make(rows.RawRow, rows[columns.Id], rows[columns.Time], columns.Kind >= 0 && columns.Kind < count ? rows[columns.Kind] : "");
    }

    static ((int Id, int Time, int Kind) Columns, bool Header) Columns(string[] first, string origin, PostFields fields)
    {
        var names = first.Select(name => name.Trim().TrimStart('\uFEFF').ToLowerInvariant()).ToArray();
        var (id, time, kind) = (Find(names, PostFields.IdNames), Find(names, PostFields.TimeNames), Find(names, PostFields.KindNames));
        if (id >= 0 && time >= 0) return ((id, time, kind), true);
        if (id < 0 && time < 0 && first.Length >= 2 && fields.IsTime(first[1])) return ((0, 1, first.Length > 2 ? 2 : -1), false);
        throw CountsException.Input(
            $"{origin}: no column for {(id < 0 ? "tweet_id" : "created_at")} is recognised among {string.Join(", ", first.Take(20))}.",
            $"Name the columns {string.Join(" or ", PostFields.IdNames)}, {string.Join(" or ", PostFields.TimeNames)} and, if there is one, {string.Join(" or ", PostFields.KindNames)}.");
    }

    static int Find(string[] names, IReadOnlyList<string> wanted) => wanted.Select(name => Array.IndexOf(names, name)).FirstOrDefault(at => at >= 0, -1);
}
