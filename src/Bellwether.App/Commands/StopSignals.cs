using System.Runtime.InteropServices;

namespace Bellwether.App.Commands;

/// <summary>
/// The first Ctrl-C, SIGTERM or SIGHUP cancels the token, so that the command rolls back and stops cleanly. A second one ends the process at
/// once, which costs nothing either: the database rolls back, and its supervisor stops it.
/// </summary>
public sealed class StopSignals : IDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly PosixSignalRegistration[] _registrations;

    public StopSignals() => _registrations =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];

    public CancellationToken Token => _stop.Token;

    void Stop(PosixSignalContext context)
    {
        if (_stop.IsCancellationRequested) return;
        context.Cancel = true;
        // Not on the signal thread: whoever listens may take its time.
        _ = _stop.CancelAsync();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }
}
