using Bellwether.Analytics.Signals;
using Bellwether.Confluence;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Npgsql;

namespace Bellwether.Signals;

/// <summary>
/// Lays signals beside the returns that followed. The signal of a session is that of its close; the return runs from the open of the next session, the
/// first price at which one could have acted, to an open later.
/// </summary>
public sealed class SignalReporter(NpgsqlDataSource dataSource, ConfluenceReader confluence, TimeProvider time)
{
    /// <summary>Of signals that are computed here.</summary>
    /// <param name="progress">Told each symbol that is done.</param>
    public async Task<SignalReport> RunAsync(SignalRequest request, Action<string>? progress, CancellationToken cancellationToken)
    {
        var sessions = UnitedStatesCalendar.Sessions(request.From, request.To).ToArray();
        var (panel, without) = (new SignalPanel(sessions, request.Symbols), new Dictionary<string, string>(StringComparer.Ordinal));
        for (var name = 0; name < request.Symbols.Count && sessions.Length > 0; name++)
        {
            var symbol = request.Symbols[name];
            var evidence = await confluence.LoadAsync(symbol, Close(sessions[0]), Close(sessions[^1]), request.KnownBy, cancellationToken);
            Fill(panel, name, symbol, await EntriesAsync(symbol, sessions, request.KnownBy, cancellationToken), without,
                date => SignalKind.Of(request.Kind, evidence, Close(sessions[date]), request.Hindsight || Close(sessions[date]) > request.KnownBy ? request.KnownBy : Close(sessions[date])));
            progress?.Invoke(symbol);
        }
        return Report(request, panel, without);
    }

    /// <summary>Of given values: each counts from the first session whose close it was known by, the last one of a session alone.</summary>
    public async Task<SignalReport> RunAsync(SignalRequest request, IReadOnlyList<GivenSignal> values, Action<string>? progress, CancellationToken cancellationToken)
    {
        var sessions = UnitedStatesCalendar.Sessions(request.From, request.To).ToArray();
        var (panel, without) = (new SignalPanel(sessions, request.Symbols), new Dictionary<string, string>(StringComparer.Ordinal));
        var (closes, bySymbol) = (sessions.Select(Close).ToArray(), values.ToLookup(v => v.Symbol, StringComparer.Ordinal));
        for (var name = 0; name < request.Symbols.Count && sessions.Length > 0; name++)
        {
            var known = new Dictionary<int, double>();
            foreach (var value in bySymbol[request.Symbols[name]].OrderBy(v => v.KnownAt))
            {
                var place = Array.BinarySearch(closes, value.KnownAt);
                if ((place < 0 ? ~place : place) is var session && session < sessions.Length && value.KnownAt > closes[0] - TimeSpan.FromDays(4)) known[session] = value.Value;
            }
            Fill(panel, name, request.Symbols[name], await EntriesAsync(request.Symbols[name], sessions, request.KnownBy, cancellationToken), without,
                date => known.TryGetValue(date, out var value) ? value : null);
            progress?.Invoke(request.Symbols[name]);
        }
        return Report(request, panel, without);
    }

    /// <summary>Symbols that have both results and daily bars, by name.</summary>
    public static async Task<IReadOnlyList<string>> SymbolsAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT t.ticker FROM sentiment.ticker_sentiment t
            WHERE EXISTS (SELECT FROM market.price_history p WHERE p.ticker = t.ticker AND p.bar_interval = '1d') ORDER BY t.ticker COLLATE "C"
            """);
        var symbols = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) symbols.Add(row.GetString(0));
        return symbols;
    }

    /// <summary>The last session of which any of these symbols has a daily bar that is known; null where there is none.</summary>
    public static async Task<DateOnly?> LastSessionAsync(
        NpgsqlDataSource dataSource, IReadOnlyList<string> symbols, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            "SELECT max(date) FROM market.price_history WHERE ticker = ANY ($1) AND bar_interval = '1d' AND known_at <= $2");
        command.Parameters.Add(new() { Value = symbols.ToArray() });
        command.Parameters.Add(new() { Value = knownBy.ToUniversalTime() });
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime date ? DateOnly.FromDateTime(date) : null;
    }

    static void Fill(SignalPanel panel, int name, string symbol, double[] entries, Dictionary<string, string> without, Func<int, double?> signal)
    {
        // Behind its last bar a symbol has no return, and a signal that no new bar moves would look steady.
        var (found, last) = (0, Array.FindLastIndex(entries, e => !double.IsNaN(e)));
        for (var date = 0; date < panel.Dates.Count; date++)
        {
            var value = date <= last + 1 ? signal(date) : null;
            if (value is not null) found++;
            panel.Set(date, name, value ?? double.NaN, entries[date]);
        }
        if (entries.All(double.IsNaN)) without.Add(symbol, $"no daily bars from {panel.Dates[0]:yyyy-MM-dd} to {panel.Dates[^1]:yyyy-MM-dd} are known");
        else if (found == 0) without.Add(symbol, "no signal was known at the close of any session");
    }

    /// <summary>For each session the open of the one after it, adjusted for splits and dividends.</summary>
    async Task<double[]> EntriesAsync(string symbol, DateOnly[] sessions, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        var versions = await BarVersions.LoadAsync(dataSource, symbol, new(sessions[0].ToDateTime(TimeOnly.MinValue), TimeSpan.Zero), knownBy, knownBy, time, cancellationToken);
        var opens = versions.At(knownBy, knownBy, int.MaxValue).ToDictionary(b => DateOnly.FromDateTime(b.Bar.Date), b => b.Bar.Open);
        return [.. sessions.Select((_, i) => i + 1 < sessions.Length && opens.TryGetValue(sessions[i + 1], out var open) ? open : double.NaN)];
    }

    static SignalReport Report(SignalRequest request, SignalPanel panel, Dictionary<string, string> without)
    {
        var used = Enumerable.Range(0, panel.Dates.Count).Where(date => Enumerable.Range(0, panel.Names.Count).Any(name => !double.IsNaN(panel.Signal(date, name)))).ToArray();
        return new(request.Kind, [.. request.Symbols.Where(s => !without.ContainsKey(s))], without, used.Length == 0 ? null : panel.Dates[used[0]], used.Length == 0 ? null : panel.Dates[used[^1]],
            request.KnownBy, request.Hindsight, request.Settings, SignalEvaluation.Run(panel, request.Settings), SignalEvaluation.Formula);
    }

    static DateTimeOffset Close(DateOnly session) => new(UnitedStatesCalendar.End(session), TimeSpan.Zero);
}
