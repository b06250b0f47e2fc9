using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;

namespace Bellwether.App.Api.Sql;

/// <summary>Runs queries one after the other: each has a DuckDB of its own, whose memory would add up.</summary>
sealed class SqlRunner(Desk desk, ServeOptions options) : IDisposable
{
    const int MostWaiting = 16;

    static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    readonly SemaphoreSlim _turn = new(1);
    int _waiting;

    /// <summary>The answer as JSON; null when too many queries wait.</summary>
    /// <exception cref="LakeSqlException">The statement is refused or wrong.</exception>
    /// <exception cref="SqlAnswerException">A single row is too large.</exception>
    /// <exception cref="OperationCanceledException">It took longer than allowed, or the client went.</exception>
    public Task<ReadOnlyMemory<byte>?> RunAsync(string sql, CancellationToken cancellationToken) =>
        RunAsync(async token => await new LakeSql(desk.DataSource, await desk.LakeOptionsAsync(null, token)).QueryAsync(sql, token), cancellationToken);

    /// <inheritdoc cref="RunAsync(string, CancellationToken)"/>
    public async Task<ReadOnlyMemory<byte>?> RunAsync(Func<CancellationToken, Task<LakeQuery>> ask, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }
        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                await using var query = await ask(cancellationToken);
                return await WriteAsync(query, cancellationToken);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Held in memory, so that a failure halfway is a clean error and not half an answer.</summary>
    async Task<ReadOnlyMemory<byte>> WriteAsync(LakeQuery query, CancellationToken cancellationToken)
    {
        var buffer = new SqlAnswerBuffer(options.SqlMaxBytes);
        await using var json = new Utf8JsonWriter(buffer, Format);
        json.WriteStartObject();
        json.WriteStartArray("columns");
        foreach (var column in query.Columns)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            json.WriteString("type", column.Type.ToSql());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("rows");
        var (rows, full) = (0, false);
        while (!full && await query.ReadChunkAsync(cancellationToken))
            for (var row = 0; row < query.RowCount; row++, rows++)
            {
                full = rows == options.SqlMaxRows || !TryWrite(query, row, json, buffer);
                if (full) break;
            }
        if (full && rows == 0) throw new SqlAnswerException();
        json.Flush();
        buffer.End(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"],\"row_count\":{rows},\"truncated\":{(full ? "true" : "false")}}}")));
        json.Reset();
        return buffer.Written;
    }

    /// <summary>False when the row does not fit; the answer then ends with the row before.</summary>
    static bool TryWrite(LakeQuery query, int row, Utf8JsonWriter json, SqlAnswerBuffer buffer)
    {
        json.Flush();
        var mark = buffer.Written.Length;
        try
        {
            json.WriteStartArray();
            for (var i = 0; i < query.Columns.Count; i++)
            {
                var vector = query.Vector(i);
                if (!vector.IsNull(row) && vector.Type.Type is DuckDbType.Varchar or DuckDbType.Blob) buffer.Require(vector.Bytes(row).Length);
                vector.WriteJson(row, json);
            }
            json.WriteEndArray();
            json.Flush();
            return true;
        }
        // The writer refuses by itself a text within a list or struct that is far larger than any answer may be.
        catch (Exception error) when (error is SqlAnswerException or ArgumentException)
        {
            json.Reset();
            buffer.CutTo(mark);
            return false;
        }
    }

    public void Dispose() => _turn.Dispose();
}
