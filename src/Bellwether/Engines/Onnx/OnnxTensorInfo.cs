namespace Bellwether.Engines.Onnx;

/// <summary>Types of elements, numbered as ONNX does.</summary>
public enum OnnxType
{
    Undefined,
    Float,
    UInt8,
    Int8,
    UInt16,
    Int16,
    Int32,
    Int64,
    String,
    Bool,
    Float16,
    Double,
    UInt32,
    UInt64,
    Complex64,
    Complex128,
    BFloat16,
}

/// <summary>An input or an output of a model.</summary>
/// <param name="Type"><see cref="OnnxType.Undefined"/> for what is no tensor.</param>
/// <param name="Dimensions">A dimension that is free until the model runs is −1.</param>
public sealed record OnnxTensorInfo(string Name, OnnxType Type, IReadOnlyList<long> Dimensions)
{
    public override string ToString() =>
        $"{Name} {Type.ToString().ToLowerInvariant()}[{string.Join(", ", Dimensions.Select(d => d < 0 ? "?" : d.ToString()))}]";
}
