using Bellwether.Analytics.Options;
using Bellwether.App.Commands;
using Bellwether.Market.OptionChains;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Options;

/// <summary>POST /options/greeks and GET /options/chain/{symbol}.</summary>
static class OptionsEndpoints
{
    // An American one takes two trees a step of its solver.
    const int MostEuropean = 10_000, MostAmerican = 500;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/options/greeks", Greeks).Answers("application/json").WithName("computeGreeks").WithSummary("Prices, implied volatilities and Greeks of options")
            .ProducesProblem(400).ProducesProblem(415);
        api.MapGet("/options/chain/{symbol}", ChainAsync).AnswersHead().Answers("application/json").WithName("getOptionChain")
            .WithSummary("The latest chain of a symbol summed up, now or as of a past moment").ProducesProblem(400).ProducesProblem(404);
    }

    static Results<Ok<GreeksAnswer>, ProblemHttpResult> Greeks([FromBody] GreeksBody body, RequestCheck check, CancellationToken cancellationToken)
    {
        var american = body.American ?? false;
        var most = american ? MostAmerican : MostEuropean;
        if (body.Options is not { Count: > 0 } options) check.Fail("options", null, "is missing: a list of options");
        else if (options.Count > most) check.Fail("options", null, $"{options.Count} options; at most {most} {(american ? "American ones " : "")}are allowed");
        if (check.Failed) return check.Problem();
        var items = new List<OptionGreeksItem>(body.Options!.Count);
        foreach (var option in body.Options)
        {
            cancellationToken.ThrowIfCancellationRequested();
            items.Add(Item(option, american));
        }
        return TypedResults.Ok(new GreeksAnswer(american ? OptionStore.American : OptionStore.European, OptionGreeks.Units, items));
    }

    /// <summary>A row that makes no sense keeps its place, with the reason.</summary>
    static OptionGreeksItem Item(OptionBody? o, bool american)
    {
        static OptionGreeksItem Not(string reason) => new(null, null, null, null, null, null, null, reason);
        OptionType? type = o?.Type?.ToLowerInvariant() switch { "call" or "c" => OptionType.Call, "put" or "p" => OptionType.Put, _ => null };
        if (type is not { } kind) return Not($"type '{o?.Type}' is neither call nor put");
        if (o is not { Spot: { } spot, Strike: { } strike, Years: { } years }) return Not("spot, strike or years is missing");
        var contract = new OptionContract(kind, spot, strike, o.Rate ?? 0, o.Yield ?? 0, years);
        if ((o.Vol ?? o.Price) is { } number && OptionRows.Wrong(in contract, o.Vol is not null, number) is { } wrong) return Not(wrong);
        OptionValuation? found = o switch
        {
            { Vol: { } volatility } => OptionValuation.OfVolatility(in contract, volatility, american),
            { Price: { } price } => OptionValuation.OfPrice(in contract, price, american),
            _ => null,
        };
        if (found is not { } value) return Not("vol or price is missing");
        if (value.Problem != ImpliedProblem.None) return Not(o.Vol is null ? OptionsCommand.Name(value.Problem) : OptionsCommand.NoPrice);
        static double? Defined(double number) => double.IsFinite(number) ? number : null;
        var g = value.Greeks;
        return new(Defined(g.Price), Defined(value.Volatility), Defined(g.Delta), Defined(g.Gamma), Defined(g.Vega), Defined(g.Theta), Defined(g.Rho), null);
    }

    static async Task<Results<Ok<ChainAnswer>, ProblemHttpResult>> ChainAsync(
        [FromRoute] string symbol, string? asOf, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        symbol = check.Symbol("symbol", symbol);
        var moment = check.AsOf(asOf);
        if (check.Failed) return check.Problem();
        return await wait.ForAsync(token => new OptionStore(desk.DataSource, desk.Time).ChainAsync(symbol, moment, token), cancellationToken) is { } chain ? TypedResults.Ok(ChainAnswer.Of(chain))
            : Problems.NotFound(moment is { } then ? $"No options of {symbol} were known at {then:yyyy-MM-ddTHH:mm:ss.FFFFFFZ}." : $"No options of {symbol} are known yet.");
    }
}
