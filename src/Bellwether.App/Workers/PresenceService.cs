using Bellwether.Storage;
using Microsoft.Extensions.Hosting;

namespace Bellwether.App.Workers;

/// <summary>Lets commands that must not work beside a running desk know that there is one, whatever its roles.</summary>
sealed class PresenceService(Desk desk) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var shown = DeskPresence.Show(desk.DataSource, desk.Time);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, desk.Time, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // asked to stop
        }
    }
}
