namespace Bellwether.App.Commands;

/// <summary>Why there is no answer about a symbol: nothing is known of it, or nothing of what is known counts at the moment.</summary>
/// <param name="Newest">Of what is known, at or before the moment; null where there is nothing.</param>
/// <param name="First">Of what is known, where all of it lies after the moment.</param>
sealed record SilentSymbol(string Symbol, string Sentence, DateTimeOffset? Newest, DateTimeOffset? First, bool IsKnown)
{
    /// <param name="bars">Whether bars count, as they do in confluence.</param>
    public static async Task<SilentSymbol> ReadAsync(
        Desk desk, string symbol, DateTimeOffset at, DateTimeOffset knownBy, bool bars, CancellationToken cancellationToken)
    {
        var (firstBar, lastBar) = bars ? await RangeAsync(desk, symbol, knownBy, """
            SELECT min(date), max(date) FROM market.price_history WHERE ticker = $1 AND bar_interval = '1d' AND known_at <= $2
            """, cancellationToken) : (null, null);
        // Rows of days that were sealed are in the lake; the state of the ticker still tells of the last of them.
        var (firstResult, lastResult) = await RangeAsync(desk, symbol, knownBy, """
            SELECT min(timestamp), max(timestamp) FROM (
                SELECT timestamp FROM sentiment.sentiment_data WHERE ticker = $1 AND processing_timestamp_utc <= $2
                UNION ALL SELECT latest_timestamp FROM sentiment.ticker_sentiment WHERE ticker = $1 AND last_updated <= $2) AS t
            """, cancellationToken);
        var moment = at < knownBy ? $" at {Moments.Text(at)} by what was known at {Moments.Text(knownBy)}" : $" at {Moments.Text(at)}";
        string[] parts = [.. Part("daily bar", firstBar, lastBar, at), .. Part("result", firstResult, lastResult, at)];
        if (parts.Length == 0) return new(symbol, $"Nothing that could count was known about {symbol}{moment}.", null, null, false);
        DateTimeOffset?[] ends = [lastBar, lastResult], begins = [firstBar, firstResult];
        var newest = ends.Where(e => e <= at).Max();
        return new(symbol, $"Nothing counts for {symbol}{moment}: {string.Join(", ", parts)}. "
            + $"Results count for weeks{(bars ? " and bars for two years" : "")}.", newest, newest is null ? begins.Where(b => b > at).Min() : null, true);
    }

    /// <param name="moved">The moment was chosen by --at.</param>
    public static CommandException Error(IReadOnlyList<SilentSymbol> symbols, bool moved)
    {
        var known = symbols.Any(s => s.IsKnown);
        var (newest, first) = (symbols.Select(s => s.Newest).Max(), symbols.Select(s => s.First).Min());
        return new(ExitCode.BadInput, known ? "stale_symbol" : "unknown_symbol", string.Join(" ", symbols.Select(s => s.Sentence)),
            newest is { } end ? $"Ask about a moment when it did: --at {end.UtcDateTime.AddDays(1):yyyy-MM-dd}."
            : first is { } begin ? $"Ask about a moment since when there is something: --at {begin.UtcDateTime.AddDays(1):yyyy-MM-dd}."
            : known ? null : moved ? "Check how it is written, or load bars or results of it first." : "Results are known since they were scored and bars since their import; "
                + "--at TIME asks about history that was loaded afterwards.");
    }

    static IEnumerable<string> Part(string what, DateTimeOffset? first, DateTimeOffset? last, DateTimeOffset at) =>
        last is not { } end ? []
            : [first > at ? $"the first {what} is of {first:yyyy-MM-dd}" : $"the last {what} is of {end.UtcDateTime:yyyy-MM-dd}"];

    static async Task<(DateTimeOffset? First, DateTimeOffset? Last)> RangeAsync(
        Desk desk, string symbol, DateTimeOffset knownBy, string sql, CancellationToken cancellationToken)
    {
        await using var command = desk.DataSource.CreateCommand(sql);
        command.Parameters.Add(new() { Value = symbol });
        command.Parameters.Add(new() { Value = knownBy.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) && !row.IsDBNull(0)
            ? (row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<DateTimeOffset>(1)) : (null, null);
    }
}
