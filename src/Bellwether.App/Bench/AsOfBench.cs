using Bellwether.Analytics.Joins;
using Bellwether.App.Commands;

namespace Bellwether.App.Bench;

/// <param name="Seconds">Of the join of rows in no order, on one thread.</param>
/// <param name="CpuSeconds">Of that, what the processor worked for it.</param>
/// <param name="SortedSeconds">Of rows that are in order of group and time already.</param>
/// <param name="VersionedSeconds">Of right rows with times of knowledge of their own.</param>
sealed record AsOfBenchAnswer(int Left, int Right, int Groups, int Matched, double Seconds, double CpuSeconds, double SortedSeconds, double VersionedSeconds, int Processors);

/// <summary>The as-of join of many rows with many, on one thread.</summary>
static class AsOfBench
{
    const int Runs = 3;

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var rows = BenchDesk.Number("--rows", "Rows of each side", 1_000_000);
        var groups = BenchDesk.Number("--groups", "Symbols that they belong to", 1_000);
        return new Verb("asof", "Joining so many rows with so many by what was known, on one core", "bench asof", "bench asof --rows 5000000 --json") { rows, groups }
            .Runs(screen, globals, (session, _) =>
            {
                var answer = Run(session, session.Get(rows), session.Get(groups));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.AsOfBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.Left:n0} × {answer.Right:n0} rows of {answer.Groups:n0} symbols: {answer.Seconds:0.00} s in no order ({answer.CpuSeconds:0.00} s of work), {answer.SortedSeconds:0.00} s in order, {answer.VersionedSeconds:0.00} s with times of knowledge");
                return Task.FromResult(ExitCode.Ok);
            });
    }

    static AsOfBenchAnswer Run(Session session, int rows, int groups)
    {
        const long span = 10L * 365 * 86_400_000_000;
        var random = new Random(1);
        int[] Keys() => [.. Enumerable.Range(0, rows).Select(_ => random.Next(groups))];
        long[] Times() => [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64(span))];
        var (leftKeys, leftTimes, rightKeys, rightTimes) = (Keys(), Times(), Keys(), Times());
        long[] known = [.. rightTimes.Select(t => t + random.NextInt64(86_400_000_000))];
        var matches = new int[rows];
        var matched = 0;
        var (plain, work) = Middle(session, () => matched = AsOfJoin.Match(new(leftKeys, leftTimes), new(rightKeys, rightTimes), matches));
        var (versioned, _) = Middle(session, () => AsOfJoin.Match(new(leftKeys, leftTimes), new(rightKeys, rightTimes) { Known = known }, matches));
        Sort(leftKeys, leftTimes);
        Sort(rightKeys, rightTimes);
        var (sorted, _) = Middle(session, () => AsOfJoin.Match(new(leftKeys, leftTimes), new(rightKeys, rightTimes), matches));
        return new(rows, rows, groups, matched, plain, work, sorted, versioned, Environment.ProcessorCount);
    }

    static void Sort(int[] keys, long[] times)
    {
        var rows = keys.Zip(times).Order().ToArray();
        for (var i = 0; i < rows.Length; i++) (keys[i], times[i]) = rows[i];
    }

    /// <summary>Seconds of the middle run; the first one compiles and is not counted.</summary>
    static (double Seconds, double CpuSeconds) Middle(Session session, Action work)
    {
        work();
        var times = new List<(double Seconds, double CpuSeconds)>();
        while (times.Count < Runs)
        {
            var (started, worked) = (session.Time.GetTimestamp(), Environment.CpuUsage.TotalTime);
            work();
            times.Add((Math.Round(session.Time.GetElapsedTime(started).TotalSeconds, 3), Math.Round((Environment.CpuUsage.TotalTime - worked).TotalSeconds, 3)));
        }
        return times.Order().ElementAt(Runs / 2);
    }
}
