using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

static partial class TextFeatures
{
    /// <summary>What a term is, with its words left out: the same for "profit rises" and "sales climb".</summary>
    enum TermClass : byte
    {
        Clause = 1,
        Subject = 2,
        SubjectBad = 3,
        Up = 4,
        Down = 5,
        Good = 8,
        VeryGood = 9,
        Bad = 10,
        VeryBad = 11,
        BurdenEnds = 12,
        BoonEnds = 13,
        Modifier = 16,
        MoreThanBefore = 32,
    }

    const float Turns = 0.25f;
    const uint InReport = 0xDAA66D13;

    /// <summary>Runs of one to four classes in their order, numbers that were compared at their place; in a report each class once more by itself.</summary>
    static void Terms(ReadOnlySpan<Match> matches, ReadOnlySpan<NumberMove> moves, bool isReport, FeatureBuffer features)
    {
        Span<byte> classes = stackalloc byte[MaxMatches * 2 + NumberReader.MaxMoves];
        var (count, clause, move) = (0, matches.Length > 0 ? matches[0].Clause : 0, 0);
        foreach (ref readonly var match in matches)
        {
            while (move < moves.Length && moves[move].Token < match.Index) classes[count++] = ClassOf(moves[move++]);
            if (match.Clause != clause) classes[count++] = (byte)TermClass.Clause;
            clause = match.Clause;
            if (ClassOf(match) is var c and not 0) classes[count++] = c;
        }
        while (move < moves.Length) classes[count++] = ClassOf(moves[move++]);
        for (var i = 0; i < count; i++)
        {
            var hash = 0x6A09E667u;
            if (isReport) features.Add(FeatureGroup.Terms, FeatureHash.Next(hash, classes[i]) ^ InReport);
            for (var j = i; j < count && j < i + 4; j++)
            {
                hash = FeatureHash.Next(hash, classes[j]);
                features.Add(FeatureGroup.Terms, hash + (uint)(j - i));
            }
        }
    }

    static byte ClassOf(NumberMove move) => (byte)((int)TermClass.MoreThanBefore + (move.Direction + 1) * 3 + move.Meaning + 1);

    static byte ClassOf(in Match match)
    {
        var entry = match.Entry;
        if (match.IsEnding) return (byte)(match.Value > 0 ? TermClass.BurdenEnds : TermClass.BoonEnds);
        // "Could not offset" turns more than "but" does.
        if (entry.Modifier is not (Modifier.None or Modifier.End)) return (byte)((int)TermClass.Modifier + (int)entry.Modifier + (entry.Factor is > 0 and < Turns ? 8 : 0));
        // Up or down, and whether that was found to be good or bad.
        if (entry.Direction != 0) return (byte)((int)(entry.Direction > 0 ? TermClass.Up : TermClass.Down) + (match.Value > 0 ? 2 : 0) * 20 + 100);
        if (entry.Polarity != 0 && match.Value == 0) return (byte)(entry.Polarity > 0 ? TermClass.Subject : TermClass.SubjectBad);
        return match.Value switch
        {
            > 1.6f => (byte)TermClass.VeryGood,
            > 0 => (byte)TermClass.Good,
            < -1.6f => (byte)TermClass.VeryBad,
            < 0 => (byte)TermClass.Bad,
            _ => 0,
        };
    }

    // A report says plainly what a headline dresses up: the same evidence weighs more in it.
    static void ReportMarks(double net, int good, int bad, int tokens, FeatureBuffer features)
    {
        Mark(features, 70, Math.Clamp((int)Math.Round(net), -4, 4) + 5);
        Mark(features, 71);
        Mark(features, 72, good.CompareTo(bad) + 1, tokens / 6 % 8);
    }

    static readonly double[] Steps = [0, 0.6, 1.2, 1.8, 2.6, 4, 6];

    /// <summary>Evidence as thermometers: a feature for every step that it exceeds.</summary>
    static void Marks(double positive, double negative, int good, int bad, int tokens, FeatureBuffer features)
    {
        var net = positive - negative;
        for (var i = 0; i < Steps.Length; i++)
        {
            if (positive > Steps[i]) Mark(features, 1, i);
            if (negative > Steps[i]) Mark(features, 2, i);
            if (net > Steps[i]) Mark(features, 3, i);
            if (-net > Steps[i]) Mark(features, 4, i);
        }
        if (positive == 0 && negative == 0) Mark(features, 5);
        if (positive > 0 && negative > 0) Mark(features, 6);
        if (good > 0) Mark(features, 7, Math.Min(good, 2));
        if (bad > 0) Mark(features, 8, Math.Min(bad, 2));
        if (good > 0 && bad > 0) Mark(features, 9);
        var lean = net > 0.6 ? 2 : net < -0.6 ? 1 : 0;
        if (good + bad > 0) Mark(features, 10, lean, good.CompareTo(bad) + 1);
        Mark(features, 11, tokens <= 5 ? 0 : tokens <= 8 ? 1 : tokens <= 12 ? 2 : tokens <= 18 ? 3 : tokens <= 26 ? 4 : 5);
    }
}
