using System.Globalization;

namespace Bellwether.App.Api;

/// <summary>
/// Bounds how long a request waits for the database. The driver's own limits do not: to stop a query it asks the server over a new connection,
/// and a server that is frozen answers there no more than here.
/// </summary>
sealed class DatabaseWait(ServeOptions options, TimeProvider time)
{
    // Each stopping of a query may hold a thread for as long as the server is frozen.
    readonly SemaphoreSlim _stopping = new(2);

    /// <summary>The answer; what is asked must not touch the request or its response, since it may go on after the request was answered.</summary>
    /// <exception cref="TimeoutException">There was none in time.</exception>
    public Task<T> ForAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken) =>
        ForAsync(options.DatabaseTimeout, ask, cancellationToken);

    public async Task<T> ForAsync<T>(TimeSpan limit, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var stop = new CancellationTokenSource();
        var asking = ask(stop.Token);
        try
        {
            return await asking.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException) when (!asking.IsCompleted)
        {
            throw Late(limit);
        }
        finally
        {
            if (asking.IsCompleted) stop.Dispose();
            else _ = StopAsync(stop, asking);
        }
    }

    public static TimeoutException Late(TimeSpan limit) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The database gave no answer within {limit.TotalSeconds:0.#} s"));

    async Task StopAsync(CancellationTokenSource stop, Task asking)
    {
        await _stopping.WaitAsync(CancellationToken.None);
        try
        {
            if (!asking.IsCompleted) await stop.CancelAsync();
        }
        finally
        {
            _stopping.Release();
        }
        // Whatever becomes of it, nobody is there to be told.
        await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }
}
