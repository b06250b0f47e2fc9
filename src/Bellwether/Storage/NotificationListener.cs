using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// Hears what other processes tell over a PostgreSQL notification channel, by one connection of its own. A lost connection is opened again;
/// what was told meanwhile is lost, so <c>connected</c> is called every time to look for oneself.
/// </summary>
public sealed class NotificationListener : IAsyncDisposable
{
    static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(1), Quiet = TimeSpan.FromSeconds(5);

    readonly NpgsqlDataSource _dataSource;
    readonly string _channel;
    readonly string _begin;
    readonly Action<string> _heard;
    readonly Action _connected;
    readonly TimeProvider _time;
    readonly CancellationTokenSource _stop = new();
    readonly Task _listening;

    /// <param name="channel">A plain lower-case identifier.</param>
    /// <param name="heard">Gets the payload; must not block.</param>
    /// <param name="connected">Called when the listener begins to hear, at first and after each loss; must not block.</param>
    /// <param name="also">A statement that each connection begins with, for what belongs to a session.</param>
    public NotificationListener(NpgsqlDataSource dataSource, string channel, Action<string> heard, Action connected, TimeProvider time, string? also = null)
    {
        (_dataSource, _channel, _heard, _connected, _time) = (dataSource, channel, heard, connected, time);
        _begin = also is null ? "" : $"; {also}";
        _listening = Task.Run(ListenAsync);
    }

    async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _dataSource.OpenConnectionAsync(_stop.Token);
                connection.Notification += (_, notice) => _heard(notice.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {_channel}{_begin}", connection)) await listen.ExecuteNonQueryAsync(_stop.Token);
                _connected();
                while (true)
                    if (!await connection.WaitAsync(Quiet, _stop.Token)) await AskAsync(connection);
            }
            catch (Exception error) when (error is NpgsqlException or OperationCanceledException or IOException or ObjectDisposedException)
            {
                // Who waits goes on by a limit of his own; without a server there is nothing to hear.
                if (!_stop.IsCancellationRequested) await Task.Delay(Reconnect, _time, CancellationToken.None);
            }
        }
    }

    /// <summary>
    /// Nothing was heard for a while. A connection that the network has forgotten hears nothing either, for ever; one that answers is alive.
    /// </summary>
    async Task AskAsync(NpgsqlConnection connection)
    {
        await using var sign = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = (int)Quiet.TotalSeconds };
        await sign.ExecuteNonQueryAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listening;
        _stop.Dispose();
    }
}
