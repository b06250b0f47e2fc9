using Npgsql;

namespace Bellwether.Market.Providers;

/// <summary>
/// Keeps within what a provider allows: so many requests a minute, evenly, in this process; so many a day, UTC, over all processes of a
/// desk.
/// </summary>
public sealed class ProviderQuota(NpgsqlDataSource dataSource, TimeProvider time, string provider, int perDay, int perMinute)
{
    readonly SemaphoreSlim _turn = new(1);
    readonly TimeSpan _apart = TimeSpan.FromMinutes(1) / perMinute;
    DateTimeOffset _next = DateTimeOffset.MinValue;

    /// <summary>Waits for its turn and counts the request.</summary>
    /// <exception cref="MarketProviderException">The day's requests are used up.</exception>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_next - time.GetUtcNow() is { Ticks: > 0 } wait) await Task.Delay(wait, time, cancellationToken);
            var now = time.GetUtcNow();
            await using var command = dataSource.CreateCommand("""
                INSERT INTO market.provider_quota AS q (provider, day, calls) VALUES ($1, $2, 1)
                ON CONFLICT (provider, day) DO UPDATE SET calls = q.calls + 1 WHERE q.calls < $3 RETURNING calls
                """);
            command.Parameters.Add(new() { Value = provider });
            command.Parameters.Add(new() { Value = DateOnly.FromDateTime(now.UtcDateTime) });
            command.Parameters.Add(new() { Value = perDay });
            if (await command.ExecuteScalarAsync(cancellationToken) is null)
                throw new MarketProviderException(provider, ProviderProblem.Quota, $"the {perDay} requests of this day (UTC) are used up",
                    "Try again tomorrow, or raise the limit in Market:Providers if yours is higher.");
            _next = now + _apart;
        }
        finally
        {
            _turn.Release();
        }
    }
}
