using System.Text.Json;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>A table as a statement names it.</summary>
readonly record struct LakeTableName(string Schema, string Name);

/// <summary>
/// A statement that was found to be one SELECT (or EXPLAIN of one) and what it refers to, taken from DuckDB's own syntax tree before anything
/// is bound or run.
/// </summary>
sealed partial class LakeStatement
{
    readonly HashSet<string> _words = new(StringComparer.OrdinalIgnoreCase);
    readonly HashSet<string> _ctes = new(StringComparer.OrdinalIgnoreCase);
    readonly HashSet<string> _tableAliases = new(StringComparer.OrdinalIgnoreCase);
    readonly List<string> _lastNames = [];
    bool _takesAllColumns;

    LakeStatement(string sql) => Sql = sql;

    /// <summary>What to run.</summary>
    public string Sql { get; private init; }

    /// <summary>Every table that is read, without names that the statement defines itself.</summary>
    public HashSet<LakeTableName> Tables { get; } = [];

    /// <summary>It asks for the catalogue (SHOW, DESCRIBE, information_schema, duckdb_…), so that every table must be there at least by its shape.</summary>
    public bool ReadsCatalogue { get; private set; }

    /// <summary>It only asks what a table looks like.</summary>
    public bool DescribesOnly { get; private set; }

    /// <summary>
    /// Whether a column of that name may be needed. A column can be reached by its name, by a star in any form, by a natural join, by PIVOT,
    /// or by a table's name used as a value; where none of the last is in the tree, a name that does not occur is not needed.
    /// </summary>
    public bool Needs(string column) => _takesAllColumns || _words.Contains(column);

    /// <param name="parser">Its time zone is UTC.</param>
    /// <exception cref="LakeSqlException">It is not one SELECT, or uses a table function that is not offered.</exception>
    public static LakeStatement Parse(DuckDbConnection parser, string sql)
    {
        var explain = ExplainPrefix(sql);
        var body = explain.Length == 0 ? sql : sql[explain.Length..];
        using var tree = ReadTree(parser, body);
        var statements = tree.RootElement.GetProperty("statements");
        if (statements.GetArrayLength() != 1)
            throw new LakeSqlException($"one statement at a time: there are {statements.GetArrayLength()} here");
        var statement = new LakeStatement(explain.Length == 0 ? sql : $"{explain.Prefix} {body}");
        var node = statements[0].GetProperty("node");
        statement.DescribesOnly = node.TryGetProperty("from_table", out var from) && Is(from, "type", "SHOW_REF") && Is(from, "show_type", "DESCRIBE");
        statement.Visit(node, parser);
        statement.Tables.RemoveWhere(table => table.Schema.Length == 0 && statement._ctes.Contains(table.Name));
        if (statement._lastNames.Any(statement._tableAliases.Contains)) statement._takesAllColumns = true;
        return statement;
    }

    static JsonDocument ReadTree(DuckDbConnection parser, string sql)
    {
        string json;
        try
        {
            if (parser.CountStatements(sql) > 1) throw new LakeSqlException("one statement at a time: there are several here");
            json = (string)parser.Scalar("SELECT json_serialize_sql($1::VARCHAR)", [sql])!;
        }
        catch (DuckDbException error)
        {
            throw new LakeSqlException(error.Message, error);
        }
        var tree = JsonDocument.Parse(json, new() { MaxDepth = 4096 });
        if (!tree.RootElement.GetProperty("error").GetBoolean()) return tree;
        using (tree)
        {
            var message = tree.RootElement.GetProperty("error_message").GetString();
            throw Is(tree.RootElement, "error_type", "not implemented")
                ? new LakeSqlException("only SELECT, DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN of a SELECT are answered here: the lake is read-only")
                : new LakeSqlException($"{message}");
        }
    }

    void Visit(JsonElement element, DuckDbConnection parser)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) Visit(item, parser);
                break;
            case JsonValueKind.String:
                _words.Add(element.GetString()!);
                break;
            case JsonValueKind.Object:
                VisitNode(element, parser);
                foreach (var property in element.EnumerateObject()) Visit(property.Value, parser);
                break;
        }
    }

    void VisitNode(JsonElement node, DuckDbConnection parser)
    {
        if (node.TryGetProperty("cte_map", out var ctes) && ctes.TryGetProperty("map", out var map) && map.ValueKind == JsonValueKind.Array)
            foreach (var entry in map.EnumerateArray()) _ctes.Add(Text(entry, "key"));
        if (Is(node, "type", "RECURSIVE_CTE_NODE") || Is(node, "type", "CTE_NODE")) _ctes.Add(Text(node, "cte_name"));

        if (Is(node, "class", "STAR") || Is(node, "type", "PIVOT") || Is(node, "ref_type", "NATURAL")) _takesAllColumns = true;
        if (Is(node, "class", "COLUMN_REF") && node.TryGetProperty("column_names", out var names) && names.GetArrayLength() > 0)
            _lastNames.Add(names[names.GetArrayLength() - 1].GetString()!);

        switch (Text(node, "type"))
        {
            case "SELECT_NODE":
                NoteDays(node, parser);
                break;
            case "BASE_TABLE":
                if (IsAllSentiment(node)) _mentions++;
                AddTable(Text(node, "catalog_name"), Text(node, "schema_name"), Text(node, "table_name"));
                break;
            case "SHOW_REF":
                _takesAllColumns = true;
                ReadsCatalogue = true;
                break;
            case "TABLE_FUNCTION":
                AllowTableFunction(Text(node.GetProperty("function"), "function_name"));
                break;
        }
        if (Text(node, "alias") is { Length: > 0 } alias && (node.TryGetProperty("table_name", out _) || Is(node, "type", "SUBQUERY")))
            _tableAliases.Add(alias);
    }

    void AddTable(string catalogue, string schema, string name)
    {
        _tableAliases.Add(name);
        if (catalogue.Length > 0 || schema is "information_schema" or "pg_catalog" || LakeTables.IsSystemView(name))
            ReadsCatalogue = true;
        else
            Tables.Add(new(schema, name));
    }

    static bool Is(JsonElement node, string property, string value) =>
        node.TryGetProperty(property, out var found) && found.ValueKind == JsonValueKind.String && found.ValueEquals(value);

    static string Text(JsonElement node, string property) =>
        node.TryGetProperty(property, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : "";
}
