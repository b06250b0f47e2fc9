using Microsoft.Extensions.Hosting;

namespace Bellwether.App.Workers;

/// <summary>Reads sealed days for the private PostgreSQL, so that plain SQL sees them as long as the server runs.</summary>
sealed class ColdTierService(Desk desk, WorkerStatus status) : BackgroundService
{
    const string Name = "cold tier";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var reader = desk.CreateColdReader();
        status.Running(Name);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, desk.Time, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // asked to stop
        }
        finally
        {
            status.Ended(Name);
        }
    }
}
