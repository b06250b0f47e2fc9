using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.Unix;

/// <summary>Waits for any number of pipes on one thread of its own.</summary>
sealed partial class PipePoller : IDisposable
{
    readonly ConcurrentQueue<(int Descriptor, short Wanted, TaskCompletionSource Ready)> _new = new();
    readonly List<(int Descriptor, short Wanted, TaskCompletionSource Ready)> _waiting = [];
    readonly Thread _thread;
    readonly int _wake;
    volatile bool _ended;

    internal PipePoller(string name)
    {
        _wake = eventfd(0, NonBlocking | CloseOnExec);
        if (_wake < 0)
            throw new IOException($"eventfd failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        _thread = new(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Returns when the pipe has room, or its reader has gone. The pipe must stay open until then.</summary>
    internal Task WritableAsync(NamedPipe pipe) => WaitAsync(pipe.Descriptor, PollEntry.Writable);

    /// <summary>Returns when the pipe has something to read.</summary>
    internal Task ReadableAsync(NamedPipe pipe) => WaitAsync(pipe.Descriptor, PollEntry.Readable);

    Task WaitAsync(int descriptor, short wanted)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _new.Enqueue((descriptor, wanted, ready));
        Wake();
        if (_ended)
            ready.TrySetCanceled();
        return ready.Task;
    }

    void Wake()
    {
        var one = 1UL;
        _ = write(_wake, ref one, sizeof(ulong));
    }

    void Run()
    {
        while (!_ended)
        {
            while (_new.TryDequeue(out var added))
                _waiting.Add(added);
            var entries = new PollEntry[_waiting.Count + 1];
            entries[0] = new(_wake, PollEntry.Readable);
            for (var i = 0; i < _waiting.Count; i++)
                entries[i + 1] = new(_waiting[i].Descriptor, _waiting[i].Wanted);
            NamedPipe.Poll(entries, -1);
            if (entries[0].Found != 0)
            {
                var count = 0UL;
                _ = read(_wake, ref count, sizeof(ulong));
            }
            for (var i = entries.Length - 1; i > 0; i--)
            {
                if (entries[i].Found == 0)
                    continue;
                _waiting[i - 1].Ready.TrySetResult();
                _waiting.RemoveAt(i - 1);
            }
        }
        while (_new.TryDequeue(out var added))
            _waiting.Add(added);
        foreach (var (_, _, ready) in _waiting)
            ready.TrySetCanceled();
        Posix.Close(_wake);
    }

    /// <summary>Whoever waits is cancelled.</summary>
    public void Dispose()
    {
        if (_ended)
            return;
        _ended = true;
        Wake();
        _thread.Join();
    }

    const int NonBlocking = 0x800, CloseOnExec = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc")]
    private static partial nint write(int fd, ref ulong value, nuint count);

    [LibraryImport("libc")]
    private static partial nint read(int fd, ref ulong value, nuint count);
}
