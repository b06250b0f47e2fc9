using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bellwether.Lake;

namespace Bellwether.App.Api.Sql;

/// <summary>Runs queries one after the other: each has a DuckDB of its own, whose memory would add up.</summary>
sealed class SqlRunner(Desk desk, ServeOptions options) : IDisposable
{
    const int MostWaiting = 16;
    const int MaxAnswerBytes = 16 << 20;

    static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    readonly SemaphoreSlim _turn = new(1);
    int _waiting;

    /// <summary>The answer as JSON; null when too many queries wait.</summary>
    /// <exception cref="LakeSqlException">The statement is refused or wrong.</exception>
    /// <exception cref="OperationCanceledException">It took longer than allowed, or the client went.</exception>
    public async Task<ReadOnlyMemory<byte>?> RunAsync(string sql, CancellationToken cancellationToken)
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
                await using var query = await new LakeSql(desk.DataSource, await desk.LakeOptionsAsync(null, cancellationToken))
                    .QueryAsync(sql, cancellationToken);
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
        var buffer = new ArrayBufferWriter<byte>(4096);
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
                full = rows == options.SqlMaxRows || buffer.WrittenCount > MaxAnswerBytes;
                if (full) break;
                json.WriteStartArray();
                for (var i = 0; i < query.Columns.Count; i++) query.Vector(i).WriteJson(row, json);
                json.WriteEndArray();
                json.Flush();
            }
        json.WriteEndArray();
        json.WriteNumber("row_count", rows);
        json.WriteBoolean("truncated", full);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public void Dispose() => _turn.Dispose();
}
