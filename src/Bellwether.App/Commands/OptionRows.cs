using System.Globalization;
using Bellwether.Analytics.Options;
using Bellwether.Feeds;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.App.Commands;

/// <summary>
/// Rows of options in, the same rows with what follows from them out. A row that makes no sense keeps its place, with empty values.
/// </summary>
sealed class OptionRows(Session session, bool american, bool reasons)
{
    const int MostNotes = 20;

    static readonly string[] Inputs = ["spot", "strike", "rate", "yield", "years", "type"];
    static readonly string[] Outputs = ["price", "implied_volatility", "delta", "gamma", "vega", "theta", "rho"];

    public async Task<int> RunAsync(string path, string format, CancellationToken cancellationToken)
    {
        await using var file = path == "-" ? new StandardInput() : (Stream)InputFile.Open(path);
        await using var plain = await InputFile.UnpackAsync(file, cancellationToken);
        using var input = new StreamReader(plain);
        using var parser = new CsvParser(input, new CsvConfiguration(CultureInfo.InvariantCulture)
        { DetectDelimiter = true, DetectDelimiterValues = [",", ";", "\t"], TrimOptions = TrimOptions.Trim, BadDataFound = null });
        if (!await parser.ReadAsync()) throw new CommandException(ExitCode.BadInput, "bad_input", $"{path}: the file is empty.");
        var header = parser.Record!;
        var columns = Columns(path, header);
        // What the rows have already is not written twice.
        var added = columns.Price >= 0 ? Outputs[1..] : Outputs;
        await using var output = RowWriter.Of(session, format, [.. header, .. added, .. reasons ? (string[])["reason"] : []]);
        var (rows, bad) = (0L, 0L);
        while (await parser.ReadAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows++;
            var given = false;
            var (greeks, volatility, problem) = RowShape.TooWide(parser.Record!, header.Length) is { } wide
                ? (OptionGreeks.Undefined, double.NaN, wide) : Compute(parser.Record!, columns, out given);
            if (problem.Length > 0 && bad++ < MostNotes) session.Note($"{path}, line {parser.RawRow}: {problem}");
            double[] values = [greeks.Price, volatility, greeks.Delta, greeks.Gamma, greeks.Vega, greeks.Theta, greeks.Rho];
            // Of columns of which nothing is known, an id keeps its zeros.
            output.Write([
                .. header.Select((_, i) => i >= parser.Record!.Length ? ""
                    // With a volatility the price is what follows from it, whatever stood there.
                    : i == columns.Price && given ? greeks.Price
                    : columns.IsNumber(i) ? RowCell.Read(parser.Record[i]) : parser.Record[i]),
                .. values[(Outputs.Length - added.Length)..].Select(value => (RowCell)value), .. reasons ? (RowCell[])[problem] : [],
            ]);
        }
        if (bad > 0)
            session.Note($"{bad:n0} of {rows:n0} rows have no implied volatility or no price"
                + (bad > MostNotes ? "; --reasons tells why for each" : ""));
        return ExitCode.Ok;
    }

    readonly record struct OptionColumns(int[] Inputs, int Volatility, int Price)
    {
        /// <summary>All that is read but the type.</summary>
        public bool IsNumber(int column) => Inputs.AsSpan(0, Inputs.Length - 1).Contains(column) || column == Volatility || column == Price;
    }

    static OptionColumns Columns(string path, string[] header)
    {
        int Find(string name) => Array.FindIndex(header, h => h.Trim().Equals(name, StringComparison.OrdinalIgnoreCase));
        var found = new OptionColumns([.. Inputs.Select(Find)], Find("vol"), Find("price"));
        string[] missing = [.. Inputs.Where((_, i) => found.Inputs[i] < 0), .. found.Volatility < 0 && found.Price < 0
            ? (string[])["vol or price"] : []];
        return missing.Length == 0 ? found
            : throw new CommandException(ExitCode.BadInput, "bad_input", $"{path}: the header names no {string.Join(", ", missing)}.",
            $"It has to name {string.Join(", ", Inputs)}, and vol or price.");
    }

    (OptionGreeks Greeks, double Volatility, string Problem) Compute(string[] fields, OptionColumns columns, out bool given)
    {
        given = false;
        string Field(int column) => column >= 0 && column < fields.Length ? fields[column].Trim() : "";
        var numbers = new double[5];
        for (var i = 0; i < 5; i++)
            if (!double.TryParse(Field(columns.Inputs[i]), NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
                return (OptionGreeks.Undefined, double.NaN, $"{Inputs[i]} '{Field(columns.Inputs[i])}' is not a number");
        OptionType type;
        switch (Field(columns.Inputs[5]).ToLowerInvariant())
        {
            case "call" or "c": type = OptionType.Call; break;
            case "put" or "p": type = OptionType.Put; break;
            default: return (OptionGreeks.Undefined, double.NaN, $"type '{Field(columns.Inputs[5])}' is neither call nor put");
        }
        var option = new OptionContract(type, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
        given = Field(columns.Volatility).Length > 0;
        var text = Field(given ? columns.Volatility : columns.Price);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return (OptionGreeks.Undefined, double.NaN, $"{(given || columns.Price < 0 ? "vol" : "price")} '{text}' is not a number");
        if (Wrong(in option, given, number) is { } wrong) return (OptionGreeks.Undefined, double.NaN, wrong);
        var (greeks, volatility, problem) = given ? OptionValuation.OfVolatility(in option, number, american)
            : OptionValuation.OfPrice(in option, number, american);
        return (greeks, volatility, problem == ImpliedProblem.None ? "" : given ? OptionsCommand.NoPrice : OptionsCommand.Name(problem));
    }

    /// <summary>
    /// Names the number that no option can have, whichever way it is valued. One that has expired is worth what it is worth, and has
    /// neither volatility nor Greeks.
    /// </summary>
    /// <param name="given">The last number is a volatility; a price otherwise.</param>
    internal static string? Wrong(in OptionContract option, bool given, double number)
    {
        foreach (var (name, value, least) in (ReadOnlySpan<(string, double, double)>)
            [("spot", option.Spot, double.Epsilon), ("strike", option.Strike, double.Epsilon), ("rate", option.Rate, double.MinValue),
                ("yield", option.Yield, double.MinValue), ("years", option.Years, 0),
                (given ? "vol" : "price", number, given ? double.Epsilon : 0)])
            if (!(value >= least && double.IsFinite(value)))
                return string.Create(CultureInfo.InvariantCulture,
                    $"{name} {value:R} is {(!double.IsFinite(value) || least < 0 ? "no number" : least == 0 ? "below 0" : "not above 0")}");
        return option.Years == 0 ? OptionsCommand.Name(ImpliedProblem.Expired) : null;
    }
}
