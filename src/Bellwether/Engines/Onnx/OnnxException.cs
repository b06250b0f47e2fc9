namespace Bellwether.Engines.Onnx;

/// <summary>Codes of ONNX Runtime's own (onnxruntime_c_api.h).</summary>
public enum OnnxError
{
    Ok,
    Fail,
    InvalidArgument,
    NoSuchFile,
    NoModel,
    EngineError,
    RuntimeException,
    InvalidProtobuf,
    ModelLoaded,
    NotImplemented,
    InvalidGraph,
    ProviderFail,
}

/// <summary>ONNX Runtime refused or failed; the message is its own.</summary>
public sealed class OnnxException(string message, OnnxError code = OnnxError.Fail, Exception? inner = null) : Exception(message, inner)
{
    public OnnxError Code { get; } = code;
}
