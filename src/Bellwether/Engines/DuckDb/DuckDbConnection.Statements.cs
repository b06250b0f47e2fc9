using System.Text;

namespace Bellwether.Engines.DuckDb;

public sealed unsafe partial class DuckDbConnection
{
    /// <summary>Number of statements in <paramref name="sql"/>, parsed but not run.</summary>
    /// <exception cref="DuckDbException">The text does not parse.</exception>
    public int CountStatements(string sql)
    {
        using var statements = Extract(sql, out var count);
        return count;
    }

    /// <summary>What kind of statement <paramref name="sql"/> is. It is bound but not run, so its tables must exist.</summary>
    /// <exception cref="DuckDbException">It is not exactly one statement, or does not bind.</exception>
    public DuckDbStatementType GetStatementType(string sql)
    {
        using var statements = Extract(sql, out var count);
        if (count != 1) throw new DuckDbException($"one statement is expected here, not {count}");
        using var prepared = Prepare(statements, 0);
        return DuckDbNative.duckdb_prepared_statement_type(prepared);
    }

    /// <summary>
    /// Names of the tables and views that a statement refers to, whether they exist or not, without those that it defines itself.
    /// Empty as well where DuckDB cannot tell, such as a join with USING over tables that do not exist.
    /// </summary>
    /// <param name="sql">One statement.</param>
    /// <param name="qualified">Names as written with schema (quoted where needed) instead of bare names.</param>
    public IReadOnlyList<string> GetTableNames(string sql, bool qualified = false)
    {
        RefuseNul(sql);
        var list = DuckDbNative.duckdb_get_table_names(_handle, sql, qualified);
        if (list == 0) return [];
        try
        {
            var names = new string[(int)DuckDbNative.duckdb_get_list_size(list)];
            for (var i = 0; i < names.Length; i++)
            {
                var child = DuckDbNative.duckdb_get_list_child(list, (nuint)i);
                names[i] = DuckDbNative.Owned(DuckDbNative.duckdb_get_varchar(child));
                DuckDbNative.duckdb_destroy_value(ref child);
            }
            return names;
        }
        finally
        {
            DuckDbNative.duckdb_destroy_value(ref list);
        }
    }

    DuckDbStatementsHandle Extract(string sql, out int count)
    {
        RefuseNul(sql);
        count = (int)DuckDbNative.duckdb_extract_statements(_handle, sql, out var statements);
        if (count > 0) return statements;
        using (statements)
        {
            var error = statements.IsInvalid ? "" : DuckDbNative.Borrowed(DuckDbNative.duckdb_extract_statements_error(statements));
            throw error.Length > 0 ? DuckDbException.Native(error, "parsing") : new DuckDbException("there is no statement in the text");
        }
    }

    DuckDbPreparedHandle Prepare(DuckDbStatementsHandle statements, int index)
    {
        if (DuckDbNative.duckdb_prepare_extracted_statement(_handle, statements, (nuint)index, out var prepared) == 0) return prepared;
        using (prepared)
            throw DuckDbException.Native(DuckDbNative.Borrowed(DuckDbNative.duckdb_prepare_error(prepared)), "preparing a statement");
    }

    static void Bind(DuckDbPreparedHandle prepared, IReadOnlyList<object?> parameters)
    {
        var expected = (int)DuckDbNative.duckdb_nparams(prepared);
        if (expected != parameters.Count) throw new DuckDbException($"the statement has {expected} parameters, {parameters.Count} were given");
        for (var i = 0; i < parameters.Count; i++)
            if (Bind(prepared, (nuint)i + 1, parameters[i]) != 0)
                throw DuckDbException.Native(DuckDbNative.Borrowed(DuckDbNative.duckdb_prepare_error(prepared)), $"binding parameter {i + 1}");
    }

    static int Bind(DuckDbPreparedHandle prepared, nuint index, object? value)
    {
        switch (value)
        {
            case null: return DuckDbNative.duckdb_bind_null(prepared, index);
            case bool flag: return DuckDbNative.duckdb_bind_boolean(prepared, index, flag);
            case int number: return DuckDbNative.duckdb_bind_int32(prepared, index, number);
            case long number: return DuckDbNative.duckdb_bind_int64(prepared, index, number);
            case double number: return DuckDbNative.duckdb_bind_double(prepared, index, number);
            case DateOnly day: return DuckDbNative.duckdb_bind_date(prepared, index, DuckDbTime.Days(day));
            case DateTimeOffset instant: return DuckDbNative.duckdb_bind_timestamp_tz(prepared, index, DuckDbTime.Micros(instant));
            case DateTime local: return DuckDbNative.duckdb_bind_timestamp(prepared, index, DuckDbTime.Micros(local));
            case string text:
                {
                    var bytes = Encoding.UTF8.GetBytes(text);
                    fixed (byte* pointer = bytes) return DuckDbNative.duckdb_bind_varchar_length(prepared, index, NotNull(pointer), (nuint)bytes.Length);
                }
            case byte[] bytes:
                fixed (byte* pointer = bytes) return DuckDbNative.duckdb_bind_blob(prepared, index, NotNull(pointer), (nuint)bytes.Length);
            default: throw new ArgumentException($"parameter {index} is a {value.GetType()}, which has no DuckDB counterpart here", nameof(value));
        }
    }

    // An empty array pins to null, which DuckDB would take for NULL. The address of anything will do for a length of zero.
    static byte* NotNull(byte* pointer) => pointer != null ? pointer : (byte*)1;

    // The C API takes zero-terminated text: what follows a NUL would silently not be looked at.
    static void RefuseNul(string sql)
    {
        if (sql.Contains('\0')) throw new DuckDbException($"the statement holds a NUL character at position {sql.IndexOf('\0')}");
    }
}
