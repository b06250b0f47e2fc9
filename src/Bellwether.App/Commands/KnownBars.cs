using System.Globalization;
using Bellwether.Market;
using Bellwether.Market.Prices;

namespace Bellwether.App.Commands;

/// <summary>
/// What is told of bars where there are none to show: a ticker without bars is an error, a range without bars an empty answer.
/// </summary>
sealed class KnownBars(Desk desk, PriceReader reader, BarInterval interval, DateTimeOffset? asOf, bool regular = false)
{
    /// <summary>The first and the last bar that are known; null for a ticker without bars.</summary>
    public Task<(DateTimeOffset First, DateTimeOffset Last)?> ReadAsync(string ticker, CancellationToken cancellationToken) =>
        new BarPages(desk.DataSource, reader).KnownAsync(ticker, interval, asOf, cancellationToken);

    /// <exception cref="CommandException">The ticker has no bars at all.</exception>
    public async Task RequireAsync(string ticker, CancellationToken cancellationToken)
    {
        if (await ReadAsync(ticker, cancellationToken) is null) throw Nothing(ticker, interval, asOf);
    }

    /// <summary>Why the answer is empty, for people.</summary>
    public async Task NoteAsync(
        Session session, string ticker, (DateTimeOffset? From, DateTimeOffset? To) range, CancellationToken cancellationToken)
    {
        if (await ReadAsync(ticker, cancellationToken) is not var (first, last)) throw Nothing(ticker, interval, asOf);
        session.Note(Sentence(ticker, interval, range, first, last, regular));
    }

    /// <summary>Why an answer about a range is empty.</summary>
    public static string Sentence(string ticker, BarInterval interval, (DateTimeOffset? From, DateTimeOffset? To) range,
        DateTimeOffset first, DateTimeOffset last, bool regular = false) =>
        $"{ticker} has no bars with interval {interval}{(range.From is { } from ? $" from {Moments.Text(from)}" : "")}"
        + $"{(range.To is { } to ? $" until {Moments.Text(to)}" : "")}{(regular ? " within the hours of the exchange" : "")}: "
        + $"the first that is known is of {Day(first, interval)}, the last of {Day(last, interval)}.";

    public static CommandException Nothing(string ticker, BarInterval interval, DateTimeOffset? asOf) => asOf is { } at
        ? new(ExitCode.BadInput, "unknown_symbol", $"No bars of {ticker} with interval {interval} were known at {Moments.Text(at)}.",
            "Bars are known since their import; --known-at of `market import` says otherwise for files that were recorded as it happened.")
        : new(ExitCode.BadInput, "unknown_symbol", $"No bars of {ticker} with interval {interval} are known.",
            $"Read some in: bellwether market import FILE --symbol {ticker} --interval {interval}");

    static string Day(DateTimeOffset time, BarInterval interval) =>
        interval.IsDaily ? time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : Moments.Text(time);
}
