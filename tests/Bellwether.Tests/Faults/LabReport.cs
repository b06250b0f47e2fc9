using System.Globalization;
using System.Text;

namespace Bellwether.Tests.Faults;

/// <summary>What a run of faults has come to.</summary>
sealed class LabReport
{
    readonly List<(Fault Fault, TimeSpan Recovery)> _faults = [];
    readonly List<(string Topology, LabFindings Findings, int Resent, TimeSpan Elapsed)> _runs = [];

    public int Faults => _faults.Count;

    public TimeSpan Slowest => _faults.Count == 0 ? default : _faults.Max(f => f.Recovery);

    public void Add(Fault fault, TimeSpan recovery) => _faults.Add((fault, recovery));

    public void Add(string topology, LabFindings findings, int resent, TimeSpan elapsed) => _runs.Add((topology, findings, resent, elapsed));

    /// <summary>Without what differs from one to the next: by how much, from whom.</summary>
    static string NameOf(Fault fault) => $"{fault.Kind} {fault.Target.Split(" by ")[0].Split(" from ")[0]}";

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"fault",-38}{"times",6}{"recovery p50",14}{"max",9}");
        foreach (var kind in _faults.GroupBy(f => NameOf(f.Fault)).OrderBy(g => g.Key, StringComparer.Ordinal)) Line(kind.Key, [.. kind.Select(f => f.Recovery)]);
        Line("all", [.. _faults.Select(f => f.Recovery)]);
        foreach (var (topology, findings, resent, elapsed) in _runs)
            text.AppendLine(CultureInfo.InvariantCulture, $"{topology}: {findings}; {resent} requests sent again; {elapsed.TotalSeconds:F0} s");
        return text.ToString();

        void Line(string name, TimeSpan[] times)
        {
            if (times.Length == 0) return;
            var (middle, slowest) = (times.Order().ElementAt(times.Length / 2).TotalSeconds, times.Max().TotalSeconds);
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-38}{times.Length,6}{middle,12:F1} s{slowest,7:F1} s");
        }
    }
}
