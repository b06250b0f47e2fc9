using System.Buffers;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.Onnx;

/// <summary>Values of an input: memory that stays where it is until the run ends.</summary>
/// <param name="Name">Of one of the model's inputs.</param>
/// <param name="Type">What the memory holds.</param>
public readonly record struct OnnxInput(string Name, OnnxType Type, Memory<byte> Values, long[] Shape)
{
    public static OnnxInput Of(string name, Memory<long> values, params long[] shape) => new(name, OnnxType.Int64, new CastMemory<long>(values).Memory, shape);

    public static OnnxInput Of(string name, Memory<int> values, params long[] shape) => new(name, OnnxType.Int32, new CastMemory<int>(values).Memory, shape);

    // The bytes of memory of another type.
    sealed class CastMemory<T>(Memory<T> from) : MemoryManager<byte> where T : unmanaged
    {
        public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(from.Span);

        public override unsafe MemoryHandle Pin(int elementIndex = 0)
        {
            var pinned = from.Pin();
            return new((byte*)pinned.Pointer + elementIndex, pinnable: new Unpin(pinned));
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    sealed class Unpin(MemoryHandle handle) : IPinnable
    {
        public MemoryHandle Pin(int elementIndex) => throw new NotSupportedException();

        void IPinnable.Unpin() => handle.Dispose();
    }
}

public sealed unsafe partial class OnnxSession
{
    /// <summary>Computes one output of floats. Blocks the calling thread; cancelling ends the computation between two operations.</summary>
    /// <returns>The values in the order of the shape, last dimension fastest, and the shape.</returns>
    /// <exception cref="OnnxException">An input is missing, unknown or of another shape, or the computation failed.</exception>
    public (float[] Values, long[] Shape) Run(ReadOnlySpan<OnnxInput> inputs, string output, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_session.IsClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var held = false;
        var pins = new MemoryHandle[inputs.Length];
        var values = new OnnxValueHandle?[inputs.Length];
        try
        {
            // Disposing the session waits for this run.
            _session.DangerousAddRef(ref held);
            var names = stackalloc byte*[inputs.Length];
            var pointers = stackalloc nint[inputs.Length];
            for (var i = 0; i < inputs.Length; i++)
            {
                names[i] = NameOf(Inputs, _inputNames, inputs[i].Name, "input");
                pins[i] = inputs[i].Values.Pin();
                values[i] = Tensor(inputs[i], pins[i].Pointer);
                pointers[i] = values[i]!.Value;
            }
            nint result = 0;
            Run(names, pointers, inputs.Length, NameOf(Outputs, _outputNames, output, "output"), &result, cancellationToken);
            using var computed = new OnnxValueHandle(result);
            return Floats(computed, output);
        }
        finally
        {
            foreach (var value in values) value?.Dispose();
            foreach (var pin in pins) pin.Dispose();
            if (held) _session.DangerousRelease();
        }
    }

    void Run(byte** names, nint* inputs, int count, byte* output, nint* result, CancellationToken cancellationToken)
    {
        nint pointer;
        OnnxApi.Check(OnnxApi.CreateRunOptions(&pointer));
        using var options = new OnnxRunOptionsHandle(pointer);
        using (cancellationToken.UnsafeRegister(static state => Terminate((OnnxRunOptionsHandle)state!), options))
        {
            var status = OnnxApi.Run(_session.Value, pointer, names, inputs, (nuint)count, &output, 1, result);
            if (status != 0 && cancellationToken.IsCancellationRequested)
            {
                OnnxApi.ReleaseStatus(status);
                throw new OperationCanceledException(cancellationToken);
            }
            OnnxApi.Check(status);
        }
    }

    static void Terminate(OnnxRunOptionsHandle options)
    {
        if (OnnxApi.RunOptionsSetTerminate(options.Value) is var status && status != 0) OnnxApi.ReleaseStatus(status);
    }

    static byte* NameOf(IReadOnlyList<OnnxTensorInfo> infos, byte*[] names, string name, string kind)
    {
        for (var i = 0; i < infos.Count; i++)
            if (infos[i].Name == name) return names[i];
        throw new OnnxException($"the model has no {kind} '{name}'; it has {string.Join(", ", infos)}", OnnxError.InvalidArgument);
    }

    static OnnxValueHandle Tensor(OnnxInput input, void* data)
    {
        nint value;
        fixed (long* shape = input.Shape)
            OnnxApi.Check(OnnxApi.CreateTensorWithDataAsOrtValue(OnnxShared.Memory, data, (nuint)input.Values.Length, shape, (nuint)input.Shape.Length, input.Type, &value));
        return new(value);
    }

    static (float[] Values, long[] Shape) Floats(OnnxValueHandle value, string name)
    {
        nint tensor;
        OnnxApi.Check(OnnxApi.GetTensorTypeAndShape(value.Value, &tensor));
        OnnxType type;
        long[] shape;
        try
        {
            (type, shape) = TypeAndShape(tensor);
        }
        finally
        {
            OnnxApi.ReleaseTensorInfo(tensor);
        }
        if (type != OnnxType.Float) throw new OnnxException($"the output '{name}' holds {type.ToString().ToLowerInvariant()}, and float was expected", OnnxError.InvalidArgument);
        void* data;
        OnnxApi.Check(OnnxApi.GetTensorMutableData(value.Value, &data));
        var count = 1L;
        foreach (var dimension in shape) count = checked(count * dimension);
        return (new ReadOnlySpan<float>(data, checked((int)count)).ToArray(), shape);
    }
}
