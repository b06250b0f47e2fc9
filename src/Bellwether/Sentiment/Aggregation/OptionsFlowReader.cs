using Bellwether.Analytics.Aggregation;
using Bellwether.Analytics.Options;
using Npgsql;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>
/// Traded contracts of a symbol as mentions. Volumes of a day grow until its close, so of one contract only the newest row of a day counts,
/// as it was known. What checks found wrong keeps its row out, unless it says nothing against the quote.
/// </summary>
sealed class OptionsFlowReader(NpgsqlDataSource dataSource)
{
    readonly record struct Contract(DateOnly Day, string Type, double Strike, DateTimeOffset Expiration);

    /// <summary>In order of time.</summary>
    public async Task<IReadOnlyList<Mention>> ReadAsync(
        string symbol, DateTimeOffset from, DateTimeOffset to, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT (fetch_timestamp AT TIME ZONE 'America/New_York')::date, option_type, strike_price, expiration_date, fetch_timestamp, known_at,
                   bid, ask, last_price,
                   volume::float8, delta, findings IS NOT NULL
                   AND EXISTS (SELECT FROM unnest(string_to_array(findings, '; ')) AS f WHERE split_part(f, ':', 1) <> ALL ($5))
            FROM market.options_data
            WHERE ticker = $1 AND fetch_timestamp >= $2 AND fetch_timestamp < $3 AND known_at <= $4
            ORDER BY fetch_timestamp, expiration_date, strike_price, option_type, known_at
            """);
        command.Parameters.Add(new() { Value = symbol });
        foreach (var bound in (DateTimeOffset[])[from, to, knownBy]) command.Parameters.Add(new() { Value = bound });
        command.Parameters.Add(new() { Value = OptionFindings.Harmless.ToArray() });
        var (mentions, rivals) = (new List<Mention>(), new Dictionary<Contract, List<(DateTimeOffset At, DateTimeOffset KnownAt)>>());
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var contract = new Contract(row.GetFieldValue<DateOnly>(0), row.GetString(1), row.GetDouble(2),
                row.GetFieldValue<DateTimeOffset>(3));
            var (at, known) = (row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5));
            var quote = new OptionQuote(contract.Type == "call" ? OptionType.Call : OptionType.Put, contract.Strike, 0)
            {
                Bid = Number(row, 6),
                Ask = Number(row, 7),
                Last = Number(row, 8),
                Volume = Number(row, 9),
            };
            if (!rivals.TryGetValue(contract, out var all)) rivals.Add(contract, all = []);
            all.Add((at, known));
            if (!row.GetBoolean(11) && OptionsFlow.Of(in quote, Number(row, 10)) is { } flow)
                mentions.Add(new(at, known, SentimentSource.Options, null, flow.Score, flow.Weight, []) { Rivals = all });
        }
        return mentions;
    }

    static double Number(NpgsqlDataReader row, int ordinal) => row.IsDBNull(ordinal) ? double.NaN : row.GetDouble(ordinal);
}
