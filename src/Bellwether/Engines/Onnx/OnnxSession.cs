using System.Runtime.InteropServices;
using System.Text;

namespace Bellwether.Engines.Onnx;

/// <param name="Threads">Threads that one operation may use.</param>
public sealed record OnnxSessionOptions(int Threads);

/// <summary>A loaded model. Safe to be used by several threads at once.</summary>
public sealed unsafe partial class OnnxSession : IDisposable
{
    const int Sequential = 0, AllOptimisations = 99;

    readonly OnnxSessionHandle _session;
    readonly byte*[] _inputNames, _outputNames;

    /// <summary>Loads a model. <see cref="OnnxLibrary.Load"/> comes first.</summary>
    /// <exception cref="OnnxException">The file is missing, cut off, no model, or one that this runtime cannot run.</exception>
    public OnnxSession(string path, OnnxSessionOptions options)
    {
        using var settings = CreateOptions(options);
        nint session;
        fixed (byte* native = Native(Path.GetFullPath(path)))
            OnnxApi.Check(OnnxApi.CreateSession(OnnxShared.Env, native, settings.Value, &session));
        _session = new(session);
        try
        {
            Inputs = Describe(input: true);
            Outputs = Describe(input: false);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
        (_inputNames, _outputNames) = (NamesOf(Inputs), NamesOf(Outputs));
        var names = new List<nint>();
        foreach (var name in _inputNames) names.Add((nint)name);
        foreach (var name in _outputNames) names.Add((nint)name);
        _session.Names = names;
    }

    public IReadOnlyList<OnnxTensorInfo> Inputs { get; }

    public IReadOnlyList<OnnxTensorInfo> Outputs { get; }

    static OnnxSessionOptionsHandle CreateOptions(OnnxSessionOptions wanted)
    {
        nint pointer;
        OnnxApi.Check(OnnxApi.CreateSessionOptions(&pointer));
        var options = new OnnxSessionOptionsHandle(pointer);
        try
        {
            OnnxApi.Check(OnnxApi.SetSessionLogSeverityLevel(pointer, OnnxShared.Silent));
            OnnxApi.Check(OnnxApi.SetSessionGraphOptimizationLevel(pointer, AllOptimisations));
            OnnxApi.Check(OnnxApi.SetSessionExecutionMode(pointer, Sequential));
            OnnxApi.Check(OnnxApi.SetIntraOpNumThreads(pointer, wanted.Threads));
            OnnxApi.Check(OnnxApi.SetInterOpNumThreads(pointer, 1));
            // Threads that wait would else spin for work, and the database and the feeds share these cores.
            fixed (byte* key = "session.intra_op.allow_spinning\0"u8)
            fixed (byte* no = "0\0"u8)
                OnnxApi.Check(OnnxApi.AddSessionConfigEntry(pointer, key, no));
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    OnnxTensorInfo[] Describe(bool input)
    {
        nuint count;
        OnnxApi.Check(input ? OnnxApi.SessionGetInputCount(_session.Value, &count) : OnnxApi.SessionGetOutputCount(_session.Value, &count));
        var found = new OnnxTensorInfo[(int)count];
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            OnnxApi.Check(input ? OnnxApi.SessionGetInputName(_session.Value, i, OnnxShared.Allocator, &name)
                : OnnxApi.SessionGetOutputName(_session.Value, i, OnnxShared.Allocator, &name));
            var text = Marshal.PtrToStringUTF8((nint)name)!;
            OnnxApi.Check(OnnxApi.AllocatorFree(OnnxShared.Allocator, name));
            nint info, tensor;
            OnnxApi.Check(input ? OnnxApi.SessionGetInputTypeInfo(_session.Value, i, &info)
                : OnnxApi.SessionGetOutputTypeInfo(_session.Value, i, &info));
            try
            {
                // Belongs to the info; null for what is no tensor.
                OnnxApi.Check(OnnxApi.CastTypeInfoToTensorInfo(info, &tensor));
                var (type, dimensions) = tensor == 0 ? (OnnxType.Undefined, []) : TypeAndShape(tensor);
                found[(int)i] = new(text, type, dimensions);
            }
            finally
            {
                OnnxApi.ReleaseTypeInfo(info);
            }
        }
        return found;
    }

    static (OnnxType Type, long[] Dimensions) TypeAndShape(nint tensor)
    {
        OnnxType type;
        nuint rank;
        OnnxApi.Check(OnnxApi.GetTensorElementType(tensor, &type));
        OnnxApi.Check(OnnxApi.GetDimensionsCount(tensor, &rank));
        var dimensions = new long[(int)rank];
        fixed (long* first = dimensions) OnnxApi.Check(OnnxApi.GetDimensions(tensor, first, rank));
        return (type, dimensions);
    }

    static byte[] Native(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    // Of the names that calls pass on; given back with the session.
    static byte*[] NamesOf(IReadOnlyList<OnnxTensorInfo> infos)
    {
        var names = new byte*[infos.Count];
        for (var i = 0; i < names.Length; i++) names[i] = (byte*)Marshal.StringToCoTaskMemUTF8(infos[i].Name);
        return names;
    }

    /// <summary>Runs under way come to their end; the last of them gives the session back.</summary>
    public void Dispose() => _session.Dispose();
}
