namespace Bellwether.App.Commands;

/// <summary>How many files of the lake were compared.</summary>
sealed class LakeVerifyGauge : IGauge, IProgress<(int Done, int Total)>
{
    // Two ints in one word, since it is read from another thread.
    long _state;

    public void Report((int Done, int Total) value) => Interlocked.Exchange(ref _state, ((long)value.Total << 32) | (uint)value.Done);

    (int Done, int Total) State => Interlocked.Read(ref _state) is var state ? ((int)(state & uint.MaxValue), (int)(state >> 32)) : default;

    public string Text => State is { Total: > 0 } s ? $"{s.Done:n0} of {s.Total:n0} files" : "reading the manifest";

    public double? Fraction => State is { Total: > 0 } s ? (double)s.Done / s.Total : null;
}
