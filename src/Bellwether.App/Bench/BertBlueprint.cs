using Bellwether.Analytics.Text;

namespace Bellwether.App.Bench;

/// <summary>
/// A BERT of any size with weights drawn by lot: what it says means nothing, what it costs is what a trained one of that size costs.
/// </summary>
sealed record BertBlueprint
{
    public int Vocabulary { get; init; } = 4_000;
    public int Hidden { get; init; } = 256;
    public int Layers { get; init; } = 4;
    public int Heads { get; init; } = 4;
    public int Intermediate { get; init; } = 1_024;
    public int Positions { get; init; } = 512;
    public int Classes { get; init; } = 3;
    public bool HasTypes { get; init; } = true;

    /// <summary>Numbers of the tokens in 32 bits.</summary>
    public bool Narrow { get; init; }

    /// <summary>Weights in eight bits, numbers that come scaled by their range, as onnxruntime's dynamic quantisation does.</summary>
    public bool Int8 { get; init; }

    public string IdsName { get; init; } = "input_ids";
    public bool HeedsMask { get; init; } = true;

    /// <summary>Probabilities in the place of logits.</summary>
    public bool Probabilities { get; init; }

    /// <summary>Sizes for which alone the graph is made; null for any.</summary>
    public int? FixedTexts { get; init; }

    public int? FixedTokens { get; init; }

    /// <summary>File beside the graph in which its weights lie; null for the graph's own.</summary>
    public string? WeightsFile { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>How far weights lie from 0.</summary>
    public float Spread { get; init; } = 0.05f;

    /// <summary>Every tensor of weights by name, last dimension fastest.</summary>
    public IReadOnlyDictionary<string, float[]> Draw()
    {
        var (random, tensors) = (new SplitMix(Seed), new Dictionary<string, float[]>());
        foreach (var (name, size, around) in Tensors())
            tensors[name] = [.. Enumerable.Range(0, size).Select(_ => around + Spread * (float)(2 * random.NextDouble() - 1))];
        return tensors;
    }

    IEnumerable<(string Name, int Size, float Around)> Tensors()
    {
        yield return ("word", Vocabulary * Hidden, 0);
        yield return ("position", Positions * Hidden, 0);
        if (HasTypes) yield return ("type", 2 * Hidden, 0);
        foreach (var norm in Norm("start")) yield return norm;
        for (var layer = 0; layer < Layers; layer++)
        {
            foreach (var part in (string[])["q", "k", "v", "o"])
                foreach (var linear in Linear($"{layer}.{part}", Hidden, Hidden)) yield return linear;
            foreach (var tensor in Norm($"{layer}.attention").Concat(Linear($"{layer}.up", Hidden, Intermediate))
                .Concat(Linear($"{layer}.down", Intermediate, Hidden)).Concat(Norm($"{layer}.output")))
                yield return tensor;
        }
        foreach (var tensor in Linear("pool", Hidden, Hidden).Concat(Linear("class", Hidden, Classes))) yield return tensor;
    }

    IEnumerable<(string, int, float)> Norm(string name) => [($"{name}.gain", Hidden, 1), ($"{name}.shift", Hidden, 0)];

    static IEnumerable<(string, int, float)> Linear(string name, int from, int to) => [($"{name}.w", from * to, 0), ($"{name}.b", to, 0)];

    /// <summary>The bytes of model.onnx.</summary>
    public byte[] Build() => Build(out _);

    /// <param name="weights">The bytes of <see cref="WeightsFile"/>; none where there is no such file.</param>
    public byte[] Build(out byte[] weights) => new BertGraph(this, Draw()).Build(out weights);
}
