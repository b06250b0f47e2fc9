using Bellwether.Events;
using Microsoft.Extensions.Hosting;

namespace Bellwether.App.Workers;

/// <summary>Carries announcements of results from PostgreSQL to Kafka.</summary>
sealed class ForwardingService(Desk desk, LogForwarder forwarder, WorkerStatus status) : BackgroundService
{
    const string Name = "forward to kafka";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        status.Running(Name);
        try
        {
            // Retries by itself; ends only when asked to.
            await forwarder.RunAsync(desk.Options.Scoring.Group, stoppingToken);
        }
        finally
        {
            status.Ended(Name);
        }
    }
}
