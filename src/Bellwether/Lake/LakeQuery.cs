using System.Runtime.CompilerServices;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>The answer of a statement, streamed. One reader at a time.</summary>
public sealed class LakeQuery : IAsyncDisposable
{
    readonly Scratch _scratch;

    internal LakeQuery(Scratch scratch, DuckDbReader reader)
    {
        _scratch = scratch;
        Reader = reader;
    }

    public IReadOnlyList<DuckDbColumn> Columns => Reader.Columns;

    /// <summary>Rows of the current chunk.</summary>
    public int RowCount => Reader.RowCount;

    /// <summary>Files of the lake that the answer is read from; days that cannot matter are not opened.</summary>
    public int FilesOpened => _scratch.Files?.Paths.Count ?? 0;

    internal DuckDbReader Reader { get; }

    internal DuckDbConnection Connection => _scratch.Connection!;

    internal string SpillFolder => _scratch.SpillFolder!;

    /// <summary>Moves to the next chunk of rows; false at the end.</summary>
    /// <exception cref="LakeSqlException">The statement failed on the way, for instance by a cast or for lack of memory.</exception>
    public async ValueTask<bool> ReadChunkAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await Task.Run(Reader.ReadChunk, cancellationToken).ConfigureAwait(false);
        }
        catch (DuckDbException error)
        {
            throw new LakeSqlException(error.Message, error);
        }
    }

    /// <summary>A column of the current chunk.</summary>
    public DuckDbVector Vector(int column) => Reader.Vector(column);

    /// <summary>The rows one by one, values as <see cref="DuckDbVector.Value"/> gives them.</summary>
    public async IAsyncEnumerable<IReadOnlyList<object?>> ReadRowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadChunkAsync(cancellationToken).ConfigureAwait(false))
            for (var row = 0; row < RowCount; row++)
            {
                var values = new object?[Columns.Count];
                for (var i = 0; i < values.Length; i++) values[i] = Reader.Vector(i).Value(row);
                yield return values;
            }
    }

    public ValueTask DisposeAsync()
    {
        Reader.Dispose();
        _scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What one query owns.</summary>
    internal sealed class Scratch : IDisposable
    {
        public DuckDbDatabase? Database { get; set; }
        public DuckDbConnection? Connection { get; set; }
        public LakeSnapshot? Files { get; set; }
        public string? SpillFolder { get; set; }

        public void Dispose()
        {
            Connection?.Dispose();
            Database?.Dispose();
            Files?.Dispose();
            if (SpillFolder is not null && Directory.Exists(SpillFolder)) Directory.Delete(SpillFolder, recursive: true);
        }
    }
}
