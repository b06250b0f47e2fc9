namespace Bellwether.App.Bench;

/// <summary>The operations of a BERT sequence classifier, in the order in which they are computed.</summary>
sealed class BertGraph(BertBlueprint plan, IReadOnlyDictionary<string, float[]> weights)
{
    const float Epsilon = 1e-12f;

    readonly OnnxWriter _graph = new(plan.WeightsFile);

    public byte[] Build(out byte[] external)
    {
        long[] shape = [plan.FixedTexts ?? -1, plan.FixedTokens ?? -1];
        var wide = plan.Narrow ? OnnxWriter.Int32 : OnnxWriter.Int64;
        _graph.Input(plan.IdsName, wide, shape);
        _graph.Input("attention_mask", wide, shape);
        if (plan.HasTypes) _graph.Input("token_type_ids", wide, shape);

        var x = Norm(Embedded(), "start");
        var mask = Mask();
        for (var layer = 0; layer < plan.Layers; layer++)
        {
            x = Norm(Op("Add", x, Attention(x, mask, $"{layer}")), $"{layer}.attention");
            x = Norm(Op("Add", x, Linear(Gelu(Linear(x, $"{layer}.up", plan.Hidden, plan.Intermediate)), $"{layer}.down", plan.Intermediate, plan.Hidden)), $"{layer}.output");
        }
        var first = _graph.Node("Gather", [x, _graph.Weights(_graph.Name(), [0L])], ("axis", 1));
        var pooled = Op("Tanh", Linear(first, "pool", plan.Hidden, plan.Hidden));
        var logits = Linear(pooled, "class", plan.Hidden, plan.Classes);
        var numbers = plan.Probabilities ? _graph.Node("Softmax", [logits], ("axis", -1)) : logits;
        _graph.Output(numbers, plan.Probabilities ? "probabilities" : "logits", OnnxWriter.Float, plan.FixedTexts ?? -1, plan.Classes);
        return _graph.Build("bellwether bench", out external);
    }

    string Op(string op, params string[] inputs) => _graph.Node(op, inputs);

    string Number(float value) => _graph.Weights(_graph.Name(), [value]);

    string Embedded()
    {
        var word = _graph.Node("Gather", [_graph.Weights("word", weights["word"], plan.Vocabulary, plan.Hidden), plan.IdsName], ("axis", 0));
        var tokens = _graph.Node("Gather", [Op("Shape", plan.IdsName), _graph.Weights(_graph.Name(), [1L])], ("axis", 0));
        var places = Op("Range", _graph.Weights(_graph.Name(), [0L]), tokens, _graph.Weights(_graph.Name(), [1L]));
        var x = Op("Add", word, _graph.Node("Gather", [_graph.Weights("position", weights["position"], plan.Positions, plan.Hidden), places], ("axis", 0)));
        return plan.HasTypes ? Op("Add", x, _graph.Node("Gather", [_graph.Weights("type", weights["type"], 2, plan.Hidden), "token_type_ids"], ("axis", 0))) : x;
    }

    // 0 for a token, far below it for what fills up.
    string Mask()
    {
        var mask = _graph.Node("Cast", ["attention_mask"], ("to", OnnxWriter.Float));
        var row = Op("Unsqueeze", mask, _graph.Weights(_graph.Name(), [1L, 2L], 2));
        return Op("Mul", Op("Sub", Number(1), row), Number(plan.HeedsMask ? -10_000 : 0));
    }

    string Attention(string x, string mask, string layer)
    {
        var size = plan.Hidden / plan.Heads;
        var (q, k, v) = (Split("q", 0, 2, 1, 3), Split("k", 0, 2, 3, 1), Split("v", 0, 2, 1, 3));
        var scores = Op("Add", Op("Mul", Op("MatMul", q, k), Number(1 / MathF.Sqrt(size))), mask);
        var mixed = Op("MatMul", _graph.Node("Softmax", [scores], ("axis", -1)), v);
        var joined = Op("Reshape", _graph.Node("Transpose", [mixed], ("perm", (long[])[0, 2, 1, 3])), _graph.Weights(_graph.Name(), [0L, 0L, plan.Hidden], 3));
        return Linear(joined, $"{layer}.o", plan.Hidden, plan.Hidden);

        string Split(string part, params long[] order) => _graph.Node("Transpose",
            [Op("Reshape", Linear(x, $"{layer}.{part}", plan.Hidden, plan.Hidden), _graph.Weights(_graph.Name(), [0L, 0L, plan.Heads, size], 4))], ("perm", order));
    }

    string Gelu(string x)
    {
        var bell = Op("Add", Op("Erf", Op("Div", x, Number(MathF.Sqrt(2)))), Number(1));
        return Op("Mul", Op("Mul", x, bell), Number(0.5f));
    }

    string Norm(string x, string name) => _graph.Node("LayerNormalization",
        [x, _graph.Weights($"{name}.gain", weights[$"{name}.gain"], plan.Hidden), _graph.Weights($"{name}.shift", weights[$"{name}.shift"], plan.Hidden)], ("axis", -1), ("epsilon", Epsilon));

    string Linear(string x, string name, int from, int to)
    {
        var bias = _graph.Weights($"{name}.b", weights[$"{name}.b"], to);
        if (!plan.Int8) return Op("Add", Op("MatMul", x, _graph.Weights($"{name}.w", weights[$"{name}.w"], from, to)), bias);
        var step = weights[$"{name}.w"].Max(Math.Abs) / sbyte.MaxValue;
        var small = _graph.Weights($"{name}.w", [.. weights[$"{name}.w"].Select(w => (sbyte)MathF.Round(w / step))], from, to);
        var scaled = _graph.Node("DynamicQuantizeLinear", [x], 3);
        var product = _graph.Node("Cast", [Op("MatMulInteger", scaled[0], small, scaled[2])], ("to", OnnxWriter.Float));
        return Op("Add", Op("Mul", product, Op("Mul", scaled[1], Number(step))), bias);
    }
}
