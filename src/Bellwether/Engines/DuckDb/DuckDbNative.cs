using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.DuckDb;

/// <summary>The part of DuckDB's C API (duckdb.h, 1.5) that the product uses.</summary>
static unsafe partial class DuckDbNative
{
    // A name that no installed library carries, so that only DuckDbLibrary decides which file is bound.
    public const string Library = "bellwether-duckdb";

    [LibraryImport(Library)] public static partial byte* duckdb_library_version();
    [LibraryImport(Library)] public static partial nuint duckdb_vector_size();
    [LibraryImport(Library)] public static partial void duckdb_free(void* memory);

    [LibraryImport(Library)] public static partial int duckdb_create_config(out nint config);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_set_config(nint config, string name, string value);
    [LibraryImport(Library)] public static partial void duckdb_destroy_config(ref nint config);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_open_ext(string path, out DuckDbDatabaseHandle database, nint config, out byte* error);
    [LibraryImport(Library)] public static partial void duckdb_close(ref nint database);
    [LibraryImport(Library)] public static partial int duckdb_connect(DuckDbDatabaseHandle database, out DuckDbConnectionHandle connection);
    [LibraryImport(Library)] public static partial void duckdb_disconnect(ref nint connection);
    [LibraryImport(Library)] public static partial void duckdb_interrupt(DuckDbConnectionHandle connection);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nuint duckdb_extract_statements(
        DuckDbConnectionHandle connection, string sql, out DuckDbStatementsHandle statements);
    [LibraryImport(Library)] public static partial byte* duckdb_extract_statements_error(DuckDbStatementsHandle statements);
    [LibraryImport(Library)] public static partial void duckdb_destroy_extracted(ref nint statements);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint duckdb_get_table_names(DuckDbConnectionHandle connection, string sql, [MarshalAs(UnmanagedType.U1)] bool qualified);

    [LibraryImport(Library)]
    public static partial int duckdb_prepare_extracted_statement(
        DuckDbConnectionHandle connection, DuckDbStatementsHandle statements, nuint index, out DuckDbPreparedHandle prepared);
    [LibraryImport(Library)] public static partial byte* duckdb_prepare_error(DuckDbPreparedHandle prepared);
    [LibraryImport(Library)] public static partial void duckdb_destroy_prepare(ref nint prepared);
    [LibraryImport(Library)] public static partial nuint duckdb_nparams(DuckDbPreparedHandle prepared);
    [LibraryImport(Library)] public static partial DuckDbStatementType duckdb_prepared_statement_type(DuckDbPreparedHandle prepared);

    [LibraryImport(Library)] public static partial int duckdb_bind_null(DuckDbPreparedHandle prepared, nuint index);
    [LibraryImport(Library)]
    public static partial int duckdb_bind_boolean(DuckDbPreparedHandle prepared, nuint index, [MarshalAs(UnmanagedType.U1)] bool value);
    [LibraryImport(Library)] public static partial int duckdb_bind_int32(DuckDbPreparedHandle prepared, nuint index, int value);
    [LibraryImport(Library)] public static partial int duckdb_bind_int64(DuckDbPreparedHandle prepared, nuint index, long value);
    [LibraryImport(Library)] public static partial int duckdb_bind_double(DuckDbPreparedHandle prepared, nuint index, double value);
    [LibraryImport(Library)] public static partial int duckdb_bind_date(DuckDbPreparedHandle prepared, nuint index, int days);
    [LibraryImport(Library)] public static partial int duckdb_bind_timestamp_tz(DuckDbPreparedHandle prepared, nuint index, long micros);
    [LibraryImport(Library)] public static partial int duckdb_bind_timestamp(DuckDbPreparedHandle prepared, nuint index, long micros);
    [LibraryImport(Library)]
    public static partial int duckdb_bind_varchar_length(DuckDbPreparedHandle prepared, nuint index, byte* value, nuint length);
    [LibraryImport(Library)]
    public static partial int duckdb_bind_blob(DuckDbPreparedHandle prepared, nuint index, byte* value, nuint length);

    [LibraryImport(Library)]
    public static partial int duckdb_pending_prepared_streaming(DuckDbPreparedHandle prepared, out DuckDbPendingHandle pending);
    [LibraryImport(Library)] public static partial byte* duckdb_pending_error(DuckDbPendingHandle pending);
    [LibraryImport(Library)] public static partial int duckdb_execute_pending(DuckDbPendingHandle pending, DuckDbResult* result);
    [LibraryImport(Library)] public static partial void duckdb_destroy_pending(ref nint pending);

    [LibraryImport(Library)] public static partial nint duckdb_fetch_chunk(DuckDbResult result);
    [LibraryImport(Library)] public static partial void duckdb_destroy_result(DuckDbResult* result);
    [LibraryImport(Library)] public static partial byte* duckdb_result_error(DuckDbResult* result);
    [LibraryImport(Library)] public static partial nuint duckdb_column_count(DuckDbResult* result);
    [LibraryImport(Library)] public static partial byte* duckdb_column_name(DuckDbResult* result, nuint column);
    [LibraryImport(Library)] public static partial nint duckdb_column_logical_type(DuckDbResult* result, nuint column);
    [LibraryImport(Library)] public static partial nuint duckdb_rows_changed(DuckDbResult* result);

    [LibraryImport(Library)] public static partial nint duckdb_create_data_chunk(nint* types, nuint count);
    [LibraryImport(Library)] public static partial void duckdb_destroy_data_chunk(ref nint chunk);
    [LibraryImport(Library)] public static partial void duckdb_data_chunk_reset(nint chunk);
    [LibraryImport(Library)] public static partial nuint duckdb_data_chunk_get_size(nint chunk);
    [LibraryImport(Library)] public static partial void duckdb_data_chunk_set_size(nint chunk, nuint size);
    [LibraryImport(Library)] public static partial nint duckdb_data_chunk_get_vector(nint chunk, nuint column);
    [LibraryImport(Library)] public static partial void* duckdb_vector_get_data(nint vector);
    [LibraryImport(Library)] public static partial ulong* duckdb_vector_get_validity(nint vector);
    [LibraryImport(Library)] public static partial void duckdb_vector_ensure_validity_writable(nint vector);
    // The caller vouches for valid UTF-8: the checking variant drops a bad string without saying so.
    [LibraryImport(Library)]
    public static partial void duckdb_unsafe_vector_assign_string_element_len(nint vector, nuint row, byte* text, nuint length);
    [LibraryImport(Library)] public static partial nint duckdb_list_vector_get_child(nint vector);
    [LibraryImport(Library)] public static partial nint duckdb_struct_vector_get_child(nint vector, nuint index);
    [LibraryImport(Library)] public static partial nint duckdb_array_vector_get_child(nint vector);
}

/// <summary>duckdb_result: five deprecated fields and the pointer that counts. Passed by value to duckdb_fetch_chunk.</summary>
[StructLayout(LayoutKind.Sequential)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Style", "IDE0044", Justification = "Written by native code")]
unsafe struct DuckDbResult
{
    nuint _columns;
    nuint _rows;
    nuint _changed;
    void* _columnData;
    void* _error;
    void* _internal;

    public readonly bool IsEmpty => _internal == null;
}
