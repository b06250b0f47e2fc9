using System.ComponentModel.DataAnnotations;

namespace Bellwether.Sentiment.Onnx;

/// <summary>What becomes of a text that is longer than the model reads at once.</summary>
public enum LongText
{
    /// <summary>Read in pieces, of which the first counts most.</summary>
    Windows,

    /// <summary>Only its beginning is read, as much as fits.</summary>
    Truncate,
}

/// <summary>How BERT models are run by ONNX Runtime.</summary>
public sealed record OnnxOptions
{
    /// <summary>Path of libonnxruntime.so.1; null to search, and to fetch when it is nowhere.</summary>
    public string? Library { get; init; }

    /// <summary>Processor cores that one batch is computed on; null for half of the machine's, so that the pipeline keeps its
    /// own.</summary>
    [Range(1, 256)] public int? Threads { get; init; }

    /// <summary>Most tokens of one batch, those counted that only fill up shorter texts.</summary>
    [Range(16, 1 << 20)] public int BatchTokens { get; init; } = 2_048;

    /// <summary>Most texts of one batch. With 1 a score does not depend on other texts in any bit.</summary>
    [Range(1, 4_096)] public int BatchTexts { get; init; } = 32;

    public LongText LongText { get; init; } = LongText.Windows;

    /// <summary>Pieces that are read of a long text; what follows them is not read.</summary>
    [Range(1, 64)] public int MaxWindows { get; init; } = 4;

    public int ThreadsInUse => Threads ?? Math.Max(1, Environment.ProcessorCount / 2);
}
