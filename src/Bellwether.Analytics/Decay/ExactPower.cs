namespace Bellwether.Analytics.Decay;

/// <summary>
/// 2^f from IEEE additions, multiplications and square roots only. The C library's <c>pow</c> may differ in the last bit between
/// machines; these operations may not, so stored sums stay comparable bit for bit.
/// </summary>
static class ExactPower
{
    const double Ln2 = 0.693147180559945309417;
    const int Steps = 64;

    static readonly double[] Table = BuildTable();

    /// <summary>2^f for f in [0, 1), within 4 units in the last place.</summary>
    public static double Exp2(double f)
    {
        var step = (int)(f * Steps);
        // Exact: both terms are multiples of the same power of two. x < 0.011, so the seventh-order term is below 1e-17.
        var x = (f - (double)step / Steps) * Ln2;
        var series = 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6)))));
        return Table[step] * series;
    }

    static double[] BuildTable()
    {
        var table = new double[Steps];
        Array.Fill(table, 1.0);
        var root = 2.0;
        for (var bit = Steps / 2; bit > 0; bit /= 2)
        {
            root = Math.Sqrt(root);
            for (var i = 0; i < Steps; i++)
                if ((i & bit) != 0)
                    table[i] *= root;
        }
        return table;
    }
}
