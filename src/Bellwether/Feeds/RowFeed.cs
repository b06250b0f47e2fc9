using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Bellwether.Feeds;

/// <summary>Rows that another reader has taken apart already, such as those of a Parquet file.</summary>
sealed class RowFeed(IAsyncEnumerable<IReadOnlyDictionary<string, object?>> rows, FeedInput input)
{
    public async IAsyncEnumerable<FeedRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = 0L;
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (position++ == 0) RequireColumns([.. row.Keys]);
            yield return Record(row, position);
        }
    }

    void RequireColumns(string[] columns)
    {
        input.Options.Map.RequireColumns(input.Origin, columns);
        input.RequireFields(columns, field => columns.Any(c => input.Options.Map.TryResolve(c, out var meaning) && meaning.Field == field),
            "Name it with --map, for example --map text=COLUMN,timestamp=COLUMN");
    }

    FeedRecord Record(IReadOnlyDictionary<string, object?> row, long position)
    {
        var bag = input.Normalizer.NextBag();
        foreach (var (name, value) in row)
        {
            if (value is null) continue;
            var known = input.Options.Map.TryResolve(name, out var meaning);
            if (value is not string && value is IEnumerable items)
            {
                if (value is byte[]) continue;
                var list = items.Cast<object?>().Select(Text).ToList();
                if (known && meaning.Field == Field.Tickers) bag.TickerItems ??= list;
                bag.AddRaw(name, string.Join(',', list).AsMemory());
            }
            else if (known) bag.Add(name, Text(value).AsMemory(), meaning);
            else bag.AddRaw(name, Text(value).AsMemory());
        }
        return input.Finish(default, position);
    }

    static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        // Kind decides: O writes Z for UTC and nothing for a time of no zone.
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
