using System.Runtime.InteropServices;

namespace Bellwether.Engines.Onnx;

/// <summary>
/// The part of ONNX Runtime's C API that the product uses. The library hands out a table of functions whose order never changes; the
/// numbers here are places in it. Most functions return a status, which is null when all went well.
/// </summary>
static unsafe class OnnxApi
{
    static void** _table;

    public static bool IsBound => _table != null;

    public static void Bind(void** table) => _table = table;

    static void* At(int index) => _table != null ? _table[index] : throw new InvalidOperationException("ONNX Runtime is not loaded");

    static OnnxError CodeOf(nint status) => ((delegate* unmanaged<nint, OnnxError>)At(1))(status);

    static string MessageOf(nint status) => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<nint, byte*>)At(2))(status)) ?? "";

    /// <summary>Throws what a status tells, and gives it back.</summary>
    public static void Check(nint status)
    {
        if (status == 0) return;
        var (code, message) = (CodeOf(status), MessageOf(status));
        ReleaseStatus(status);
        throw new OnnxException(
            string.IsNullOrWhiteSpace(message) ? $"ONNX Runtime failed without a message (code {(int)code})"
            : message.ReplaceLineEndings(" ").Trim(), code);
    }

    public static nint CreateEnv(int severity, byte* name, nint* env) =>
        ((delegate* unmanaged<int, byte*, nint*, nint>)At(3))(severity, name, env);
    public static nint CreateSession(nint env, byte* path, nint options, nint* session) =>
        ((delegate* unmanaged<nint, byte*, nint, nint*, nint>)At(7))(env, path, options, session);
    public static nint Run(
        nint session, nint runOptions, byte** inputNames, nint* inputs, nuint inputCount, byte** outputNames, nuint outputCount,
        nint* outputs) =>
        ((delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)At(9))(
            session, runOptions, inputNames, inputs, inputCount, outputNames, outputCount, outputs);
    public static nint CreateSessionOptions(nint* options) => ((delegate* unmanaged<nint*, nint>)At(10))(options);
    public static nint SetSessionExecutionMode(nint options, int mode) => ((delegate* unmanaged<nint, int, nint>)At(13))(options, mode);
    public static nint SetSessionLogSeverityLevel(nint options, int level) =>
        ((delegate* unmanaged<nint, int, nint>)At(22))(options, level);
    public static nint SetSessionGraphOptimizationLevel(nint options, int level) =>
        ((delegate* unmanaged<nint, int, nint>)At(23))(options, level);
    public static nint SetIntraOpNumThreads(nint options, int threads) => ((delegate* unmanaged<nint, int, nint>)At(24))(options, threads);
    public static nint SetInterOpNumThreads(nint options, int threads) => ((delegate* unmanaged<nint, int, nint>)At(25))(options, threads);
    public static nint SessionGetInputCount(nint session, nuint* count) =>
        ((delegate* unmanaged<nint, nuint*, nint>)At(30))(session, count);
    public static nint SessionGetOutputCount(nint session, nuint* count) =>
        ((delegate* unmanaged<nint, nuint*, nint>)At(31))(session, count);
    public static nint SessionGetInputTypeInfo(nint session, nuint index, nint* info) =>
        ((delegate* unmanaged<nint, nuint, nint*, nint>)At(33))(session, index, info);
    public static nint SessionGetOutputTypeInfo(nint session, nuint index, nint* info) =>
        ((delegate* unmanaged<nint, nuint, nint*, nint>)At(34))(session, index, info);
    public static nint SessionGetInputName(nint session, nuint index, nint allocator, byte** name) =>
        ((delegate* unmanaged<nint, nuint, nint, byte**, nint>)At(36))(session, index, allocator, name);
    public static nint SessionGetOutputName(nint session, nuint index, nint allocator, byte** name) =>
        ((delegate* unmanaged<nint, nuint, nint, byte**, nint>)At(37))(session, index, allocator, name);
    public static nint CreateRunOptions(nint* options) => ((delegate* unmanaged<nint*, nint>)At(39))(options);
    public static nint RunOptionsSetTerminate(nint options) => ((delegate* unmanaged<nint, nint>)At(46))(options);
    public static nint CreateTensorWithDataAsOrtValue(
        nint memory, void* data, nuint bytes, long* shape, nuint rank, OnnxType type, nint* value) =>
        ((delegate* unmanaged<nint, void*, nuint, long*, nuint, OnnxType, nint*, nint>)At(49))(
            memory, data, bytes, shape, rank, type, value);
    public static nint GetTensorMutableData(nint value, void** data) => ((delegate* unmanaged<nint, void**, nint>)At(51))(value, data);
    public static nint CastTypeInfoToTensorInfo(nint info, nint* tensor) => ((delegate* unmanaged<nint, nint*, nint>)At(55))(info, tensor);
    public static nint GetTensorElementType(nint tensor, OnnxType* type) =>
        ((delegate* unmanaged<nint, OnnxType*, nint>)At(60))(tensor, type);
    public static nint GetDimensionsCount(nint tensor, nuint* rank) => ((delegate* unmanaged<nint, nuint*, nint>)At(61))(tensor, rank);
    public static nint GetDimensions(nint tensor, long* dimensions, nuint rank) =>
        ((delegate* unmanaged<nint, long*, nuint, nint>)At(62))(tensor, dimensions, rank);
    public static nint GetTensorTypeAndShape(nint value, nint* tensor) => ((delegate* unmanaged<nint, nint*, nint>)At(65))(value, tensor);
    public static nint CreateCpuMemoryInfo(int allocatorType, int memoryType, nint* memory) =>
        ((delegate* unmanaged<int, int, nint*, nint>)At(69))(allocatorType, memoryType, memory);
    public static nint AllocatorFree(nint allocator, void* memory) => ((delegate* unmanaged<nint, void*, nint>)At(76))(allocator, memory);
    public static nint GetAllocatorWithDefaultOptions(nint* allocator) => ((delegate* unmanaged<nint*, nint>)At(78))(allocator);
    public static nint AddSessionConfigEntry(nint options, byte* key, byte* value) =>
        ((delegate* unmanaged<nint, byte*, byte*, nint>)At(130))(options, key, value);

    public static void ReleaseEnv(nint env) => Release(92, env);
    public static void ReleaseStatus(nint status) => Release(93, status);
    public static void ReleaseMemoryInfo(nint memory) => Release(94, memory);
    public static void ReleaseSession(nint session) => Release(95, session);
    public static void ReleaseValue(nint value) => Release(96, value);
    public static void ReleaseRunOptions(nint options) => Release(97, options);
    public static void ReleaseTypeInfo(nint info) => Release(98, info);
    public static void ReleaseTensorInfo(nint tensor) => Release(99, tensor);
    public static void ReleaseSessionOptions(nint options) => Release(100, options);

    static void Release(int index, nint what) => ((delegate* unmanaged<nint, void>)At(index))(what);
}
