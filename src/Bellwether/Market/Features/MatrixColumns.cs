namespace Bellwether.Market.Features;

/// <summary>Columns of a matrix beside the indicators, which someone else computes by what was known at the moment of each row.</summary>
/// <param name="Load">Of a symbol, from the first moment to the last: a function that gives the values of a moment between them, NaN for
/// what was not known.</param>
public sealed record MatrixColumns(IReadOnlyList<string> Names, Func<string, DateTimeOffset, DateTimeOffset, CancellationToken,
    Task<Func<DateTimeOffset, double[]>>> Load);
