using System.Runtime.InteropServices;

namespace Bellwether.Engines.DuckDb;

public sealed unsafe partial class DuckDbSource
{
    /// <param name="connection">Any connection of the database; the function is known to all of them.</param>
    /// <param name="name">Name of the function.</param>
    public DuckDbSource(DuckDbConnection connection, string name, IEnumerable<(string Name, DuckDbType Type, string? Alias)> columns)
    {
        _columns = [.. columns];
        Start(Array.ConvertAll(_columns, Create));
        var function = DuckDbNative.duckdb_create_table_function();
        try
        {
            DuckDbNative.duckdb_table_function_set_name(function, name);
            DuckDbNative.duckdb_table_function_set_extra_info(function, GCHandle.ToIntPtr(GCHandle.Alloc(this)), &Release);
            DuckDbNative.duckdb_table_function_set_bind(function, &Bind);
            DuckDbNative.duckdb_table_function_set_init(function, &Init);
            DuckDbNative.duckdb_table_function_set_function(function, &Run);
            if (DuckDbNative.duckdb_register_table_function(connection.Handle, function) != 0)
                throw new DuckDbException($"DuckDB did not take the table function {name}");
        }
        finally
        {
            DuckDbNative.duckdb_destroy_table_function(ref function);
        }
    }

    static nint Create((string Name, DuckDbType Type, string? Alias) column)
    {
        var type = DuckDbNative.duckdb_create_logical_type(column.Type);
        if (column.Alias is not null) DuckDbNative.duckdb_logical_type_set_alias(type, column.Alias);
        return type;
    }

    [UnmanagedCallersOnly]
    static void Release(nint extra) => GCHandle.FromIntPtr(extra).Free();

    [UnmanagedCallersOnly]
    static void Bind(nint info)
    {
        foreach (var column in Of(DuckDbNative.duckdb_bind_get_extra_info(info))._columns)
        {
            var type = Create(column);
            DuckDbNative.duckdb_bind_add_result_column(info, column.Name, type);
            DuckDbNative.duckdb_destroy_logical_type(ref type);
        }
    }

    [UnmanagedCallersOnly]
    static void Init(nint info) => DuckDbNative.duckdb_init_set_max_threads(info, 1);

    // DuckDB calls on the thread of the statement and expects it to block; an exception must not leave into native code.
    [UnmanagedCallersOnly]
    static void Run(nint info, nint output)
    {
        try
        {
            var source = Of(DuckDbNative.duckdb_function_get_extra_info(info));
            using var chunk = source._chunks.Reader.ReadAsync(source._stopped.Token).AsTask().GetAwaiter().GetResult();
            if (chunk is null)
            {
                DuckDbNative.duckdb_data_chunk_set_size(output, 0);
                return;
            }
            for (nuint i = 0; i < (nuint)source._columns.Length; i++)
                DuckDbNative.duckdb_vector_reference_vector(
                    DuckDbNative.duckdb_data_chunk_get_vector(output, i), DuckDbNative.duckdb_data_chunk_get_vector(chunk.Value, i));
            DuckDbNative.duckdb_data_chunk_set_size(output, DuckDbNative.duckdb_data_chunk_get_size(chunk.Value));
        }
        catch (Exception error)
        {
            DuckDbNative.duckdb_function_set_error(info, error is OperationCanceledException ? "the source of the rows was stopped" : error.Message);
        }
    }

    static DuckDbSource Of(nint extra) => (DuckDbSource)GCHandle.FromIntPtr(extra).Target!;
}
