using System.Globalization;
using Bellwether.Events;
using Bellwether.Tests.Engines;

namespace Bellwether.Tests.Faults;

/// <summary>
/// The program as processes under load, broken in every way that the lab knows. After each fault it comes back by itself; at the end nothing
/// is lost and nothing doubled. BELLWETHER_FAULT_SEED repeats a run, BELLWETHER_FAULT_KIND draws only
/// faults that are called so, BELLWETHER_FAULT_COUNT sets the length of the long run, BELLWETHER_FAULT_LOG keeps it to postgres or kafka.
/// </summary>
public sealed class FaultLabTests(EngineTemplate template)
{
    // A lab that does not come to its end would otherwise stop the whole run.
    const int Limit = 900_000;

    static int Seed => Number("BELLWETHER_FAULT_SEED", 20_240_506);

    /// <summary>Faults of the long run, of both logs together.</summary>
    static int Count => Number("BELLWETHER_FAULT_COUNT", 200);

    static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact(Timeout = Limit)]
    public async Task Twelve_faults_on_the_embedded_log_cost_nothing()
    {
        var report = new LabReport();
        await RunAsync(new(Kafka: false, Seed, 100, TimeSpan.FromSeconds(2)), 12, 12, Short, report, TellTest, async lab =>
        {
            // What the proxy supposes of servers.
            Assert.Equal("5 2 3", await lab.KeepalivesAsync());
            // A checker that finds nothing must be one that could.
            await lab.SpoilAsync();
            var found = await lab.CompareAsync(TimeSpan.Zero);
            Assert.Equal((1, 2), (found.Lost, found.Doubled));
            string[] seen = ["no result of", "the inbox holds", "rows of tweet_sentiments", "were not announced", "the state of LABH", "the hot store differs"];
            foreach (var words in seen)
                Assert.Contains(found.Wrong, w => w.Contains(words, StringComparison.Ordinal));
        });
    }

    [Fact(Timeout = Limit)]
    public async Task Eight_faults_on_Kafka_cost_nothing()
    {
        var report = new LabReport();
        await RunAsync(new(Kafka: true, Seed + 100, 100, TimeSpan.FromSeconds(2)), 8, 8, Short, report, TellTest);
    }

    [Fact(Explicit = true)]
    public async Task Two_hundred_faults_cost_nothing()
    {
        var report = new LabReport();
        var kafka = Environment.GetEnvironmentVariable("BELLWETHER_FAULT_LOG") switch { "kafka" => Count, "postgres" => 0, _ => Count * 2 / 5 };
        try
        {
            if (kafka < Count) await RunAsync(new(Kafka: false, Seed, 150, new EventLogOptions().LeaseTime), Count - kafka, 30, Long, report, Console.WriteLine);
            if (kafka > 0) await RunAsync(new(Kafka: true, Seed + 100, 150, new EventLogOptions().LeaseTime), kafka, 20, Long, report, Console.WriteLine);
        }
        finally
        {
            Console.WriteLine(report);
        }
        Assert.Equal(Count, report.Faults);
    }

    static FaultPlan Short(Lab lab) => new(lab, lab.Settings.Seed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(4));

    static FaultPlan Long(Lab lab) => new(lab, lab.Settings.Seed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(30));

    /// <param name="checkEvery">Number of faults after which everything is compared.</param>
    async Task RunAsync(
        LabSettings settings, int faults, int checkEvery, Func<Lab, FaultPlan> draw, LabReport report, Action<string> write, Func<Lab, Task>? atTheEnd = null)
    {
        void Tell(string what) => write($"{TimeProvider.System.GetUtcNow():HH:mm:ss.f} {what}");
        var started = TimeProvider.System.GetTimestamp();
        Tell($"{(settings.Kafka ? "Kafka" : "embedded log")}, seed {settings.Seed}, {faults} faults");
        await using var lab = await Lab.StartAsync(settings, template, Tell);
        var plan = draw(lab);
        for (var i = 1; i <= faults; i++)
        {
            var fault = plan.Next();
            fault.Begin();
            await Task.Delay(fault.Length, TimeProvider.System, TestContext.Current.CancellationToken);
            fault.End();
            var recovery = await lab.RecoverAsync();
            report.Add(fault, recovery);
            Tell(string.Create(CultureInfo.InvariantCulture, $"{i,4} {fault}: steady again after {recovery.TotalSeconds:F1} s"));
            if (i % checkEvery == 0 && i < faults) Require(await lab.CheckAsync());
        }
        var findings = await lab.FinishAsync();
        report.Add(settings.Kafka ? "Kafka" : "embedded log", findings, lab.Load.Resent, TimeProvider.System.GetElapsedTime(started));
        Require(findings);
        if (atTheEnd is not null) await atTheEnd(lab);

        void Require(LabFindings findings)
        {
            Tell(findings.ToString());
            Assert.True(findings.IsWell, $"{findings}\n{lab.Story()}");
        }
    }

    static void TellTest(string what) => TestContext.Current.TestOutputHelper!.WriteLine(what);
}
