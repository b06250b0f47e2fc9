using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>A DuckDB for all that PostgreSQL asks: a few readers at a time, and gone when nobody has asked for a while.</summary>
sealed class ColdTierEngine(Func<CancellationToken, Task<LakeOptions>> options, TimeProvider time) : IAsyncDisposable
{
    const int AtOnce = 4;
    static readonly TimeSpan KeptIdle = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim _turns = new(AtOnce);
    readonly SemaphoreSlim _opening = new(1);
    DuckDbDatabase? _database;
    LakeFiles? _files;
    string? _scratch;
    ITimer? _idle;
    int _waiting;
    int _active;

    public TimeProvider Time => time;

    /// <summary>Waits for a turn, which the caller disposes.</summary>
    public async Task<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        return new(this);
    }

    async Task<(DuckDbConnection Connection, LakeFiles Files)> ConnectAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_database is null)
            {
                var lake = await options(cancellationToken).ConfigureAwait(false);
                _scratch = LakeScratch.Make(lake.ScratchDirectory);
                _files = new(lake, time);
                _database = LakeWriter.OpenEngine(lake, _scratch);
            }
            var connection = LakeWriter.Connect(_database);
            _active++;
            return (connection, _files!);
        }
        finally
        {
            _opening.Release();
        }
    }

    void Leave()
    {
        _opening.Wait();
        _active--;
        _idle?.Dispose();
        _idle = _active > 0 ? null : time.CreateTimer(_ => CloseIdle(), null, KeptIdle, Timeout.InfiniteTimeSpan);
        _opening.Release();
    }

    void CloseIdle()
    {
        _opening.Wait();
        if (_active == 0) Close();
        _opening.Release();
    }

    void Close()
    {
        _idle?.Dispose();
        _database?.Dispose();
        if (_scratch is not null) Directory.Delete(_scratch, recursive: true);
        (_database, _scratch, _files, _idle) = (null, null, null, null);
    }

    public ValueTask DisposeAsync()
    {
        Close();
        _turns.Dispose();
        _opening.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The right to read one file.</summary>
    internal sealed class Turn(ColdTierEngine engine) : IDisposable
    {
        public bool OthersWait => Volatile.Read(ref engine._waiting) > 0;

        /// <exception cref="LakeException">The file is missing, or not the one that is meant.</exception>
        public async Task<Reading> OpenAsync(LakeFile wanted, CancellationToken cancellationToken)
        {
            var (connection, files) = await engine.ConnectAsync(cancellationToken).ConfigureAwait(false);
            FileStream? opened = null;
            try
            {
                (opened, var reason) = (await files.OpenAsync([wanted], cancellationToken).ConfigureAwait(false))[0];
                if (opened is null) throw new LakeException($"its file {wanted.Path} {reason}");
                var reader = connection.Query(
                    $"SELECT {LakeSchema.Names(LakeSchema.Columns)} FROM {LakeSchema.From([LakeVerifier.PathOf(opened)])}", cancellationToken: cancellationToken);
                return new(engine, connection, opened, reader);
            }
            catch
            {
                opened?.Dispose();
                connection.Dispose();
                engine.Leave();
                throw;
            }
        }

        public void Dispose() => engine._turns.Release();
    }

    internal sealed class Reading(ColdTierEngine engine, DuckDbConnection connection, FileStream file, DuckDbReader reader) : IDisposable
    {
        public DuckDbReader Reader => reader;

        public void Dispose()
        {
            reader.Dispose();
            connection.Dispose();
            file.Dispose();
            engine.Leave();
        }
    }
}
