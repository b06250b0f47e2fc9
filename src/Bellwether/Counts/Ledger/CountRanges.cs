using System.Globalization;

namespace Bellwether.Counts.Ledger;

/// <summary>The ranges that a market settles on, from 0 without holes to no end: <c>0-99,100-149,150+</c>.</summary>
public sealed class CountRanges
{
    CountRanges(string[] names, int[] edges) => (Names, Edges) = (names, edges);

    /// <summary>As given.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Where each range but the first begins.</summary>
    internal int[] Edges { get; }

    /// <exception cref="CountsException">They overlap, leave counts out, or are no ranges.</exception>
    public static CountRanges Parse(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length < 2) throw Wrong(text, "there are to be two ranges at least");
        List<int> edges = [];
        var next = 0;
        for (var i = 0; i < names.Length; i++)
        {
            var last = i == names.Length - 1;
            var name = names[i].Replace('–', '-');
            int low, high;
            if (last && name.EndsWith('+')) (low, high) = (Number(name[..^1]), int.MaxValue);
            else if (i == 0 && name.StartsWith('<')) (low, high) = (0, Number(name[1..]) - 1);
            else if (name.Split('-') is [var a, var b]) (low, high) = (Number(a), Number(b));
            else if (!last) (low, high) = (Number(name), Number(name));
            else throw Wrong(text, $"the last range is '{name}'; it is to be open, such as 150+");
            if (low != next) throw Wrong(text, $"'{names[i]}' begins at {low}; the one before it ends at {next - 1}");
            if (high < low) throw Wrong(text, $"'{names[i]}' ends before it begins");
            if (last != (high == int.MaxValue)) throw Wrong(text, last ? $"the last range, '{names[i]}', is to be open, such as 150+" : $"'{names[i]}' is open and not the last");
            if (i > 0) edges.Add(low);
            next = last ? 0 : high + 1;
        }
        return new(names, [.. edges]);

        int Number(string number) => int.TryParse(number.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value < int.MaxValue - 1 ? value
            : throw Wrong(text, $"'{number}' is no count");
    }

    static CountsException Wrong(string text, string what) => CountsException.Input($"The ranges '{text}' cannot be used: {what}.", "Write for example 0-99,100-149,150+.");
}
