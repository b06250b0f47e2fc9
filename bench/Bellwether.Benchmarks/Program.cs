using System.Globalization;
using Bellwether.Benchmarks;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// push [requests a second] [seconds]: a load over HTTP, read by people.
if (args is ["push", ..])
    return await PushLoad.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 500, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 20);

// broker: Kafka's protocol on a free port until standard input ends, for `bellwether bench pipeline --log kafka` where there is no cluster.
if (args is ["broker"])
{
    using var broker = new Bellwether.Tests.Support.MockBroker(await new Bellwether.Engines.EngineCache().FindKafkaLibraryAsync(null, null, CancellationToken.None));
    Console.WriteLine(broker.Bootstrap);
    await Console.In.ReadToEndAsync();
    return 0;
}

// Seconds are for reading; what fails a run is bytes allocated for one operation, which no busy machine changes.
var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
var summaries = BenchmarkSwitcher.FromAssembly(typeof(AllocationBudgetAttribute).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, config).ToArray();
var over = summaries.SelectMany(s => s.Reports).Select(AllocationBudgetAttribute.Check).OfType<string>().ToArray();
foreach (var line in over) Console.Error.WriteLine(line);
return over.Length == 0 && summaries.All(s => s.Reports.Length > 0 && s.Reports.All(r => r.Success)) ? 0 : 1;
