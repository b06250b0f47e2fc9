using System.Runtime.InteropServices;

namespace Bellwether.Engines.Onnx;

/// <summary>Values of an input.</summary>
/// <param name="Name">Of one of the model's inputs.</param>
/// <param name="Values">An array of <c>long</c>, <c>int</c> or <c>float</c>; it may be longer than the shape asks for.</param>
/// <param name="Shape">Last dimension fastest.</param>
public readonly record struct OnnxInput(string Name, Array Values, long[] Shape);

public sealed unsafe partial class OnnxSession
{
    /// <summary>Computes one output of floats. Blocks the calling thread; cancelling ends the computation between two operations.</summary>
    /// <returns>The values in the order of the shape, last dimension fastest, and the shape.</returns>
    /// <exception cref="OnnxException">An input is missing, unknown or of another shape, or the computation failed.</exception>
    public (float[] Values, long[] Shape) Run(ReadOnlySpan<OnnxInput> inputs, string output, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_session.IsClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        RequireAll(inputs);
        var held = false;
        var pins = new GCHandle[inputs.Length];
        var values = new OnnxValueHandle?[inputs.Length];
        try
        {
            // Disposing the session does not give it back before this run is over.
            _session.DangerousAddRef(ref held);
            var names = stackalloc byte*[inputs.Length];
            var pointers = stackalloc nint[inputs.Length];
            for (var i = 0; i < inputs.Length; i++)
            {
                names[i] = NameOf(Inputs, _inputNames, inputs[i].Name, "input");
                pins[i] = GCHandle.Alloc(inputs[i].Values, GCHandleType.Pinned);
                values[i] = new(CreateTensor(inputs[i], pins[i].AddrOfPinnedObject()));
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
            foreach (var pin in pins)
                if (pin.IsAllocated) pin.Free();
            if (held) _session.DangerousRelease();
        }
    }

    /// <summary>
    /// Everything for one run but the run itself; to be disposed before the session. The arrays must not be used for anything else
    /// meanwhile.
    /// </summary>
    public OnnxPrepared Prepare(ReadOnlySpan<OnnxInput> inputs, string output)
    {
        var (names, values, pins) = (new nint[inputs.Length], new nint[inputs.Length], new GCHandle[inputs.Length]);
        for (var i = 0; i < inputs.Length; i++)
        {
            names[i] = (nint)NameOf(Inputs, _inputNames, inputs[i].Name, "input");
            pins[i] = GCHandle.Alloc(inputs[i].Values, GCHandleType.Pinned);
            values[i] = CreateTensor(inputs[i], pins[i].AddrOfPinnedObject());
        }
        return new(_session.Value, names, values, pins, (nint)NameOf(Outputs, _outputNames, output, "output"));
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

    // The runtime itself finds out only when the operation comes that wants it.
    void RequireAll(ReadOnlySpan<OnnxInput> given)
    {
        foreach (var wanted in Inputs)
        {
            var found = false;
            foreach (var input in given) found |= input.Name == wanted.Name;
            if (!found) throw new OnnxException($"the input {wanted} was not given", OnnxError.InvalidArgument);
        }
    }

    static byte* NameOf(IReadOnlyList<OnnxTensorInfo> infos, byte*[] names, string name, string kind)
    {
        for (var i = 0; i < infos.Count; i++)
            if (infos[i].Name == name) return names[i];
        throw new OnnxException($"the model has no {kind} '{name}'; it has {string.Join(", ", infos)}", OnnxError.InvalidArgument);
    }

    static nint CreateTensor(OnnxInput input, nint data)
    {
        var (type, size) = input.Values switch
        {
            long[] => (OnnxType.Int64, sizeof(long)),
            int[] => (OnnxType.Int32, sizeof(int)),
            float[] => (OnnxType.Float, sizeof(float)),
            _ => throw new ArgumentException($"{input.Values.GetType().Name} cannot be given to a model; long[], int[] or float[] can",
                nameof(input)),
        };
        var count = Count(input.Shape);
        if (count > input.Values.Length)
            throw new ArgumentException($"'{input.Name}' has {input.Values.Length} values, its shape asks for {count}", nameof(input));
        nint value;
        fixed (long* shape = input.Shape)
            OnnxApi.Check(OnnxApi.CreateTensorWithDataAsOrtValue(OnnxShared.Memory, (void*)data, (nuint)(count * size), shape,
                (nuint)input.Shape.Length, type, &value));
        return value;
    }

    static long Count(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var dimension in shape) count = checked(count * dimension);
        return count;
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
        if (type != OnnxType.Float)
            throw new OnnxException($"the output '{name}' holds {type.ToString().ToLowerInvariant()}, and float was expected",
                OnnxError.InvalidArgument);
        void* data;
        OnnxApi.Check(OnnxApi.GetTensorMutableData(value.Value, &data));
        return (new ReadOnlySpan<float>(data, checked((int)Count(shape))).ToArray(), shape);
    }
}
