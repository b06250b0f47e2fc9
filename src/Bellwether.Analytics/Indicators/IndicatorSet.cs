namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Several named values in one pass over the bars. Values of the same indicator with the same parameters share one instance. A step allocates
/// nothing.
/// </summary>
public sealed class IndicatorSet
{
    readonly Indicator[] _indicators;
    readonly int[] _places;
    readonly double[] _scratch;

    IndicatorSet(IReadOnlyList<IndicatorValue> values)
    {
        var indicators = new List<(string Key, Indicator Indicator, int Offset)>();
        _places = new int[values.Count];
        var room = 0;
        for (var i = 0; i < values.Count; i++)
        {
            var key = $"{values[i].Family.Outputs[0]} {string.Join(' ', values[i].Parameters.Select(p => p.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}";
            var found = indicators.FindIndex(each => each.Key == key);
            if (found < 0)
            {
                found = indicators.Count;
                indicators.Add((key, values[i].Family.Create(values[i].Parameters), room));
                room += indicators[found].Indicator.Outputs;
            }
            _places[i] = indicators[found].Offset + values[i].Output;
        }
        _indicators = [.. indicators.Select(each => each.Indicator)];
        _scratch = new double[room];
        Names = [.. values.Select(v => v.Name)];
        Reads = _indicators.Aggregate(BarFields.None, (all, each) => all | each.Reads);
    }

    /// <summary>In the order in which they were asked for, and are written.</summary>
    public IReadOnlyList<string> Names { get; }

    public BarFields Reads { get; }

    /// <exception cref="FormatException">A name is unknown; the message tells which, and what there is.</exception>
    public static IndicatorSet Parse(IEnumerable<string> names)
    {
        var values = names.Select(name => IndicatorCatalogue.TryParse(name, out var value, out var problem) ? value
            : throw new FormatException($"{problem}; there are {string.Join(", ", IndicatorCatalogue.Names)}")).ToArray();
        return values.Length > 0 ? new(values) : throw new FormatException($"no indicator is named; there are {string.Join(", ", IndicatorCatalogue.Names)}");
    }

    /// <summary>Takes the next bar and writes one value for each of <see cref="Names"/>.</summary>
    public void Next(in Bar bar, Span<double> values)
    {
        var at = 0;
        foreach (var indicator in _indicators)
        {
            indicator.Next(in bar, _scratch.AsSpan(at));
            at += indicator.Outputs;
        }
        for (var i = 0; i < _places.Length; i++) values[i] = _scratch[_places[i]];
    }

    /// <summary>Takes bars one after the other; value k of bar i goes to <c>values[i * Names.Count + k]</c>.</summary>
    public void Run(ReadOnlySpan<Bar> bars, Span<double> values)
    {
        for (var i = 0; i < bars.Length; i++) Next(in bars[i], values[(i * _places.Length)..]);
    }

    public void Reset()
    {
        foreach (var indicator in _indicators) indicator.Reset();
    }
}
