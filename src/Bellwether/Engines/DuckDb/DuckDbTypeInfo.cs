namespace Bellwether.Engines.DuckDb;

/// <summary>A column's type with its particulars: digits of a decimal, names of an enum, members of a nested type.</summary>
public sealed partial class DuckDbTypeInfo
{
    DuckDbTypeInfo(DuckDbType type) => Type = type;

    public DuckDbType Type { get; }

    /// <summary>A name on top of the type, such as <c>JSON</c> on VARCHAR; else null.</summary>
    public string? Alias { get; private init; }

    /// <summary>Decimal digits, 1–38; 0 for other types.</summary>
    public int Width { get; private init; }

    /// <summary>Digits behind the decimal point.</summary>
    public int Scale { get; private init; }

    /// <summary>Number of elements of an ARRAY.</summary>
    public int ArraySize { get; private init; }

    /// <summary>Element type (list, array), key and value (map), or members (struct, union).</summary>
    public IReadOnlyList<DuckDbTypeInfo> Children { get; private init; } = [];

    /// <summary>Member names of a struct or union, values of an enum.</summary>
    public IReadOnlyList<string> Names { get; private init; } = [];

    internal DuckDbType Storage { get; private init; }

    public bool IsJson => Type == DuckDbType.Varchar && Alias == "JSON";

    public override string ToString() => Alias ?? (Type == DuckDbType.Decimal ? $"Decimal({Width},{Scale})" : Type.ToString());

    /// <summary>Reads the description of a logical type and gives the type back.</summary>
    internal static unsafe DuckDbTypeInfo Take(nint type)
    {
        try
        {
            var id = DuckDbNative.duckdb_get_type_id(type);
            var aliasText = DuckDbNative.Owned(DuckDbNative.duckdb_logical_type_get_alias(type));
            var alias = aliasText.Length > 0 ? aliasText : null;
            return id switch
            {
                DuckDbType.Decimal => new(id)
                {
                    Alias = alias,
                    Width = DuckDbNative.duckdb_decimal_width(type),
                    Scale = DuckDbNative.duckdb_decimal_scale(type),
                    Storage = DuckDbNative.duckdb_decimal_internal_type(type),
                },
                DuckDbType.Enum => new(id)
                {
                    Alias = alias,
                    Storage = DuckDbNative.duckdb_enum_internal_type(type),
                    Names = Texts((int)DuckDbNative.duckdb_enum_dictionary_size(type), i => DuckDbNative.duckdb_enum_dictionary_value(type, i)),
                },
                DuckDbType.List => new(id) { Alias = alias, Children = [Take(DuckDbNative.duckdb_list_type_child_type(type))] },
                DuckDbType.Array => new(id)
                {
                    Alias = alias,
                    ArraySize = (int)DuckDbNative.duckdb_array_type_array_size(type),
                    Children = [Take(DuckDbNative.duckdb_array_type_child_type(type))],
                },
                DuckDbType.Map => new(id)
                {
                    Alias = alias,
                    Children = [Take(DuckDbNative.duckdb_map_type_key_type(type)), Take(DuckDbNative.duckdb_map_type_value_type(type))],
                },
                DuckDbType.Struct => Members(id, alias, (int)DuckDbNative.duckdb_struct_type_child_count(type),
                    i => DuckDbNative.duckdb_struct_type_child_name(type, i), i => DuckDbNative.duckdb_struct_type_child_type(type, i)),
                DuckDbType.Union => Members(id, alias, (int)DuckDbNative.duckdb_union_type_member_count(type),
                    i => DuckDbNative.duckdb_union_type_member_name(type, i), i => DuckDbNative.duckdb_union_type_member_type(type, i)),
                _ => new(id) { Alias = alias },
            };
        }
        finally
        {
            DuckDbNative.duckdb_destroy_logical_type(ref type);
        }
    }

    static unsafe DuckDbTypeInfo Members(DuckDbType id, string? alias, int count, TextAt name, Func<nuint, nint> child) => new(id)
    {
        Alias = alias,
        Names = Texts(count, name),
        Children = [.. Enumerable.Range(0, count).Select(i => Take(child((nuint)i)))],
    };

    static unsafe string[] Texts(int count, TextAt text)
    {
        var result = new string[count];
        for (var i = 0; i < count; i++) result[i] = DuckDbNative.Owned(text((nuint)i));
        return result;
    }

    unsafe delegate byte* TextAt(nuint index);
}

/// <summary>A column of an answer.</summary>
public sealed record DuckDbColumn(string Name, DuckDbTypeInfo Type);
