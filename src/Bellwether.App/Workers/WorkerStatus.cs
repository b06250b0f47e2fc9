using System.Collections.Concurrent;

namespace Bellwether.App.Workers;

/// <summary>Which of the loops of this process run, for the health answers.</summary>
sealed class WorkerStatus
{
    readonly ConcurrentDictionary<string, string?> _loops = new(StringComparer.Ordinal);

    public void Running(string name) => _loops[name] = null;

    public void Troubled(string name, string problem) => _loops[name] = problem;

    public void Ended(string name) => _loops[name] = "not running";

    /// <summary>Loops by name with their trouble; null for none.</summary>
    public IReadOnlyDictionary<string, string?> Loops => new SortedDictionary<string, string?>(_loops, StringComparer.Ordinal);
}
