using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Feeds;

/// <summary>A listed security and the names by which texts speak of it.</summary>
/// <param name="Aliases">Further names; one that ends in <c>?</c> is an ordinary word and counts only in a fitting context.</param>
public sealed record ListedSymbol(string Symbol, string Exchange, string Name, IReadOnlyList<string> Aliases);

/// <summary>
/// The securities whose names are recognised in text. The file form is CSV with the columns symbol, exchange, name, aliases (separated by
/// bars). Where two rows claim one name, the earlier row has it.
/// </summary>
public sealed class SymbolList
{
    SymbolList(IReadOnlyList<ListedSymbol> symbols) => Symbols = symbols;

    /// <summary>Well-known US listings and funds, among them former names and symbols that appear in historical texts.</summary>
    public static SymbolList BuiltIn { get; } = LoadBuiltIn();

    public IReadOnlyList<ListedSymbol> Symbols { get; }

    /// <summary>Reads a user's file.</summary>
    /// <exception cref="FeedException">The file is missing or is not of the described form.</exception>
    public static SymbolList Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return Read(reader, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FeedException(path, "the symbol file cannot be read", error.Message, inner: error);
        }
    }

    /// <summary>A list in which the other's rows come first, so that its names win.</summary>
    public SymbolList With(SymbolList preferred)
    {
        var taken = preferred.Symbols.Select(s => s.Symbol).ToHashSet(StringComparer.Ordinal);
        return new([.. preferred.Symbols, .. Symbols.Where(s => !taken.Contains(s.Symbol))]);
    }

    static SymbolList LoadBuiltIn()
    {
        using var stream = typeof(SymbolList).Assembly.GetManifestResourceStream("symbols/symbols.csv")
            ?? throw new InvalidOperationException("The built-in symbol list is missing from this build.");
        using var reader = new StreamReader(stream);
        return Read(reader, "symbols.csv");
    }

    static SymbolList Read(TextReader reader, string origin)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { TrimOptions = TrimOptions.Trim, MissingFieldFound = null };
        using var csv = new CsvReader(reader, configuration);
        if (!csv.Read() || !csv.ReadHeader() || csv.HeaderRecord is not { } header || !header.Contains("symbol"))
            throw new FeedException(origin, "the symbol file has no column 'symbol'",
                "Its first row must be symbol,exchange,name,aliases.");
        var symbols = new List<ListedSymbol>();
        while (csv.Read())
        {
            var text = csv.GetField("symbol") ?? "";
            if (!TickerList.TryParse([text], out var tickers, out var problem) || tickers.Count != 1)
                throw new FeedException(origin, problem ?? "the symbol is blank", "Correct the row or remove it.", csv.Parser.RawRow);
            var aliases = (Optional(csv, header, "aliases") ?? "")
                .Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            symbols.Add(new ListedSymbol(tickers[0], Optional(csv, header, "exchange") ?? "", Optional(csv, header, "name") ?? "",
                aliases));
        }
        return new SymbolList(symbols);
    }

    static string? Optional(CsvReader csv, string[] header, string column) => header.Contains(column) ? csv.GetField(column) : null;
}
