namespace Bellwether.Lake;

sealed partial class LakeStatement
{
    // A list of what may be called, not of what may not: among DuckDB's table functions are some that read files, write them
    // (enable_profiling takes a path), change settings, or run SQL out of a string.
    static readonly HashSet<string> TableFunctions = new(StringComparer.OrdinalIgnoreCase)
    {
        "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "summary", "icu_calendar_names",
        "pg_timezone_names", "pragma_table_info", "pragma_show", "pragma_version", "histogram", "histogram_values",
        "duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_keywords", "duckdb_schemas", "duckdb_tables", "duckdb_types",
        "duckdb_views",
    };

    void AllowTableFunction(string name)
    {
        if (!TableFunctions.Contains(name))
            throw new LakeSqlException($"the table function {name} is not offered here; offered are {string.Join(", ", TableFunctions.Order())}");
        if (name.StartsWith("duckdb_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("pragma_", StringComparison.OrdinalIgnoreCase))
            ReadsCatalogue = true;
    }

    readonly record struct Explain(int Length, string Prefix);

    /// <summary>
    /// The EXPLAIN or EXPLAIN ANALYZE in front. What follows is checked as a statement of its own, and the prefix is put back from these words,
    /// not from the text: EXPLAIN ANALYZE runs what it explains.
    /// </summary>
    static Explain ExplainPrefix(string sql)
    {
        var at = SkipBlank(sql, 0);
        if (!Word(sql, at, "EXPLAIN")) return default;
        at = SkipBlank(sql, at + "EXPLAIN".Length);
        return Word(sql, at, "ANALYZE") ? new(at + "ANALYZE".Length, "EXPLAIN ANALYZE") : new(at, "EXPLAIN");
    }

    static bool Word(string sql, int at, string word) =>
        string.Compare(sql, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) == 0
        && (at + word.Length == sql.Length || !char.IsLetterOrDigit(sql[at + word.Length]) && sql[at + word.Length] != '_');

    /// <summary>Past white space, line comments and block comments.</summary>
    static int SkipBlank(string sql, int at)
    {
        while (at < sql.Length)
        {
            if (char.IsWhiteSpace(sql[at])) at++;
            else if (sql.AsSpan(at).StartsWith("--")) at = sql.IndexOf('\n', at) is >= 0 and var line ? line : sql.Length;
            else if (sql.AsSpan(at).StartsWith("/*")) at = sql.IndexOf("*/", at + 2, StringComparison.Ordinal) is >= 0 and var end ? end + 2 : sql.Length;
            else break;
        }
        return at;
    }
}
