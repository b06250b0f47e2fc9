using Bellwether.App.Bench;

namespace Bellwether.Tests.Sentiment.Onnx;

/// <summary>The same network computed the plain way, one text at a time and without padding: what the outputs must be.</summary>
sealed class BertReference(BertBlueprint plan)
{
    readonly IReadOnlyDictionary<string, float[]> _weights = plan.Draw();

    /// <summary>Probabilities of the classes.</summary>
    public double[] Probabilities(IReadOnlyList<int> tokens)
    {
        var x = tokens.Select((token, place) => Enumerable.Range(0, plan.Hidden)
            .Select(i => (double)_weights["word"][token * plan.Hidden + i] + _weights["position"][place * plan.Hidden + i] + (plan.HasTypes ? _weights["type"][i] : 0)).ToArray()).ToArray();
        x = Each(x, row => Norm(row, "start"));
        for (var layer = 0; layer < plan.Layers; layer++)
        {
            var mixed = Attention(x, layer);
            x = [.. x.Zip(mixed, (a, b) => Norm(Sum(a, b), $"{layer}.attention"))];
            x = Each(x, row => Norm(Sum(row, Linear([.. Linear(row, $"{layer}.up").Select(Gelu)], $"{layer}.down")), $"{layer}.output"));
        }
        return Softmax(Linear([.. Linear(x[0], "pool").Select(Math.Tanh)], "class"));
    }

    double[][] Attention(double[][] x, int layer)
    {
        var size = plan.Hidden / plan.Heads;
        var (q, k, v) = (Each(x, r => Linear(r, $"{layer}.q")), Each(x, r => Linear(r, $"{layer}.k")), Each(x, r => Linear(r, $"{layer}.v")));
        var joined = x.Select(_ => new double[plan.Hidden]).ToArray();
        for (var head = 0; head < plan.Heads; head++)
            for (var to = 0; to < x.Length; to++)
            {
                var share = Softmax([.. x.Select((_, from) => Enumerable.Range(head * size, size).Sum(i => q[to][i] * k[from][i]) / Math.Sqrt(size))]);
                for (var i = head * size; i < (head + 1) * size; i++) joined[to][i] = share.Select((s, from) => s * v[from][i]).Sum();
            }
        return Each(joined, r => Linear(r, $"{layer}.o"));
    }

    double[] Linear(double[] x, string name)
    {
        var (w, b) = (_weights[$"{name}.w"], _weights[$"{name}.b"]);
        return [.. Enumerable.Range(0, b.Length).Select(to => b[to] + x.Select((value, from) => value * w[from * b.Length + to]).Sum())];
    }

    double[] Norm(double[] x, string name)
    {
        var mean = x.Average();
        var deviation = Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + 1e-12);
        return [.. x.Select((v, i) => (v - mean) / deviation * _weights[$"{name}.gain"][i] + _weights[$"{name}.shift"][i])];
    }

    static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    // Abramowitz and Stegun 7.1.6, exact to the last digits for what comes here.
    static double Erf(double x)
    {
        double sum = 0, term = x;
        for (var n = 0; n < 200; n++)
        {
            sum += term;
            term *= 2 * x * x / (2 * n + 3);
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    static double[] Softmax(double[] x)
    {
        var highest = x.Max();
        var e = x.Select(v => Math.Exp(v - highest)).ToArray();
        return [.. e.Select(v => v / e.Sum())];
    }

    static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    static double[][] Each(double[][] rows, Func<double[], double[]> change) => [.. rows.Select(change)];
}
