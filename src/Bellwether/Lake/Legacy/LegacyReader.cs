using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;

namespace Bellwether.Lake.Legacy;

/// <summary>Reads the rows of one old file from a given row on, in their order and a batch at a time.</summary>
sealed class LegacyReader : IDisposable
{
    readonly DuckDbReader _rows;
    readonly LegacyMapper _mapper;
    readonly LegacyOptions _options;
    int _row;
    long _next;

    /// <exception cref="LegacyFileException">It cannot be read as an old file.</exception>
    public LegacyReader(
        DuckDbConnection engine, LegacyFile file, FileStream open, string hash, LegacyColumns columns, LegacyOptions options, TimeProvider time, long from,
        IReadOnlyList<long>? only = null, CancellationToken cancellationToken = default)
    {
        (_options, _next) = (options, from);
        _mapper = new(file, hash, columns, options, new TimestampParser(options.TimeZone, null, time, FeedOptions.DefaultMaxAhead));
        var condition = only is null ? "file_row_number >= $2" : $"file_row_number >= $2 AND file_row_number IN ({string.Join(", ", only)})";
        try
        {
            _rows = engine.Query(
                $"SELECT {columns.Select}file_row_number FROM read_parquet($1, hive_partitioning = false, file_row_number = true) WHERE {condition}",
                [LegacyFile.PathOf(open), from], cancellationToken);
        }
        catch (DuckDbException error)
        {
            throw new LegacyFileException($"cannot be read: {error.Message}", error);
        }
    }

    /// <summary>One thread, in the order of the file; neither files nor freed memory are held on to.</summary>
    public static DuckDbDatabase OpenEngine(LakeOptions options, string spill) => DuckDbDatabase.Open(options.DuckDbLibrary, new DuckDbOptions
    {
        MemoryLimitMb = options.MemoryLimitMb,
        Threads = 1,
        TempDirectory = spill,
        Settings = new Dictionary<string, string> { ["enable_external_file_cache"] = "false", ["allocator_flush_threshold"] = "16MiB" },
    });

    // DuckDB would gather and stream ahead without counting text: with long articles that is gigabytes.
    public static DuckDbConnection Connect(DuckDbDatabase engine)
    {
        var connection = engine.Connect();
        connection.Execute("SET enable_caching_operators = false; SET streaming_buffer_size = '1KB'; SET TimeZone = 'UTC'");
        return connection;
    }

    /// <summary>The next rows; empty at the end of the file.</summary>
    /// <exception cref="LegacyFileException">The file is damaged.</exception>
    public List<LegacyOutcome> ReadBatch()
    {
        var batch = new List<LegacyOutcome>();
        var characters = 0L;
        try
        {
            while (batch.Count < _options.BatchRows && characters < (long)_options.BatchMegabytes << 20)
            {
                if (_row >= _rows.RowCount)
                {
                    _row = 0;
                    if (!_rows.ReadChunk()) break;
                }
                var outcome = _mapper.Map(_rows, _row++);
                // Checkpoints count rows: that they come in the order of the file is not to be taken on trust.
                if (outcome.SourceRow < _next) throw new LegacyFileException($"row {outcome.SourceRow} comes after row {_next - 1}");
                _next = outcome.SourceRow + 1;
                foreach (var result in outcome.Results) characters += (result.Row.Text?.Length ?? 0) + (result.Row.RawPayload?.Length ?? 0);
                batch.Add(outcome);
            }
            return batch;
        }
        catch (DuckDbException error)
        {
            throw new LegacyFileException($"cannot be read on from row {_next}: {error.Message}", error);
        }
    }

    public void Dispose() => _rows.Dispose();
}
