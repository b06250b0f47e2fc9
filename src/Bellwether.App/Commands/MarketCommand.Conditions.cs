using System.CommandLine;
using System.Globalization;
using Bellwether.Market;
using Bellwether.Market.Conditions;
using Bellwether.Market.Prices;

namespace Bellwether.App.Commands;

sealed record ConditionRefreshAnswer(int Symbols, int Rows, int UpToDate, double Seconds);

sealed record SectorAnswer(string Symbol, string? Sector);

static partial class MarketCommand
{
    static readonly string[] ConditionHeader =
    [
        "timestamp", "session", "known_at", "open", "high", "low", "close", "volume", "atr_14", "rsi_14", "ema_20", "ema_50", "bb_upper", "bb_lower", "macd_line", "macd_signal",
        "volatility_20d", "vix", "detected_regime", "regime_confidence", "reference_regime", "spy_correlation", "sector_correlation",
    ];

    static Verb Conditions(Screen screen, GlobalOptions globals)
    {
        var (symbol, format) = (Symbol(), Format("table"));
        var from = Moments.Option("--from", "First row shown, included; bars before it are used", screen.Time);
        var to = Moments.Option("--to", "End, excluded", screen.Time);
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        return new Verb("conditions", "Show indicators, volatility, regime and correlations at the close of each session, as they are known or were at a moment",
                "market conditions AAPL --from 2026-01-01", "market conditions AAPL --as-of 2026-03-01 --json") { symbol, from, to, asOf, format }
            .Runs(screen, globals, (session, cancellationToken) => ConditionsAsync(session, Ticker(session.Get(symbol)!, "SYMBOL"),
                Moments.Range(session, from, to), session.Get(asOf), FormatOf(session, format, "table"), cancellationToken));
    }

    static Verb Refresh(Screen screen, GlobalOptions globals)
    {
        var symbols = new Argument<string[]>("SYMBOL") { Description = "Only these tickers [default: all with daily bars]", Arity = ArgumentArity.ZeroOrMore };
        return new Verb("refresh", "Bring the table market.market_conditions up to date; the scheduler of `serve` does it by itself", "market refresh", "market refresh AAPL MSFT --json") { symbols }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var named = session.Get(symbols)!.Select(s => Ticker(s, "SYMBOL")).ToArray();
                await using var desk = await session.OpenAsync(cancellationToken);
                var started = session.Time.GetTimestamp();
                var done = await new ConditionStore(desk.DataSource, desk.Time, desk.Options.Market.Tickers)
                    .RefreshAsync(named.Length == 0 ? null : named, session.Verbose ? session.Progress : null, cancellationToken);
                var answer = new ConditionRefreshAnswer(done.Symbols, done.Rows, done.UpToDate, Math.Round(session.Time.GetElapsedTime(started).TotalSeconds, 3));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ConditionRefreshAnswer);
                else session.Screen.Out.WriteLine($"{answer.Symbols:n0} symbols computed, {answer.Rows:n0} rows changed; {answer.UpToDate:n0} symbols were up to date");
                return ExitCode.Ok;
            });
    }

    static Verb Sector(Screen screen, GlobalOptions globals)
    {
        var symbol = Symbol();
        var sector = new Argument<string?>("SECTOR") { Description = "Ticker that stands for the symbol's sector, such as XLK", Arity = ArgumentArity.ZeroOrOne };
        var clear = new Option<bool>("--clear") { Description = "Take back what was stated" };
        return new Verb("sector", "State or show by which series the sector of a symbol is measured", "market sector AAPL XLK", "market sector AAPL", "market sector AAPL --clear") { symbol, sector, clear }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var (ticker, named) = (Ticker(session.Get(symbol)!, "SYMBOL"), session.Get(sector) is { } text ? Ticker(text, "SECTOR") : null);
                if (named is not null && session.Get(clear)) throw CommandException.Usage("--clear takes the sector back; name none with it.");
                await using var desk = await session.OpenAsync(cancellationToken);
                var reader = new ConditionReader(desk.DataSource, desk.Time, desk.Options.Market.Tickers);
                if (named is not null || session.Get(clear)) await reader.SetSectorAsync(ticker, named, cancellationToken);
                if (named is not null && await new KnownBars(desk, new PriceReader(desk.DataSource, desk.Time), BarInterval.Day, null)
                    .ReadAsync(named, cancellationToken) is null)
                    session.Note($"No daily bars of {named} are known: {ticker} has no sector correlation until there are.");
                var answer = new SectorAnswer(ticker, await reader.SectorAsync(ticker, null, cancellationToken));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.SectorAnswer);
                else session.Screen.Out.WriteLine(answer.Sector is null ? $"{ticker}: no sector is stated" : $"{ticker}: {answer.Sector}");
                return ExitCode.Ok;
            });
    }

    static async Task<int> ConditionsAsync(
        Session session, string symbol, (DateTimeOffset? From, DateTimeOffset? To) range, DateTimeOffset? asOf, string format,
        CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var rows = await new ConditionReader(desk.DataSource, desk.Time, desk.Options.Market.Tickers)
            .ReadAsync(symbol, range.From, range.To, asOf, cancellationToken);
        if (rows.Count == 0)
            await new KnownBars(desk, new PriceReader(desk.DataSource, desk.Time), BarInterval.Day, asOf)
                .NoteAsync(session, symbol, range, cancellationToken);
        await using var output = RowWriter.Of(session, format, ConditionHeader);
        foreach (var r in rows)
            output.Write([
                Stamp(r.Timestamp), r.Session.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), r.KnownAt.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
                r.Open, r.High, r.Low, r.Close, r.Volume, r.Atr14, r.Rsi14, r.Ema20, r.Ema50, r.BbUpper, r.BbLower, r.MacdLine, r.MacdSignal, r.Volatility20d, r.Vix,
                r.DetectedRegime, r.RegimeConfidence, r.ReferenceRegime, r.SpyCorrelation, r.SectorCorrelation,
            ]);
        return ExitCode.Ok;
    }
}
