using System.Runtime.InteropServices;

namespace Bellwether.Engines.DuckDb;

/// <summary>A pointer of DuckDB's that has to be given back exactly once.</summary>
abstract class DuckDbHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
}

sealed class DuckDbDatabaseHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_close(ref handle);
        return true;
    }
}

sealed class DuckDbConnectionHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_disconnect(ref handle);
        return true;
    }
}

sealed class DuckDbStatementsHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_destroy_extracted(ref handle);
        return true;
    }
}

sealed class DuckDbPreparedHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_destroy_prepare(ref handle);
        return true;
    }
}

sealed class DuckDbPendingHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_destroy_pending(ref handle);
        return true;
    }
}

sealed class DuckDbAppenderHandle : DuckDbHandle
{
    // Destroying flushes what is left; the appender clears that first unless it was completed.
    protected override bool ReleaseHandle() => DuckDbNative.duckdb_appender_destroy(ref handle) == 0;
}

sealed class DuckDbChunkHandle : DuckDbHandle
{
    public DuckDbChunkHandle(nint chunk) => SetHandle(chunk);

    public nint Value => handle;

    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_destroy_data_chunk(ref handle);
        return true;
    }
}

/// <summary>Owns the memory of a result structure and what it points at.</summary>
sealed unsafe class DuckDbResultHandle : DuckDbHandle
{
    public DuckDbResultHandle() => SetHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(DuckDbResult)));

    public DuckDbResult* Value => (DuckDbResult*)handle;

    protected override bool ReleaseHandle()
    {
        DuckDbNative.duckdb_destroy_result(Value);
        NativeMemory.Free(Value);
        return true;
    }
}
