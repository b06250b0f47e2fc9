using Bellwether.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// Brings a shared hot store up to the state of the database after it was away, or was found empty. All tickers that changed within a
/// lifetime are offered: the revision decides on the server, so what is there already stays, and no writer has to be held up meanwhile.
/// </summary>
public sealed partial class HotStoreCatchUp(
    SentimentReader reader, GuardedHotStore hot, HotStoreOptions options, TimeProvider time, ILogger<HotStoreCatchUp> logger)
{
    /// <summary>Looks every <see cref="RedisOptions.BreakDuration"/> whether something is owed, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.Redis.BreakDuration, time);
        try
        {
            do
            {
                hot.Publish();
                if (hot.IsBehind) await TryAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    /// <summary>Pays what is owed now; false when the store, or the database, is still away.</summary>
    public async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        var debt = hot.Debt;
        try
        {
            if (!await hot.AnswersAsync(cancellationToken)) return false;
            var (tickers, restored) = (0, 0);
            await foreach (var page in reader.TickerPagesAsync(time.GetUtcNow() - options.TimeToLive, cancellationToken))
            {
                var won = await hot.SetManyAsync(await reader.StatesAsync(page, cancellationToken), cancellationToken);
                if (hot.Debt != debt) return false;
                (tickers, restored) = (tickers + page.Count, restored + won.Count(w => w));
            }
            hot.Paid(debt);
            Instruments.HotStoreRestored.Add(restored);
            if (restored > 0) CaughtUp(logger, restored, tickers);
            return true;
        }
        catch (Exception error) when (error is NpgsqlException or IOException or TimeoutException)
        {
            Failed(logger, error);
            return false;
        }
    }

    [LoggerMessage(EventId = 2113, Level = LogLevel.Information, Message = "the hot store was behind for {Restored} of {Tickers} tickers and is level again")]
    static partial void CaughtUp(ILogger logger, int restored, int tickers);

    [LoggerMessage(EventId = 2114, Level = LogLevel.Warning, Message = "the hot store cannot be brought level with the database yet; it is tried again")]
    static partial void Failed(ILogger logger, Exception error);
}
