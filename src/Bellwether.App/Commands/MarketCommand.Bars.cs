using System.CommandLine;
using System.Globalization;
using Bellwether.Analytics.Indicators;
using Bellwether.Market;
using Bellwether.Market.Prices;

namespace Bellwether.App.Commands;

static partial class MarketCommand
{
    static Verb Bars(Screen screen, GlobalOptions globals)
    {
        var (symbol, interval, format) = (Symbol(), Interval(), Format("table"));
        var from = Moments.Option("--from", "First bar, included", screen.Time);
        var to = Moments.Option("--to", "End, excluded", screen.Time);
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        var adjusted = new Option<bool>("--adjusted") { Description = "Adjusted for splits and dividends" };
        return new Verb("bars", "Show the bars of a ticker as they are known, or were at a moment",
                "market bars AAPL --from 2026-01-01", "market bars AAPL --as-of 2026-03-01 --format csv") { symbol, interval, from, to, asOf, adjusted, format }
            .Runs(screen, globals, (session, cancellationToken) => BarsAsync(session, Ticker(session.Get(symbol)!, "SYMBOL"),
                session.Get(interval), Moments.Range(session, from, to), session.Get(asOf), session.Get(adjusted),
                FormatOf(session, format, "table"), cancellationToken));
    }

    static Verb Indicators(Screen screen, GlobalOptions globals)
    {
        var (symbol, interval, format) = (Symbol(), Interval(), Format("csv"));
        var set = new Option<string>("--set") { HelpName = "rsi_14,…", Required = true, Description = "Indicators by name, several by commas, such as rsi_14, bb_upper_20_2, macd_line; all are told where one is unknown" };
        var from = Moments.Option("--from", "First row shown, included; bars before it are used", screen.Time);
        var to = Moments.Option("--to", "End, excluded", screen.Time);
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        var adjusted = new Option<bool>("--adjusted") { Description = "From bars adjusted for splits and dividends" };
        var benchmark = new Option<string?>("--benchmark") { Description = "Ticker that beta and correlation compare with", HelpName = "SYM" };
        var regular = new Option<bool>("--regular") { Description = "Only bars within the hours of the exchange" };
        return new Verb("indicators", "Compute indicators over the bars of a ticker",
                "market indicators AAPL --set rsi_14,atr_14,ema_20,bb_upper,bb_lower,macd_line,macd_signal --format csv",
                "market indicators AAPL --set beta_60,correlation_60 --benchmark SPY --adjusted") { symbol, set, interval, from, to, asOf, adjusted, benchmark, regular, format }
            .Runs(screen, globals, (session, cancellationToken) =>
            {
                IndicatorSet indicators;
                try
                {
                    indicators = IndicatorSet.Parse(session.Get(set)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
                }
                catch (FormatException error)
                {
                    throw CommandException.Usage($"--set: {error.Message}.");
                }
                var other = session.Get(benchmark) is { } named ? Ticker(named, "--benchmark") : null;
                if (other is null && indicators.Reads.HasFlag(BarFields.Benchmark)) throw CommandException.Usage("Beta and correlation need a series to compare with.", "Name it with --benchmark SYM.");
                var request = new IndicatorRequest(Ticker(session.Get(symbol)!, "SYMBOL"), session.Get(interval), other, session.Get(asOf),
                    session.Get(adjusted), session.Get(regular));
                return IndicatorsAsync(session, indicators, request, Moments.Range(session, from, to), FormatOf(session, format, "csv"),
                    cancellationToken);
            });
    }

    sealed record IndicatorRequest(string Ticker, BarInterval Interval, string? Benchmark, DateTimeOffset? AsOf, bool Adjusted, bool Regular);

    static async Task<int> IndicatorsAsync(Session session, IndicatorSet indicators, IndicatorRequest request,
        (DateTimeOffset? From, DateTimeOffset? To) range, string format, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var reader = new PriceReader(desk.DataSource, desk.Time);
        var series = new BarSeries(reader);
        Task<IReadOnlyList<PriceBar>> ReadAsync(string ticker) => series.ReadAsync(
            ticker, request.Interval, range.To, request.AsOf, request.Adjusted, request.Regular, cancellationToken);
        var bars = await ReadAsync(request.Ticker);
        IReadOnlyList<PriceBar> others = request.Benchmark is null ? [] : await ReadAsync(request.Benchmark);
        var known = new KnownBars(desk, reader, request.Interval, request.AsOf, request.Regular);
        if (request.Benchmark is not null && others.Count == 0) await known.RequireAsync(request.Benchmark, cancellationToken);

        var (inputs, rows) = (BarSeries.Inputs(bars, others, request.Interval), 0L);
        if (inputs.Length == 0) await known.RequireAsync(request.Ticker, cancellationToken);
        var values = new double[indicators.Names.Count];
        await using var output = RowWriter.Of(session, format, ["timestamp", .. indicators.Names]);
        for (var i = 0; i < inputs.Length; i++)
        {
            indicators.Next(in inputs[i], values);
            if (bars[i].Date < range.From?.UtcDateTime) continue;
            output.Write([Stamp(bars[i].Date), .. values.Select(value => (RowCell)value)]);
            rows++;
        }
        if (rows == 0) await known.NoteAsync(session, request.Ticker, range, cancellationToken);
        return ExitCode.Ok;
    }

    static async Task<int> BarsAsync(Session session, string ticker, BarInterval interval, (DateTimeOffset? From, DateTimeOffset? To) range,
        DateTimeOffset? asOf, bool adjusted, string format, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var reader = new PriceReader(desk.DataSource, desk.Time);
        // What comes after a bar decides how it is adjusted.
        var stored = await reader.BarsAsync(ticker, interval, adjusted ? null : range.From, adjusted ? null : range.To, asOf, cancellationToken);
        var (known, rows) = (new KnownBars(desk, reader, interval, asOf), 0L);
        if (stored.Count == 0) await known.RequireAsync(ticker, cancellationToken);
        IReadOnlyList<PriceBar> bars = adjusted ? Adjustment.Apply(stored, await reader.ActionsAsync(ticker, asOf, cancellationToken), interval)
            : [.. stored.Select(s => s.Bar)];
        await using var output = RowWriter.Of(
            session, format, ["timestamp", "open", "high", "low", "close", "adjusted_close", "volume", "known_at", "source"]);
        for (var i = 0; i < bars.Count; i++)
        {
            var bar = bars[i];
            if (bar.Date < range.From?.UtcDateTime || bar.Date >= range.To?.UtcDateTime) continue;
            output.Write([Stamp(bar.Date), bar.Open, bar.High, bar.Low, bar.Close, bar.AdjustedClose, bar.Volume,
                stored[i].KnownAt.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), stored[i].Source]);
            rows++;
        }
        if (rows == 0) await known.NoteAsync(session, ticker, range, cancellationToken);
        return ExitCode.Ok;
    }

    static string Stamp(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
