using System.Globalization;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake.Legacy;

public sealed partial class LegacyDiff
{
    /// <summary>What each old result is: the same, repeated, of a feed, different or missing.</summary>
    const string Verdicts = """
        SELECT o.*, l.micros, CASE
            WHEN l.key IS NULL AND o.alias IN (SELECT key FROM lake_rows) THEN 'live'
            WHEN l.key IS NULL THEN 'missing'
            WHEN o.hash = l.hash AND row_number() OVER (PARTITION BY o.key ORDER BY o.hash <> l.hash, o.file, o.row) = 1 THEN 'same'
            WHEN o.says = l.says THEN CASE WHEN max(o.hash = l.hash) OVER (PARTITION BY o.key) THEN 'repeated' ELSE 'different' END
            ELSE 'different' END AS verdict
        FROM old_rows AS o LEFT JOIN lake_rows AS l USING (key)
        """;

    static Dictionary<string, long> Compare(DuckDbConnection tables, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["same"] = 0, ["repeated"] = 0, ["live"] = 0, ["different"] = 0, ["missing"] = 0 };
        tables.Execute($"CREATE TABLE verdicts AS {Verdicts}", cancellationToken);
        using (var reader = tables.Query("SELECT verdict, count(*) FROM verdicts GROUP BY verdict", cancellationToken: cancellationToken))
            while (reader.Read()) counts[reader.GetString(0)] = reader.GetInt64(1);
        counts["groups"] = (long)tables.Scalar("SELECT count(*) FROM (SELECT DISTINCT ticker, day FROM old_rows)", cancellationToken: cancellationToken)!;
        counts["elsewhere"] = (long)tables.Scalar("""
            SELECT count(*) FROM lake_rows AS l SEMI JOIN old_rows AS o ON l.ticker = o.ticker AND l.day = o.day
            WHERE l.key NOT IN (SELECT key FROM old_rows) AND l.key NOT IN (SELECT alias FROM old_rows)
            """, cancellationToken: cancellationToken)!;
        return counts;
    }

    async Task<List<LegacyDifference>> ExamplesAsync(Scan scan, CancellationToken cancellationToken)
    {
        var found = new List<(int File, long Row, string Ticker, string Kind, long? Micros)>();
        using (var reader = scan.Tables.Query($"""
            SELECT file, row, ticker, verdict, micros FROM verdicts WHERE verdict IN ('different', 'missing') ORDER BY file, row, ticker LIMIT {MostExamples}
            """, cancellationToken: cancellationToken))
            while (reader.Read())
                found.Add(((int)reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.IsNull(4) ? null : reader.GetInt64(4)));
        var examples = new List<LegacyDifference>();
        foreach (var (file, number, ticker, kind, micros) in found)
        {
            if (await OldAsync(scan, scan.Files[file], number, ticker, cancellationToken).ConfigureAwait(false) is not { } old) continue;
            var fields = new List<LegacyFieldDifference>();
            if (micros is { } at && await LakeAsync(old, at, cancellationToken).ConfigureAwait(false) is { } stored)
                foreach (var (name, mine, theirs) in LakeSchema.Columns.Zip(Texts(old), Texts(stored)).Select(column => (column.First.Name, column.Second, column.Third)))
                    if (mine != theirs && name != "event_id") fields.Add(new(name, Cut(mine), Cut(theirs)));
            examples.Add(new(scan.Files[file].Path, number, ticker, old.ArticleId, kind, fields));
        }
        return examples;
    }

    async Task<LakeRow?> OldAsync(Scan scan, LegacyFile file, long number, string ticker, CancellationToken cancellationToken)
    {
        using var open = file.Open();
        var (_, columns) = LegacyFile.Describe(scan.Reading, LegacyFile.PathOf(open), scan.Options);
        using var reader = new LegacyReader(
            scan.Reading, file, open, LegacyFile.HashOf(open, cancellationToken), columns, scan.Options, time, number, [number], cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var outcomes = await LegacyPayload.CanonicalAsync(connection, reader.ReadBatch(), cancellationToken).ConfigureAwait(false);
        return outcomes.SelectMany(outcome => outcome.Results).FirstOrDefault(result => result.Row.Ticker == ticker)?.Row;
    }

    async Task<LakeRow?> LakeAsync(LakeRow old, long micros, CancellationToken cancellationToken)
    {
        var filter = new LakeFilter { From = At(micros), To = At(micros + 1), Tickers = [old.Ticker], WithText = true };
        await foreach (var row in _lakeReader.ReadAsync(filter, cancellationToken).ConfigureAwait(false))
            if (row.ArticleId == old.ArticleId) return row;
        return null;
    }

    static string? Cut(string? text) => text is { Length: > 200 } ? text[..200] + "…" : text;

    /// <summary>The values in the order of the lake's columns.</summary>
    static string?[] Texts(LakeRow row)
    {
        object?[] values =
        [
            row.Timestamp, row.Ticker, row.ArticleTitle, row.Sentiment, row.Confidence, row.Source, row.SourceUrl, row.Model, row.ArticleId, row.Text, row.FetchedAt, row.KnownAt,
            row.RawPayload, row.EventId, row.EventType, row.Priority, row.Weight, row.ModelVersion, row.Positive, row.Negative, row.SchemaVersion,
            row.ChainId, row.NoveltyWeight,
        ];
        return Array.ConvertAll(values, value => value switch
        {
            null => null,
            DateTimeOffset time => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString(),
        });
    }
}
