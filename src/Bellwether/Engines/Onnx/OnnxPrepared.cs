using System.Runtime.InteropServices;

namespace Bellwether.Engines.Onnx;

/// <summary>
/// One run of a model with everything made beforehand: nothing but the runtime's own call is left, which is what any other use of it is
/// measured against. Not for several threads.
/// </summary>
public sealed unsafe class OnnxPrepared : IDisposable
{
    readonly nint _session;
    readonly nint[] _inputs, _names;
    readonly GCHandle[] _pins;
    readonly nint _output;

    internal OnnxPrepared(nint session, nint[] names, nint[] inputs, GCHandle[] pins, nint output) =>
        (_session, _names, _inputs, _pins, _output) = (session, names, inputs, pins, output);

    /// <summary>Computes and throws the result away.</summary>
    public void Run()
    {
        nint result = 0;
        var output = _output;
        fixed (nint* names = _names)
        fixed (nint* inputs = _inputs)
            OnnxApi.Check(OnnxApi.Run(_session, 0, (byte**)names, inputs, (nuint)_inputs.Length, (byte**)&output, 1, &result));
        OnnxApi.ReleaseValue(result);
    }

    public void Dispose()
    {
        foreach (var input in _inputs) OnnxApi.ReleaseValue(input);
        foreach (var pin in _pins) pin.Free();
    }
}
