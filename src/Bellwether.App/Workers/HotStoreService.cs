using Bellwether.Sentiment.HotStore;
using Microsoft.Extensions.Hosting;

namespace Bellwether.App.Workers;

/// <summary>Keeps a shared hot store level with the database after it was away.</summary>
sealed class HotStoreService(HotStoreCatchUp catchUp, WorkerStatus status) : BackgroundService
{
    const string Name = "hot store upkeep";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        status.Running(Name);
        try
        {
            await catchUp.RunAsync(stoppingToken);
        }
        finally
        {
            status.Ended(Name);
        }
    }
}
