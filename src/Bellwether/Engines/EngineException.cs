namespace Bellwether.Engines;

/// <summary>An engine (database server, native library) cannot be found, started or used. Carries what is wrong and what mends it.</summary>
public sealed class EngineException(string engine, string problem, string mend, Exception? inner = null)
    : Exception($"{engine}: {problem} {mend}", inner)
{
    /// <summary>Which engine: <c>postgres</c>, <c>duckdb</c>, <c>kafka</c>, <c>onnx</c>.</summary>
    public string Engine { get; } = engine;

    /// <summary>What is wrong, one or more sentences.</summary>
    public string Problem { get; } = problem;

    /// <summary>What to do about it, a command where there is one.</summary>
    public string Mend { get; } = mend;
}
