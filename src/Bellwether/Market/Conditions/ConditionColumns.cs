using Npgsql;

namespace Bellwether.Market.Conditions;

/// <summary>The columns of <c>market.market_conditions</c>, by name and as arrays.</summary>
static class ConditionColumns
{
    static readonly (string Name, string Type, Func<IReadOnlyList<MarketCondition>, object> Values)[] All =
    [
        ("timestamp", "timestamptz", rows => rows.Select(r => r.Timestamp).ToArray()),
        ("session", "date", rows => rows.Select(r => r.Session).ToArray()),
        ("known_at", "timestamptz", rows => rows.Select(r => r.KnownAt).ToArray()),
        Number("open", r => r.Open), Number("high", r => r.High), Number("low", r => r.Low), Number("close", r => r.Close),
        ("volume", "bigint", rows => rows.Select(r => r.Volume).ToArray()),
        Number("atr_14", r => r.Atr14), Number("rsi_14", r => r.Rsi14), Number("ema_20", r => r.Ema20), Number("ema_50", r => r.Ema50),
        Number("bb_upper", r => r.BbUpper), Number("bb_lower", r => r.BbLower), Number("macd_line", r => r.MacdLine),
        Number("macd_signal", r => r.MacdSignal),
        Number("volatility_20d", r => r.Volatility20d), Number("vix", r => r.Vix),
        ("detected_regime", "text", rows => rows.Select(r => r.DetectedRegime).ToArray()),
        Number("regime_confidence", r => r.RegimeConfidence),
        ("reference_regime", "text", rows => rows.Select(r => r.ReferenceRegime).ToArray()),
        Number("spy_correlation", r => r.SpyCorrelation), Number("sector_correlation", r => r.SectorCorrelation),
        ("formula", "text", rows => rows.Select(r => r.Formula).ToArray()),
    ];

    static readonly string Names = string.Join(", ", All.Select(c => c.Name));
    static readonly string Excluded = string.Join(", ", All.Skip(1).Select(c => $"excluded.{c.Name}"));

    static readonly string Sql = $"""
        INSERT INTO market.market_conditions AS c (symbol, {Names})
        SELECT $1, * FROM unnest({string.Join(", ", All.Select((c, i) => $"${i + 2}::{c.Type}[]"))})
        ON CONFLICT (symbol, timestamp) DO UPDATE SET {string.Join(", ", All.Skip(1).Select(c => $"{c.Name} = excluded.{c.Name}"))}
        WHERE ({string.Join(", ", All.Skip(1).Select(c => $"c.{c.Name}"))}) IS DISTINCT FROM ({Excluded})
        """;

    public static NpgsqlBatchCommand Upsert(string symbol, IReadOnlyList<MarketCondition> rows)
    {
        var command = new NpgsqlBatchCommand(Sql) { Parameters = { new() { Value = symbol } } };
        foreach (var column in All) command.Parameters.Add(new() { Value = column.Values(rows) });
        return command;
    }

    static (string, string, Func<IReadOnlyList<MarketCondition>, object>) Number(string name, Func<MarketCondition, double?> value) =>
        (name, "double precision", rows => rows.Select(value).ToArray());
}
