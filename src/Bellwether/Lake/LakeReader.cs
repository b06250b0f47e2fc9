using System.Runtime.CompilerServices;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>One result as stored. Text and payload are null where they were not asked for.</summary>
/// <param name="Timestamp">When it happened, UTC.</param>
/// <param name="KnownAt">When it was known, UTC.</param>
public sealed record LakeRow(
    DateTimeOffset Timestamp, string Ticker, string? ArticleTitle, double Sentiment, double Confidence, string Source, string? SourceUrl, string Model,
    string ArticleId, string? Text, DateTimeOffset FetchedAt, DateTimeOffset KnownAt, string? RawPayload, string EventId, string EventType, string Priority,
    double Weight, string ModelVersion, double Positive, double Negative, int SchemaVersion)
{
    /// <summary>The story that it tells; null where that was not determined.</summary>
    public string? ChainId { get; init; }

    /// <summary>1 for the first that told a story, less for those that repeat it; null where that was not determined.</summary>
    public double? NoveltyWeight { get; init; }
}

/// <summary>Reads results of any range of days, from the lake and from what is not there yet, each once, ordered by time, ticker and article.</summary>
public sealed class LakeReader(LakeSql sql, NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>The answer by columns, for export.</summary>
    /// <exception cref="ArgumentException">The filter makes no sense.</exception>
    /// <exception cref="LakeException">The lake does not agree with its manifest.</exception>
    public async Task<LakeQuery> OpenAsync(LakeFilter filter, CancellationToken cancellationToken)
    {
        var statement = filter.ToSql();
        if (filter.AsOf is { } asOf) await KnowledgeBarrier.WaitAsync(database, asOf, time, cancellationToken).ConfigureAwait(false);
        return await sql.QueryAsync(statement, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The rows one by one.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public async IAsyncEnumerable<LakeRow> ReadAsync(LakeFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var query = await OpenAsync(filter, cancellationToken).ConfigureAwait(false);
        await foreach (var row in RowsAsync(query, cancellationToken).ConfigureAwait(false)) yield return row;
    }

    internal static async IAsyncEnumerable<LakeRow> RowsAsync(LakeQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Places of the columns in the answer; those that were not asked for have none.
        var names = query.Columns.Select(column => column.Name).ToList();
        int[] place = [.. LakeSchema.Columns.Select(column => names.IndexOf(column.Name))];
        while (await query.ReadChunkAsync(cancellationToken).ConfigureAwait(false))
            for (var row = 0; row < query.RowCount; row++) yield return Row(query, place, row);
    }

    static LakeRow Row(LakeQuery query, int[] place, int row)
    {
        object? Value(int column) => place[column] < 0 ? null : query.Vector(place[column]).Value(row);
        string Text(int column) => (string)Value(column)!;
        DateTimeOffset Time(int column) => Value(column) switch
        {
            DateTimeOffset time => time,
            DateTime time => new(DateTime.SpecifyKind(time, DateTimeKind.Utc)),
            var other => throw new InvalidOperationException($"{other?.GetType()} is no time"),
        };
        return new(
            Time(0), Text(1), (string?)Value(2), (double)Value(3)!, (double)Value(4)!, Text(5), (string?)Value(6), Text(7), Text(8), (string?)Value(9),
            Time(10), Time(11), (string?)Value(12), Text(13), Text(14), Text(15), (double)Value(16)!, Text(17), (double)Value(18)!, (double)Value(19)!,
            (short)Value(20)!)
        {
            ChainId = (string?)Value(21),
            NoveltyWeight = (double?)Value(22),
        };
    }
}
