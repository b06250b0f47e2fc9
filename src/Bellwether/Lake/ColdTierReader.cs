using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Bellwether.Engines.Unix;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// Answers the private PostgreSQL when a statement reads sealed days: opens the file of a day and writes its rows into the pipe that the server's
/// script waits at. A statement over many days asks for all of them at once and reads them one after the other; so a few are read at a time,
/// and one that is not taken makes room for others until it is.
/// </summary>
public sealed partial class ColdTierReader : IAsyncDisposable
{
    readonly ColdTier _cold;
    readonly NpgsqlDataSource _database;
    readonly ILogger<ColdTierReader> _logger;
    readonly ColdTierEngine _engine;
    readonly PipePoller _poller = new("cold tier");
    readonly NamedPipe _requests;
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentDictionary<Task, bool> _answers = new();
    readonly Task _loop;
    Dictionary<(DateOnly Day, string Sha256), LakeFile> _manifest = [];

    ColdTierReader(ColdTier cold, NpgsqlDataSource database, Func<CancellationToken, Task<LakeOptions>> options, TimeProvider time, ILogger<ColdTierReader> logger)
    {
        (_cold, _database, _logger) = (cold, database, logger);
        _engine = new(options, time);
        _requests = NamedPipe.OpenToRead(cold.Programs.MakePipe(cold.RequestPipe));
        _loop = Task.Run(ListenAsync);
    }

    /// <summary>Begins to answer; any number of processes may do so for one server.</summary>
    /// <param name="options">Asked for when the first day is read.</param>
    public static ColdTierReader Start(
        ColdTier cold, NpgsqlDataSource database, Func<CancellationToken, Task<LakeOptions>> options, TimeProvider time, ILogger<ColdTierReader> logger) =>
        new(cold, database, options, time, logger);

    async Task ListenAsync()
    {
        var request = new byte[ColdTier.RequestLength];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _poller.ReadableAsync(_requests).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            // Requests go in and out as one piece each; of several processes one gets it.
            while (_requests.Read(request) == request.Length)
                if (Parse(request) is { } asked) Begin(asked);
        }
    }

    void Begin((string Id, DateOnly Day, string Sha256) asked)
    {
        var answer = Task.Run(() => AnswerAsync(asked.Id, asked.Day, asked.Sha256));
        _answers.TryAdd(answer, true);
        _ = answer.ContinueWith(done => _answers.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Null for what the script does not write: the names in it become paths.</summary>
    static (string Id, DateOnly Day, string Sha256)? Parse(byte[] request) =>
        Encoding.ASCII.GetString(request).Trim().Split(' ') is [var id, var day, var hash]
        && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.') && !id.StartsWith('.')
        && DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var known)
        && hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower) ? (id, known, hash) : null;

    async Task AnswerAsync(string id, DateOnly day, string sha256)
    {
        var rowsPath = Path.Combine(_cold.Programs.Folder, $"{id}.rows");
        var endPath = Path.Combine(_cold.Programs.Folder, $"{id}.end");
        try
        {
            // The script has both open before it asks; where it has not, it has given up.
            using var rows = NamedPipe.OpenToWrite(rowsPath);
            using var end = rows is null ? null : NamedPipe.OpenToWrite(endPath);
            if (rows is null || end is null) return;
            end.Write("taken\n"u8);
            // Both sides have them open: the names have done their work.
            File.Delete(rowsPath);
            File.Delete(endPath);
            await AnswerAsync(rows, end, day, sha256).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The process ends; what was not finished is told by the script.
        }
        catch (Exception error)
        {
            Failed(_logger, day, error);
        }
    }

    async Task AnswerAsync(NamedPipe rows, NamedPipe end, DateOnly day, string sha256)
    {
        try
        {
            if (await new ColdTierAnswer(_engine, _poller, rows).RunAsync(await FindAsync(day, sha256).ConfigureAwait(false), _stop.Token).ConfigureAwait(false))
                end.Write("done\n"u8);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Failed(_logger, day, error);
            var text = new CopyText();
            text.Fail($"the sealed day {day:yyyy-MM-dd} cannot be read: {error.Message}");
            rows.Write(text.Written);
        }
    }

    async Task<LakeFile> FindAsync(DateOnly day, string sha256)
    {
        if (_manifest.TryGetValue((day, sha256), out var known)) return known;
        await using var connection = await _database.OpenConnectionAsync(_stop.Token).ConfigureAwait(false);
        var entries = await LakeManifest.ReadAsync(connection, null, _stop.Token).ConfigureAwait(false);
        _manifest = entries.Where(entry => entry.File.Sha256 is not null).ToDictionary(entry => (entry.File.Day, entry.File.Sha256!), entry => entry.File);
        return _manifest.TryGetValue((day, sha256), out var file) ? file
            : throw new LakeException($"the manifest has no version {sha256[..12]} of it; the database and the lake are not of one time");
    }

    /// <summary>Stops answering; what is under way is cut off, and fails where it is read.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        _poller.Dispose();
        await _loop.ConfigureAwait(false);
        await Task.WhenAll(_answers.Keys).ConfigureAwait(false);
        _requests.Dispose();
        await _engine.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    [LoggerMessage(EventId = 3320, Level = LogLevel.Error, Message = "PostgreSQL asked for the sealed day {Day}, which could not be read")]
    static partial void Failed(ILogger logger, DateOnly day, Exception error);
}
