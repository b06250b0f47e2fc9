using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment;

public sealed class LexiconCalibrationTests
{
    [Fact]
    public void Constants_are_the_maximum_likelihood_fit_of_the_train_sets()
    {
        var model = new LexiconModel();
        var rows = LabelledTexts.Headlines().Concat(LabelledTexts.Tweets())
            .Select(row => (Features: LexiconCalibration.Features(model.Weigh(row.Text)), row.Label)).ToArray();

        var fit = Fit(rows);

        double[] shipped = [LexiconCalibration.Bias, LexiconCalibration.For, LexiconCalibration.Against, LexiconCalibration.Mixed];
        Assert.True(
            fit.Zip(shipped).All(pair => Math.Abs(pair.First - pair.Second) < 0.01),
            $"fitted {string.Join(", ", fit.Select(c => c.ToString("F3")))}, shipped {string.Join(", ", shipped)}");
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(2, 2, 0)]
    [InlineData(1000, 1000, 0)]
    [InlineData(3, 0, 1)]
    [InlineData(0, 3, -1)]
    [InlineData(1e300, 0, 1)]
    public void Score_is_symmetric_and_leans_with_the_evidence(double positive, double negative, int sign)
    {
        var score = LexiconCalibration.ToScore(new(positive, negative));
        var mirrored = LexiconCalibration.ToScore(new(negative, positive));

        Assert.Equal(sign, Math.Sign(score.Score));
        Assert.Equal((score.Positive, score.Negative), (mirrored.Negative, mirrored.Positive));
    }

    [Fact]
    public void More_evidence_on_one_side_never_lowers_its_probability()
    {
        for (var positive = 0.0; positive < 20; positive += 0.1)
        {
            var (less, more) = (LexiconCalibration.ToScore(new(positive, 1)), LexiconCalibration.ToScore(new(positive + 0.1, 1)));
            Assert.True(more.Positive > less.Positive && more.Score > less.Score);
        }
    }

    // Newton's method on the multinomial log-likelihood; concave, so it ends at the one optimum.
    static double[] Fit(((double P, double N) Features, int Label)[] rows)
    {
        var c = new double[4];
        for (var iteration = 0; iteration < 50; iteration++)
        {
            var gradient = new double[4];
            var curvature = new double[4, 4];
            foreach (var ((p, n), label) in rows)
            {
                double[] up = [1, p, n, Math.Min(p, n)], down = [1, n, p, Math.Min(p, n)];
                var (eUp, eDown) = (Math.Exp(Dot(c, up)), Math.Exp(Dot(c, down)));
                var (pUp, pDown) = (eUp / (1 + eUp + eDown), eDown / (1 + eUp + eDown));
                for (var i = 0; i < 4; i++)
                {
                    gradient[i] += ((label > 0 ? 1 : 0) - pUp) * up[i] + ((label < 0 ? 1 : 0) - pDown) * down[i];
                    var mean = pUp * up[i] + pDown * down[i];
                    for (var j = 0; j < 4; j++)
                        curvature[i, j] += pUp * up[i] * up[j] + pDown * down[i] * down[j] - mean * (pUp * up[j] + pDown * down[j]);
                }
            }
            var step = Solve(curvature, gradient);
            for (var i = 0; i < 4; i++)
                c[i] += step[i];
            if (step.All(s => Math.Abs(s) < 1e-9))
                return c;
        }
        throw new InvalidOperationException("The fit did not converge.");
    }

    static double Dot(double[] a, double[] b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];

    // Gauss-Jordan without pivoting: the curvature is positive definite.
    static double[] Solve(double[,] a, double[] b)
    {
        var x = (double[])b.Clone();
        for (var i = 0; i < 4; i++)
        {
            var pivot = a[i, i];
            for (var j = 0; j < 4; j++)
                a[i, j] /= pivot;
            x[i] /= pivot;
            for (var r = 0; r < 4; r++)
            {
                if (r == i)
                    continue;
                var factor = a[r, i];
                for (var j = 0; j < 4; j++)
                    a[r, j] -= factor * a[i, j];
                x[r] -= factor * x[i];
            }
        }
        return x;
    }
}
