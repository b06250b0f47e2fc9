using Microsoft.Extensions.Hosting;

namespace Bellwether.App.Workers;

/// <summary>The scoring loops of one input topic.</summary>
sealed class ScoringService(Desk desk, WorkerStatus status, string topic) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var name = $"score {topic}";
        status.Running(name);
        try
        {
            // Retries by itself; ends only when asked to.
            await Task.WhenAll(Enumerable.Range(0, desk.Options.Scoring.Workers).Select(_ => desk.CreateWorker().RunAsync(topic, stoppingToken)));
        }
        finally
        {
            status.Ended(name);
        }
    }
}
