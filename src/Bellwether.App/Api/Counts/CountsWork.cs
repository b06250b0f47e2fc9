namespace Bellwether.App.Api.Counts;

/// <summary>
/// Fitting and simulating takes all of a core for seconds to minutes, so requests do it one after another: forecasts, which somebody waits for, in one
/// line, trainings and backtests in another. A place is given free when its work has really ended, also where the client has gone meanwhile.
/// </summary>
sealed class CountsWork : IDisposable
{
    readonly Line _forecasts = new("forecasts", 8, TimeSpan.FromSeconds(5));
    readonly Line _reports = new("reports of signals", 4, TimeSpan.FromSeconds(30));
    readonly Line _studies = new("trainings and backtests", 4, TimeSpan.FromSeconds(60));

    /// <exception cref="CountsBusyException">Too many wait.</exception>
    public Task<T> ForecastAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => _forecasts.RunAsync(work, cancellationToken);

    /// <exception cref="CountsBusyException">Too many wait.</exception>
    public Task<T> StudyAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => _studies.RunAsync(work, cancellationToken);

    /// <summary>Reports of signals, in a line of their own.</summary>
    /// <exception cref="CountsBusyException">Too many wait.</exception>
    public Task<T> ReportAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => _reports.RunAsync(work, cancellationToken);

    public void Dispose()
    {
        _reports.Dispose();
        _forecasts.Dispose();
        _studies.Dispose();
    }

    sealed class Line(string what, int mostWaiting, TimeSpan retryAfter) : IDisposable
    {
        readonly SemaphoreSlim _turn = new(1);
        int _inside;

        public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
        {
            try
            {
                if (Interlocked.Increment(ref _inside) > 1 + mostWaiting)
                    throw new CountsBusyException($"One of the {what} is being computed and {mostWaiting} more wait; nothing was begun.", retryAfter);
                await _turn.WaitAsync(cancellationToken);
                try
                {
                    return await work(cancellationToken);
                }
                finally
                {
                    _turn.Release();
                }
            }
            finally
            {
                Interlocked.Decrement(ref _inside);
            }
        }

        public void Dispose() => _turn.Dispose();
    }
}

/// <summary>So much is being computed that no more is taken on.</summary>
sealed class CountsBusyException(string message, TimeSpan retryAfter) : Exception(message)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
