using Bellwether.Diagnostics;
using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Workers;

/// <summary>Writes the days that changed into the lake, at the interval of the options.</summary>
sealed partial class LakeService(Desk desk, WorkerStatus status, ILogger<LakeService> logger) : BackgroundService
{
    const string Name = "lake";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        status.Running(Name);
        using var timer = new PeriodicTimer(desk.Options.LakeInterval, desk.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await WriteAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // asked to stop; what is dirty stays marked and is written by the next run
        }
        finally
        {
            status.Ended(Name);
        }
    }

    async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            var written = await (await desk.LakeWriterAsync(null, cancellationToken)).WriteDirtyDaysAsync(null, cancellationToken);
            status.Running(Name);
            if (written.DaysWritten + written.DaysRemoved == 0) return;
            Instruments.LakeFiles.Add(written.DaysWritten);
            Instruments.LakeRows.Add(written.Rows);
            Written(logger, written.DaysWritten, written.Rows, written.Elapsed.TotalSeconds);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            status.Troubled(Name, error is ObjectStoreException { Mend: var mend } ? $"{error.Message}. {mend}" : error.Message);
            Failed(logger, error);
        }
    }

    [LoggerMessage(EventId = 3301, Level = LogLevel.Information,
        Message = "wrote {Days} days with {Rows} rows to the lake in {Seconds:F2} s")]
    static partial void Written(ILogger logger, int days, long rows, double seconds);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Error, Message = "writing the lake failed; the days stay marked and are tried again")]
    static partial void Failed(ILogger logger, Exception error);
}
