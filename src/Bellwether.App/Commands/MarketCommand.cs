using System.CommandLine;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether market</c>: bars in, bars and indicators out.</summary>
static partial class MarketCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("market", "Import prices, show them as they were known, compute indicators, regimes and factors",
            "market import AAPL.csv --symbol AAPL", "market indicators AAPL --set rsi_14,macd_line,bb_upper",
            "market bars AAPL --as-of 2026-03-01");
        command.Add(Import(screen, globals));
        command.Add(Indicators(screen, globals));
        command.Add(Bars(screen, globals));
        command.Add(Conditions(screen, globals));
        command.Add(Refresh(screen, globals));
        command.Add(Sector(screen, globals));
        command.Add(Fetch(screen, globals));
        command.Add(Facts(screen, globals));
        command.Add(Cache(screen, globals));
        command.Add(Publish(screen, globals));
        command.Add(Factors(screen, globals));
        command.Add(Matrix(screen, globals));
        command.Add(Hypertables(screen, globals));
        return command;
    }

    static Argument<string> Symbol() => new("SYMBOL") { Description = "The ticker" };

    static Option<BarInterval> Interval() => new("--interval")
    {
        Description = "Length of a bar: 1m, 5m, 1h, 1d …",
        HelpName = "1d|1m",
        DefaultValueFactory = _ => BarInterval.Day,
        CustomParser = result =>
        {
            if (BarInterval.TryParse(result.Tokens[0].Value, out var interval)) return interval;
            result.AddError($"--interval: '{result.Tokens[0].Value}' is not the length of a bar. Write 1m, 5m, 1h or 1d.");
            return BarInterval.Day;
        },
    };

    static Option<TradingHours?> Hours() => new("--hours")
    {
        Description = "When it is traded: at the sessions of the exchange, a quarter of an hour longer (indices such as VIX) or every-day, "
            + "with days that end at midnight UTC [default: as stated before, else exchange]",
        HelpName = "exchange|exchange-late|every-day",
        CustomParser = result =>
        {
            if (BarEnd.TryParse(result.Tokens[0].Value, out var hours)) return hours;
            result.AddError($"--hours: '{result.Tokens[0].Value}' is not known. Write exchange, exchange-late or every-day.");
            return null;
        },
    };

    /// <summary>States what was given; else of a new volatility index that it goes on after the close.</summary>
    static async Task StateHoursAsync(Desk desk, string ticker, TradingHours? given, CancellationToken cancellationToken)
    {
        var store = new TradingHoursStore(desk.DataSource, desk.Time);
        if (given is { } hours) await store.StateAsync(ticker, hours, onlyFirst: false, cancellationToken);
        else if (ticker == desk.Options.Market.VolatilitySymbol)
            await store.StateAsync(ticker, TradingHours.ExchangeLate, onlyFirst: true, cancellationToken);
    }

    static Option<string?> Format(string otherwise)
    {
        var format = new Option<string?>("--format") { Description = $"csv, json or table [default: {otherwise}; json with --json]" };
        format.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "csv", "json", "table");
        return format;
    }

    static string FormatOf(Session session, Option<string?> option, string otherwise) =>
        session.Get(option)?.ToLowerInvariant() ?? (session.Json ? "json" : otherwise);

    internal static string Ticker(string text, string origin) => MarketTicker.TryParse(text, out var ticker) ? ticker
        : throw CommandException.Usage($"{origin} '{text}' is not a ticker.",
            "Write 1 to 15 letters, digits, dots and dashes, such as AAPL, BRK.B, BTC-USD or ^VIX.");
}
