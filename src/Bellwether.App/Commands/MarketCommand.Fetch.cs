using System.CommandLine;
using System.Globalization;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Bellwether.Market.Providers;

namespace Bellwether.App.Commands;

/// <param name="Cached">fetched, fresh (from the cache) or stale (from the cache, while a new answer was fetched for the next time).</param>
/// <param name="Running">Bars of sessions that were not over when the provider was asked; they are not stored.</param>
sealed record FetchAnswer(
    string Symbol, string Provider, string Cached, int Bars, int Running, int Accepted, int Restated, int Unchanged, int Actions, double? Quality,
    IReadOnlyList<string> Rejected);

sealed record CacheAnswer(int Removed);

static partial class MarketCommand
{
    static Verb Fetch(Screen screen, GlobalOptions globals)
    {
        var symbols = new Argument<string[]>("SYMBOL") { Description = "Tickers", Arity = ArgumentArity.OneOrMore };
        var provider = new Option<string>("--provider") { Description = "stooq, alpha_vantage or csv (a folder)", HelpName = "NAME", DefaultValueFactory = _ => StooqProvider.Id };
        var market = new Option<string?>("--market") { Description = "Stooq's ending of the symbol [default: us; none of an index such as ^SPX]", HelpName = "us|uk|…" };
        var adjusted = new Option<bool>("--adjusted") { Description = "Alpha Vantage: with adjusted closes, splits and dividends, where the key allows it" };
        var size = new Option<string?>("--size") { Description = "Alpha Vantage: full, or compact for the last hundred bars, which every key allows [default: full]" };
        size.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "full", "compact");
        var (renew, hours) = (new Option<bool>("--renew") { Description = "Ask the provider even where a fresh answer is in the cache" }, Hours());
        return new Verb("fetch", "Fetch daily bars from a provider, through the cache, and store what is new",
                "market fetch AAPL MSFT", "market fetch IBM --provider alpha_vantage --json", "market fetch VOD --market uk", "market fetch ^SPX")
            { symbols, provider, market, adjusted, size, renew, hours }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                // Stored as VIX, but asked for as the index that it is.
                var tickers = session.Get(symbols)!.Select(s => (Ticker: Ticker(s, "SYMBOL"), IsIndex: s.Trim()[0] is '^' or '$')).Distinct().ToArray();
                await using var desk = await session.OpenAsync(cancellationToken);
                using var providers = new MarketProviders(desk.DataSource, desk.Options.Market.Providers, desk.Time);
                await using var cache = new MarketCache(desk.DataSource, desk.Time);
                var from = providers.Find(session.Get(provider)!, MarketDataType.DailyPrices);
                var parameters = new Dictionary<string, string?>
                {
                    ["market"] = session.Get(market),
                    ["adjusted"] = session.Get(adjusted) ? "true" : null,
                    ["size"] = session.Get(size)?.ToLowerInvariant(),
                };
                var answers = new List<FetchAnswer>();
                foreach (var (ticker, isIndex) in tickers)
                {
                    // Each its own: what is stale is asked for again behind the answer.
                    var own = new Dictionary<string, string?>(parameters);
                    if (isIndex && from.Name == StooqProvider.Id) own["market"] ??= StooqProvider.IndexMarket;
                    await StateHoursAsync(desk, ticker, session.Get(hours), cancellationToken);
                    answers.Add(await FetchAsync(desk, cache, from, new(MarketDataType.DailyPrices, ticker, own), session.Get(renew), cancellationToken));
                    if (!session.Json) session.Screen.Out.WriteLine(Line(answers[^1]));
                }
                if (session.Json) session.WriteJson(answers, CommandJson.Relaxed.IReadOnlyListFetchAnswer);
                return ExitCode.Ok;
            });
    }

    static Verb Facts(Screen screen, GlobalOptions globals)
    {
        var (symbol, format) = (Symbol(), Format("table"));
        var concept = new Option<string?>("--concept") { Description = "Only these concepts, several by commas, such as Revenues,NetIncomeLoss", HelpName = "NAME,…" };
        var asOf = Moments.Option("--as-of", "Only what was known then; a filing is, when its day in New York is over", screen.Time);
        var renew = new Option<bool>("--renew") { Description = "Ask the SEC even where a fresh answer is in the cache" };
        return new Verb("facts", "Show what a company reported to the SEC, by the day of each filing", "market facts AAPL --concept Revenues", "market facts AAPL --as-of 2020-01-01 --json") { symbol, concept, asOf, renew, format }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var ticker = Ticker(session.Get(symbol)!, "SYMBOL");
                var wanted = session.Get(concept)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
                await using var desk = await session.OpenAsync(cancellationToken);
                var settings = desk.Options.Market.Providers;
                using var providers = new MarketProviders(desk.DataSource, settings, desk.Time);
                await using var cache = new MarketCache(desk.DataSource, desk.Time);
                var answer = await cache.GetAsync(providers.Find(EdgarProvider.Id, MarketDataType.CompanyFacts), new(MarketDataType.CompanyFacts, ticker, new Dictionary<string, string?>()),
                    settings.FactsFresh, settings.FactsStale, session.Get(renew), cancellationToken);
                DateOnly? today = session.Get(asOf) is { } at ? UnitedStatesCalendar.DateOf(at.UtcDateTime) : null;
                await using var output = RowWriter.Of(session, FormatOf(session, format, "table"),
                    ["concept", "unit", "start", "end", "value", "form", "fiscal_year", "fiscal_period", "filed", "accession", "taxonomy"]);
                foreach (var fact in CompanyFacts.Parse(answer.Json).Facts.Where(f => (wanted is null || wanted.Contains(f.Concept)) && !(f.Filed >= today)))
                    output.Write([fact.Concept, fact.Unit, Day(fact.Start), Day(fact.End), fact.Value, fact.Form, fact.FiscalYear, fact.FiscalPeriod, Day(fact.Filed),
                        fact.Accession, fact.Taxonomy]);
                return ExitCode.Ok;
            });
    }

    static Verb Cache(Screen screen, GlobalOptions globals)
    {
        var format = Format("table");
        var list = new Verb("list", "Show what is in the cache, and until when", "market cache list") { format }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                await using var desk = await session.OpenAsync(cancellationToken);
                await using var cache = new MarketCache(desk.DataSource, desk.Time);
                var entries = await cache.ListAsync(cancellationToken);
                await using var output = RowWriter.Of(session, FormatOf(session, format, "table"), ["ticker", "data_type", "source", "parameters", "cached_at", "fresh_until", "expires_at", "quality"]);
                foreach (var e in entries) output.Write([e.Ticker, e.DataType, e.Source, e.Parameters, Stamp(e.CachedAt), Stamp(e.FreshUntil), Stamp(e.ExpiresAt), e.Quality]);
                return ExitCode.Ok;
            });
        var (ticker, all) = (new Argument<string?>("SYMBOL") { Description = "Only this ticker", Arity = ArgumentArity.ZeroOrOne }, new Option<bool>("--expired") { Description = "Only what has expired" });
        var clear = new Verb("clear", "Remove answers from the cache", "market cache clear AAPL", "market cache clear --expired") { ticker, all }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                if (session.Get(all) && session.Get(ticker) is not null) throw CommandException.Usage("--expired is for all tickers; name none with it.");
                await using var desk = await session.OpenAsync(cancellationToken);
                await using var cache = new MarketCache(desk.DataSource, desk.Time);
                var removed = session.Get(all) ? await cache.CleanAsync(cancellationToken) : await cache.RemoveAsync(session.Get(ticker) is { } named ? Ticker(named, "SYMBOL") : null, null, cancellationToken);
                if (session.Json) session.WriteJson(new(removed), CommandJson.Relaxed.CacheAnswer);
                else session.Screen.Out.WriteLine($"{removed:n0} answers removed");
                return ExitCode.Ok;
            });
        return new Verb("cache", "What providers answered", "market cache list", "market cache clear --expired") { list, clear };
    }

    static async Task<FetchAnswer> FetchAsync(Desk desk, MarketCache cache, IMarketProvider provider, ProviderRequest request, bool renew, CancellationToken cancellationToken)
    {
        var settings = desk.Options.Market.Providers;
        var answer = await cache.GetAsync(provider, request, settings.PricesFresh, settings.PricesStale, renew, cancellationToken);
        var bars = BarAnswer.Parse(answer.Json);
        var asked = bars.Asked ?? answer.CachedAt;
        var hours = (await new TradingHoursStore(desk.DataSource, desk.Time).ReadAsync(request.Ticker, null, cancellationToken)).Hours;
        PriceBar[] over = [.. bars.ToBars().Where(b => BarEnd.Of(hours, BarInterval.Day, b.Date) <= asked)];
        var origin = new BarOrigin(provider.Name)
        {
            LoadedOn = UnitedStatesCalendar.DateOf(asked),
            SplitsInPrices = bars.SplitsInPrices || provider.Name == StooqProvider.Id,
        };
        // Known since they are stored: an answer may have lain in the cache while nobody could read it from here.
        var stated = bars.ToActions();
        var impossible = await DividendCheck.ImpossibleAsync(desk.DataSource, request.Ticker, stated, over, cancellationToken);
        var actions = await new ActionStore(desk.DataSource, desk.Time)
            .WriteAsync(request.Ticker, provider.Name, [.. stated.Except(impossible.Select(i => i.Action))], null, cancellationToken);
        var written = await new PriceStore(desk.DataSource, desk.Time).WriteAsync(request.Ticker, BarInterval.Day, origin, over, null, cancellationToken);
        return new(
            request.Ticker, provider.Name, answer.Fetched ? "fetched" : answer.IsStale ? "stale" : "fresh", bars.Bars.Count, bars.Bars.Count - over.Length,
            written.Added + written.Restated, written.Restated, written.Unchanged, actions, answer.Quality,
            [.. bars.Rejected, .. impossible.Select(i => i.Reason)]);
    }

    static string Line(FetchAnswer a) =>
        $"{a.Symbol,-8} {a.Bars:n0} bars from {a.Provider} ({a.Cached}): {a.Accepted:n0} new, {a.Restated:n0} of them restated, {a.Unchanged:n0} known; "
        + $"{a.Actions:n0} splits and dividends{(a.Running > 0 ? $"; {a.Running:n0} of a session that was not over" : "")}"
        + (a.Rejected.Count > 0 ? $"; {a.Rejected.Count:n0} rows are not taken, such as {a.Rejected[0]}" : "");

    static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
