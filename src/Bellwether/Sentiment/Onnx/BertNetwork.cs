using System.Buffers;
using Bellwether.Engines.Onnx;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <summary>A sequence classifier of the BERT family as a graph: tokens in, one number for each class out.</summary>
sealed class BertNetwork : IDisposable
{
    // A text has a token at least beside the special ones; a batch of fixed size has to fit into memory, and its count into an array.
    const int FewestTokens = 3, MostTokens = 1 << 16, MostTexts = 1 << 12;
    const long MostInputs = 1 << 20;

    const string Ids = "input_ids", Mask = "attention_mask", Types = "token_type_ids", Logits = "logits";

    readonly OnnxSession _session;
    readonly string _output;
    readonly bool _wide, _hasTypes;
    readonly int _classes, _pad;

    /// <param name="namedBy">Where the number of classes comes from.</param>
    /// <exception cref="ModelFileException">The file is no model, or not one of this kind.</exception>
    public BertNetwork(string path, int threads, int classes, int pad, string namedBy = BertSettings.ConfigFile)
    {
        (_classes, _pad) = (classes, pad);
        try
        {
            _session = new(path, new(threads));
        }
        catch (OnnxException error)
        {
            throw new ModelFileException(path, $"ONNX Runtime {OnnxLibrary.Version} cannot load it: {error.Message.TrimEnd('.')}",
                "Copy or export the model again.", error);
        }
        try
        {
            (_output, _wide, _hasTypes, FixedTexts, FixedTokens) = Check(path, namedBy);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    public IReadOnlyList<OnnxTensorInfo> Inputs => _session.Inputs;

    public IReadOnlyList<OnnxTensorInfo> Outputs => _session.Outputs;

    /// <summary>Texts in every batch of a model that was exported for just so many; null for any.</summary>
    public int? FixedTexts { get; }

    /// <summary>Tokens in every text of a model that was exported for just so many; null for any.</summary>
    public int? FixedTokens { get; }

    (string Output, bool Wide, bool HasTypes, int? Texts, int? Tokens) Check(string path, string namedBy)
    {
        var inputs = Inputs.ToDictionary(i => i.Name);
        foreach (var name in (string[])[Ids, Mask])
            if (!inputs.ContainsKey(name)) throw Wrong($"it has no input '{name}'");
        foreach (var input in Inputs)
        {
            if (input.Name is not (Ids or Mask or Types)) throw Wrong($"it asks for the input '{input.Name}', which nothing here can give");
            if (input.Type is not (OnnxType.Int64 or OnnxType.Int32) || input.Type != inputs[Ids].Type || input.Dimensions.Count != 2)
                throw Wrong($"its input {input} is not as expected: texts by tokens, all of int64 or all of int32");
        }
        var output = Outputs.FirstOrDefault(o => o.Name == Logits)
            ?? (Outputs.Count == 1 ? Outputs[0] : throw Wrong($"none of its outputs is called '{Logits}'"));
        if (output.Type != OnnxType.Float)
            throw Wrong($"its output {output} is not of float; export it in full precision or with int8 weights");
        if (output.Dimensions.Count != 2)
            throw Wrong($"its output {output} is not one row of classes for each text: it was exported for another task");
        if (output.Dimensions[1] >= 0 && output.Dimensions[1] != _classes)
            throw namedBy == BertSettings.LabelsOption
                ? new ModelFileException(namedBy,
                    $"it names {_classes} classes, and the output {output} of {path} has {output.Dimensions[1]}",
                    "Give every class its number: negative=0,positive=1,neutral=2.")
                : Wrong($"its output {output} has {output.Dimensions[1]} classes, {namedBy} names {_classes}");
        var (texts, tokens) = (Fixed(0, 1, MostTexts), Fixed(1, FewestTokens, MostTokens));
        if ((long)(texts ?? 1) * (tokens ?? 1) > MostInputs)
            throw Wrong($"its batches of {texts:n0} texts by {tokens:n0} tokens have more than {MostInputs:n0} numbers");
        return (output.Name, inputs[Ids].Type == OnnxType.Int64, inputs.ContainsKey(Types), texts, tokens);

        int? Fixed(int dimension, int fewest, int most) => inputs[Ids].Dimensions[dimension] switch
        {
            <= 0 => null,
            var size when size < fewest || size > most => throw Wrong(
                $"it was exported for exactly {size:n0} {(dimension == 0 ? "texts" : "tokens")}, and {fewest:n0} to {most:n0} can be"),
            var size => (int)size,
        };

        ModelFileException Wrong(string problem) =>
            new(path, $"{problem}. It has inputs {string.Join(", ", Inputs)} and outputs {string.Join(", ", Outputs)}",
            "Export it as a sequence classifier: docs/models-onnx.md has the command.");
    }

    /// <summary>Numbers of the classes of each text, one after the other.</summary>
    /// <exception cref="OnnxException">The computation failed, or gave something else.</exception>
    public float[] Run(IReadOnlyList<int[]> texts, CancellationToken cancellationToken)
    {
        var inputs = InputsOf(texts, ArrayPool<long>.Shared);
        try
        {
            var (values, found) = _session.Run(inputs, _output, cancellationToken);
            if (found is not [var rows, var classes] || rows != inputs[0].Shape[0] || classes != _classes
                || values.Length != rows * classes)
                throw new OnnxException(
                    $"the output '{_output}' is [{string.Join(", ", found)}], and [{inputs[0].Shape[0]}, {_classes}] was expected");
            return values;
        }
        finally
        {
            foreach (var input in inputs)
                if (input.Values is long[] rented) ArrayPool<long>.Shared.Return(rented);
        }
    }

    /// <summary>The runtime's call for these texts, with everything else done.</summary>
    public OnnxPrepared Prepare(IReadOnlyList<int[]> texts) => _session.Prepare(InputsOf(texts, null), _output);

    OnnxInput[] InputsOf(IReadOnlyList<int[]> texts, ArrayPool<long>? pool)
    {
        var (rows, width) = (FixedTexts ?? texts.Count, FixedTokens ?? texts.Max(t => t.Length));
        var (ids, mask) = (Rent(), Rent());
        for (var row = 0; row < rows; row++)
        {
            var tokens = row < texts.Count ? texts[row] : texts[0];
            for (var i = 0; i < width; i++) (ids[row * width + i], mask[row * width + i]) = i < tokens.Length ? (tokens[i], 1) : (_pad, 0);
        }
        long[] shape = [rows, width];
        if (!_hasTypes) return [Input(Ids, ids), Input(Mask, mask)];
        var types = Rent();
        types.AsSpan(0, rows * width).Clear();
        return [Input(Ids, ids), Input(Mask, mask), Input(Types, types)];

        long[] Rent() => pool?.Rent(rows * width) ?? new long[rows * width];

        OnnxInput Input(string name, long[] values)
        {
            if (_wide) return new(name, values, shape);
            var narrow = Array.ConvertAll(values, v => (int)v);
            pool?.Return(values);
            return new(name, narrow, shape);
        }
    }

    public void Dispose() => _session.Dispose();
}
