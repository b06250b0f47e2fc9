using System.Globalization;
using Bellwether.Feeds;
using Bellwether.Signals;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.App.Commands;

/// <summary>Reads signals of the user's own. A row that makes no sense is told with its line and left out.</summary>
static class SignalFile
{
    const int MostNotes = 20;

    static readonly (string Column, string[] Names)[] Columns =
    [
        ("timestamp", ["timestamp", "known_at", "time", "datetime", "date"]),
        ("symbol", ["symbol", "ticker"]),
        ("signal", ["signal", "value", "score"]),
    ];

    public static async Task<IReadOnlyList<GivenSignal>> ReadAsync(Session session, string path, CancellationToken cancellationToken)
    {
        using var input = new StreamReader(path == "-" ? new StandardInput() : InputFile.Open(path));
        using var parser = new CsvParser(input, new CsvConfiguration(CultureInfo.InvariantCulture) { DetectDelimiter = true, DetectDelimiterValues = [",", ";", "\t"], TrimOptions = TrimOptions.Trim, BadDataFound = null });
        if (!await parser.ReadAsync()) throw new CommandException(ExitCode.BadInput, "bad_input", $"{path}: the file is empty.");
        var header = parser.Record!;
        int[] places = [.. Columns.Select(c => c.Names.Select(n => Array.FindIndex(header, h => h.Trim().Equals(n, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(i => i >= 0, -1))];
        string[] missing = [.. Columns.Where((_, i) => places[i] < 0).Select(c => c.Column)];
        if (missing.Length > 0) throw new CommandException(ExitCode.BadInput, "bad_input", $"{path}: the header names no {string.Join(" and no ", missing)}.", "It has to name timestamp, symbol and signal.");
        var (values, bad, times) = (new List<GivenSignal>(), 0L, new TimestampParser("UTC", null, session.Time, TimeSpan.FromDays(1)));
        while (await parser.ReadAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            GivenSignal value = default;
            if ((RowShape.TooWide(parser.Record!, header.Length) ?? Read(parser.Record!, places, times, out value)) is not { } problem) values.Add(value);
            else if (bad++ < MostNotes) session.Note($"{path}, line {parser.RawRow}: {problem}");
        }
        if (bad > 0) session.Note($"{bad:n0} of {bad + values.Count:n0} rows were left out.");
        return values.Count > 0 ? values : throw new CommandException(ExitCode.BadInput, "bad_input", $"{path}: no row has a signal.");
    }

    static string? Read(string[] fields, int[] places, TimestampParser times, out GivenSignal value)
    {
        value = default;
        string Field(int place) => place < fields.Length ? fields[place].Trim() : "";
        var (time, symbol, number) = (Field(places[0]), Field(places[1]), Field(places[2]));
        if (!times.TryParse(time, out var known, out var problem)) return $"timestamp: {problem}";
        if (!TickerList.TryParse([symbol], out var tickers, out problem) || tickers.Count != 1) return $"symbol '{symbol}': {problem ?? "is no ticker"}";
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var signal) || !double.IsFinite(signal)) return $"signal '{number}' is not a number";
        value = new(tickers[0], known, signal);
        return null;
    }
}
