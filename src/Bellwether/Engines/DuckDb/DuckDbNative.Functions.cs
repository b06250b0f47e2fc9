using System.Runtime.InteropServices;

namespace Bellwether.Engines.DuckDb;

static unsafe partial class DuckDbNative
{
    [LibraryImport(Library)] public static partial nint duckdb_create_logical_type(DuckDbType type);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void duckdb_logical_type_set_alias(nint type, string alias);

    [LibraryImport(Library)] public static partial nint duckdb_create_table_function();
    [LibraryImport(Library)] public static partial void duckdb_destroy_table_function(ref nint function);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void duckdb_table_function_set_name(nint function, string name);
    [LibraryImport(Library)]
    public static partial void duckdb_table_function_set_extra_info(nint function, nint extra, delegate* unmanaged<nint, void> destroy);
    [LibraryImport(Library)] public static partial void duckdb_table_function_set_bind(nint function, delegate* unmanaged<nint, void> bind);
    [LibraryImport(Library)] public static partial void duckdb_table_function_set_init(nint function, delegate* unmanaged<nint, void> init);
    [LibraryImport(Library)]
    public static partial void duckdb_table_function_set_function(nint function, delegate* unmanaged<nint, nint, void> run);
    [LibraryImport(Library)] public static partial int duckdb_register_table_function(DuckDbConnectionHandle connection, nint function);

    [LibraryImport(Library)] public static partial nint duckdb_bind_get_extra_info(nint info);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void duckdb_bind_add_result_column(nint info, string name, nint type);
    [LibraryImport(Library)] public static partial void duckdb_init_set_max_threads(nint info, nuint threads);
    [LibraryImport(Library)] public static partial nint duckdb_function_get_extra_info(nint info);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void duckdb_function_set_error(nint info, string message);
    [LibraryImport(Library)] public static partial void duckdb_vector_reference_vector(nint target, nint source);
}
