using System.Globalization;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>Dividends that no share can have paid: of its whole price or more. Adjusted for one, all prices before it would be 0.</summary>
public static class DividendCheck
{
    /// <summary>A close that is older says nothing of the price that a dividend came off.</summary>
    static readonly TimeSpan Oldest = TimeSpan.FromDays(30);

    /// <param name="close">Before the ex-date.</param>
    public static bool IsPossible(in CorporateAction action, double close) => action.IsSplit || action.Value < close;

    /// <summary>Those that cannot be, each with a clause that tells why. One that there is no close before is left to the
    /// adjusting.</summary>
    /// <param name="bars">Those that come with the actions, in order of time; what they lack is looked up.</param>
    public static async Task<IReadOnlyList<(CorporateAction Action, string Reason)>> ImpossibleAsync(
        NpgsqlDataSource dataSource, string ticker, IEnumerable<CorporateAction> actions, IReadOnlyList<PriceBar> bars,
        CancellationToken cancellationToken)
    {
        var found = new List<(CorporateAction, string)>();
        foreach (var action in actions.Where(a => !a.IsSplit))
        {
            var day = action.ExDate.ToDateTime(default, DateTimeKind.Utc);
            var before = Before(bars, day) ?? await StoredAsync(dataSource, ticker, day, cancellationToken);
            if (before is { } close && !IsPossible(action, close.Close))
                found.Add((action, string.Create(CultureInfo.InvariantCulture,
                    $"dividend {action.Value:R} of {action.ExDate:yyyy-MM-dd} is not below the close {close.Close:R} of "
                    + $"{close.Date:yyyy-MM-dd} before it: it is not stored, and nothing is adjusted for it")));
        }
        return found;
    }

    static (DateTime Date, double Close)? Before(IReadOnlyList<PriceBar> bars, DateTime day)
    {
        var (low, high) = (0, bars.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (bars[middle].Date < day) low = middle + 1;
            else high = middle;
        }
        return low > 0 && day - bars[low - 1].Date <= Oldest ? (bars[low - 1].Date, bars[low - 1].Close) : null;
    }

    static async Task<(DateTime Date, double Close)?> StoredAsync(
        NpgsqlDataSource dataSource, string ticker, DateTime day, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"""
            SELECT date, close_price FROM {PriceStore.Table}
            WHERE ticker = $1 AND bar_interval = '1d' AND date < $2 AND date >= $3 ORDER BY date DESC, known_at DESC LIMIT 1
            """);
        foreach (object value in (object[])[ticker, day, day - Oldest]) command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetDateTime(0), row.GetDouble(1)) : null;
    }
}
