using System.Globalization;

namespace Bellwether.Tests.Faults;

/// <summary>Something that goes wrong, with whom, and for how long.</summary>
sealed record Fault(string Kind, string Target, TimeSpan Length, Action Begin, Action End)
{
    public override string ToString() =>
        Length > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"{Kind} {Target} for {Length.TotalSeconds:F1} s") : $"{Kind} {Target}";
}

/// <summary>
/// Draws faults: the same seed gives the same ones in the same order. Every kind comes once before any comes again, so that a short run
/// has met them all.
/// </summary>
/// <param name="shortest">Of a fault that lasts.</param>
/// <param name="freeze">How long a process may stand still.</param>
sealed class FaultPlan(Lab lab, int seed, TimeSpan shortest, TimeSpan longest, TimeSpan freeze)
{
    readonly Random _random = new(seed);
    readonly Queue<Func<Fault>> _round = [];

    /// <summary>Only faults that are called so are drawn; empty for all.</summary>
    static string Only => Environment.GetEnvironmentVariable("BELLWETHER_FAULT_KIND") ?? "";

    public Fault Next()
    {
        for (var rounds = 0; ;)
        {
            if (_round.Count == 0)
            {
                Assert.True(rounds++ < 10, $"no fault is called '{Only}'");
                var kinds = Kinds().ToArray();
                _random.Shuffle(kinds);
                foreach (var kind in kinds) _round.Enqueue(kind);
            }
            if (_round.Dequeue()() is var fault && fault.ToString().Contains(Only, StringComparison.Ordinal)) return fault;
        }
    }

    IEnumerable<Func<Fault>> Kinds()
    {
        yield return () => Kill(Worker());
        yield return () => Kill(Server());
        yield return () => Kill(lab.Postgres);
        yield return () => Kill(lab.Redis);
        yield return () => new("kill -9", "postmaster alone", default, () => lab.Postgres.Kill(tree: false), Nothing);
        yield return () => new("kill -9", "backend of postgres", default, () => lab.Postgres.KillChild(" 127.0.0.1("), Nothing);
        yield return () => Freeze(Worker());
        yield return () => Freeze(Server());
        yield return () => Freeze(lab.Postgres);
        yield return () => Freeze(lab.Redis);
        yield return () => Network("cut", "postgres", p => p.Database!, proxy => proxy.Cut());
        yield return () => Network("cut", "redis", p => p.HotStore!, proxy => proxy.Cut());
        yield return () => Network("black hole", "postgres", p => p.Database!, proxy => proxy.Swallow());
        yield return () => Network("black hole", "redis", p => p.HotStore!, proxy => proxy.Swallow());
        foreach (var (whose, process) in new[] { ("postgres", lab.Postgres), ("lake", lab.Programs[2]) })
        {
            yield return () => SlowDisk(whose, process.Switch!, TimeSpan.FromMilliseconds(_random.Next(100, 600)));
            yield return () => new("full disk", whose, Some(), () => process.Switch!.FullDisk = true, () => process.Switch!.FullDisk = false);
        }
        yield return () => Clock(Worker());
        yield return () => Clock(Server());
        if (freeze > longest * 2)
        {
            // What nobody is told of is noticed by waiting, so these take as long as the waiting does: for the long run.
            yield return () => Network("connections forgotten", "postgres", p => p.Database!, proxy => proxy.Forget());
            yield return () => Network("connections forgotten", "redis", p => p.HotStore!, proxy => proxy.Forget());
        }
        if (lab.Broker is not { } broker) yield break;
        // The brokers live in this process and say their own address, so that no proxy can stand before them: they close their port
        // themselves, or take longer than anybody waits.
        yield return () => new("cut", "kafka", Some(), () => broker.Down(), () => broker.Up());
        yield return () => new("cut", "kafka", Some(), () => broker.Down(), () => broker.Up());
        yield return () => new("slow network", "kafka", Some(), () => broker.RoundTrip(_random.Next(500, 2_000)), () => broker.RoundTrip(0));
    }

    LabProcess Worker() => lab.Programs[_random.Next(2, 4)];

    LabProcess Server() => lab.Programs[_random.Next(2)];

    TimeSpan Some() => shortest + (longest - shortest) * _random.NextDouble();

    static Fault Kill(LabProcess process) => new("kill -9", process.Name, default, () => process.Kill(), Nothing);

    Fault Freeze(LabProcess process) => new("SIGSTOP", process.Name, _random.Next(6) == 0 ? freeze : Some(), process.Freeze, process.Thaw);

    /// <summary>Between a server and one program, or all of them.</summary>
    Fault Network(string kind, string server, Func<LabProcess, FaultProxy> proxy, Action<FaultProxy> fault)
    {
        LabProcess[] programs = _random.Next(3) == 0 ? [.. lab.Programs] : [lab.Programs[_random.Next(lab.Programs.Count)]];
        return new(kind, $"{server} from {(programs.Length > 1 ? "all" : programs[0].Name)}", Some(),
            () => Array.ForEach(programs, p => fault(proxy(p))), () => Array.ForEach(programs, p => proxy(p).Mend()));
    }

    Fault SlowDisk(string whose, FaultSwitch faults, TimeSpan by) => new("slow disk", whose, Some(), () => faults.SlowDisk = by, () => faults.SlowDisk = default);

    Fault Clock(LabProcess process)
    {
        var off = TimeSpan.FromSeconds(_random.Next(30, 600) * (_random.Next(2) == 0 ? 1 : -1));
        return new("clock jump", string.Create(CultureInfo.InvariantCulture, $"{process.Name} by {off.TotalSeconds:+0;-0} s"), Some(),
            () => process.Switch!.Clock = off, () => process.Switch!.Clock = default);
    }

    static void Nothing() { }
}
