using System.Runtime.InteropServices;

namespace Bellwether.Engines.Onnx;

/// <summary>A pointer of ONNX Runtime's that has to be given back exactly once.</summary>
abstract class OnnxHandle : SafeHandle
{
    protected OnnxHandle(nint value) : base(0, ownsHandle: true) => SetHandle(value);

    public override bool IsInvalid => handle == 0;

    public nint Value => handle;

    protected override bool ReleaseHandle()
    {
        Release(handle);
        return true;
    }

    protected abstract void Release(nint value);
}

sealed class OnnxSessionHandle(nint value) : OnnxHandle(value)
{
    /// <summary>
    /// Names of inputs and outputs, which calls under way may be about to pass on: they go with the session, after the last of them.
    /// </summary>
    public IReadOnlyList<nint> Names { get; set; } = [];

    protected override void Release(nint value)
    {
        OnnxApi.ReleaseSession(value);
        foreach (var name in Names) Marshal.FreeCoTaskMem(name);
    }
}

sealed class OnnxSessionOptionsHandle(nint value) : OnnxHandle(value)
{
    protected override void Release(nint value) => OnnxApi.ReleaseSessionOptions(value);
}

sealed class OnnxRunOptionsHandle(nint value) : OnnxHandle(value)
{
    protected override void Release(nint value) => OnnxApi.ReleaseRunOptions(value);
}

sealed class OnnxValueHandle(nint value) : OnnxHandle(value)
{
    protected override void Release(nint value) => OnnxApi.ReleaseValue(value);
}

/// <summary>What every session of the process shares; lives as long as the process.</summary>
static unsafe class OnnxShared
{
    /// <summary>Nothing but what ends the process is written to stderr: errors come back to the caller, and are told there.</summary>
    public const int Silent = 4;

    static readonly Lazy<(nint Env, nint Memory, nint Allocator)> All = new(() =>
    {
        nint env, memory, allocator;
        fixed (byte* name = "bellwether\0"u8) OnnxApi.Check(OnnxApi.CreateEnv(Silent, name, &env));
        OnnxApi.Check(OnnxApi.CreateCpuMemoryInfo(0, 0, &memory));
        OnnxApi.Check(OnnxApi.GetAllocatorWithDefaultOptions(&allocator));
        return (env, memory, allocator);
    });

    public static nint Env => All.Value.Env;
    public static nint Memory => All.Value.Memory;
    public static nint Allocator => All.Value.Allocator;
}
