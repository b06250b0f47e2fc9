using System.Runtime.InteropServices;

namespace Bellwether.Engines.DuckDb;

static unsafe partial class DuckDbNative
{
    [LibraryImport(Library)] public static partial void duckdb_destroy_logical_type(ref nint type);
    [LibraryImport(Library)] public static partial DuckDbType duckdb_get_type_id(nint type);
    [LibraryImport(Library)] public static partial byte* duckdb_logical_type_get_alias(nint type);
    [LibraryImport(Library)] public static partial byte duckdb_decimal_width(nint type);
    [LibraryImport(Library)] public static partial byte duckdb_decimal_scale(nint type);
    [LibraryImport(Library)] public static partial DuckDbType duckdb_decimal_internal_type(nint type);
    [LibraryImport(Library)] public static partial DuckDbType duckdb_enum_internal_type(nint type);
    [LibraryImport(Library)] public static partial uint duckdb_enum_dictionary_size(nint type);
    [LibraryImport(Library)] public static partial byte* duckdb_enum_dictionary_value(nint type, nuint index);
    [LibraryImport(Library)] public static partial nint duckdb_list_type_child_type(nint type);
    [LibraryImport(Library)] public static partial nint duckdb_array_type_child_type(nint type);
    [LibraryImport(Library)] public static partial nuint duckdb_array_type_array_size(nint type);
    [LibraryImport(Library)] public static partial nint duckdb_map_type_key_type(nint type);
    [LibraryImport(Library)] public static partial nint duckdb_map_type_value_type(nint type);
    [LibraryImport(Library)] public static partial nuint duckdb_struct_type_child_count(nint type);
    [LibraryImport(Library)] public static partial byte* duckdb_struct_type_child_name(nint type, nuint index);
    [LibraryImport(Library)] public static partial nint duckdb_struct_type_child_type(nint type, nuint index);
    [LibraryImport(Library)] public static partial nuint duckdb_union_type_member_count(nint type);
    [LibraryImport(Library)] public static partial byte* duckdb_union_type_member_name(nint type, nuint index);
    [LibraryImport(Library)] public static partial nint duckdb_union_type_member_type(nint type, nuint index);

    [LibraryImport(Library)] public static partial void duckdb_destroy_value(ref nint value);
    [LibraryImport(Library)] public static partial nuint duckdb_get_list_size(nint value);
    [LibraryImport(Library)] public static partial nint duckdb_get_list_child(nint value, nuint index);
    [LibraryImport(Library)] public static partial byte* duckdb_get_varchar(nint value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_appender_create(
        DuckDbConnectionHandle connection, string? schema, string table, out DuckDbAppenderHandle appender);
    [LibraryImport(Library)] public static partial byte* duckdb_appender_error(DuckDbAppenderHandle appender);
    [LibraryImport(Library)] public static partial nuint duckdb_appender_column_count(DuckDbAppenderHandle appender);
    [LibraryImport(Library)] public static partial nint duckdb_appender_column_type(DuckDbAppenderHandle appender, nuint column);
    [LibraryImport(Library)] public static partial int duckdb_append_data_chunk(DuckDbAppenderHandle appender, nint chunk);
    [LibraryImport(Library)] public static partial int duckdb_appender_flush(DuckDbAppenderHandle appender);
    [LibraryImport(Library)] public static partial int duckdb_appender_clear(DuckDbAppenderHandle appender);
    [LibraryImport(Library)] public static partial int duckdb_appender_destroy(ref nint appender);

    /// <summary>Text of a string that DuckDB keeps.</summary>
    public static string Borrowed(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>Text of a string that DuckDB hands over.</summary>
    public static string Owned(byte* text)
    {
        if (text == null) return "";
        try
        {
            return Borrowed(text);
        }
        finally
        {
            duckdb_free(text);
        }
    }
}
