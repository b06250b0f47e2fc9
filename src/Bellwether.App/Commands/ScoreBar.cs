namespace Bellwether.App.Commands;

/// <summary>A score from −1 to 1 as a bar that grows from the middle to either side.</summary>
static class ScoreBar
{
    const int Half = 6;
    const char Filled = '█', Empty = '·', Middle = '│';

    public static string Of(double score)
    {
        var blocks = (int)Math.Round(Math.Min(1, Math.Abs(score)) * Half, MidpointRounding.AwayFromZero);
        var full = new string(Filled, blocks);
        return score < 0
            ? string.Concat(full.PadLeft(Half, Empty), Middle, new string(Empty, Half))
            : string.Concat(new string(Empty, Half), Middle, full.PadRight(Half, Empty));
    }

    /// <summary>The side to which a bar grows, or null for any other text and for an empty bar.</summary>
    public static int? Tell(string text) =>
        text.Length != 2 * Half + 1 || text[Half] != Middle ? null
        : text[Half - 1] == Filled ? -1
        : text[Half + 1] == Filled ? 1
        : null;
}
