using System.CommandLine;
using Bellwether.App.Bench;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether bench</c>: what this machine gives, measured through the whole program in a folder of its own.</summary>
static class BenchCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var worker = ScaleBench.CreateWorker(screen, globals);
        worker.Hidden = true;
        return new Verb("bench", "Measure what this machine gives, in a folder of its own", "bench pipeline --json", "bench latency --rate 500 --seconds 20")
        {
            PipelineBench.Create(screen, globals),
            LatencyBench.Create(screen, globals),
            ScaleBench.Create(screen, globals),
            MetricsBench.Create(screen, globals),
            LakeBench.Create(screen, globals),
            BarsBench.Create(screen, globals),
            OptionsBench.Create(screen, globals),
            FactorsBench.Create(screen, globals),
            AsOfBench.Create(screen, globals),
            ClassifyBench.Create(screen, globals),
            OnnxBench.Create(screen, globals),
            RetentionBench.Create(screen, globals),
            worker,
        };
    }
}
