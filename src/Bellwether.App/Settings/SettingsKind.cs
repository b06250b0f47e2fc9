using System.ComponentModel;
using System.Reflection;

namespace Bellwether.App.Settings;

/// <summary>The kinds of values that settings have.</summary>
static class SettingsKind
{
    public static IEnumerable<PropertyInfo> PropertiesOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0);

    public static PropertyInfo? PropertyOf(Type type, string name) =>
        PropertiesOf(type).FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public static bool IsSimple(Type kind) => kind == typeof(string) || kind.IsEnum || kind.IsPrimitive || kind == typeof(decimal)
        || kind == typeof(TimeSpan) || kind == typeof(DateTimeOffset) || kind == typeof(DateOnly) || kind == typeof(Uri);

    public static Type? ElementOf(Type kind) =>
        kind.IsArray ? kind.GetElementType() : Argument(kind, typeof(IReadOnlyList<>), typeof(IList<>), typeof(List<>));

    /// <summary>Of a dictionary from text.</summary>
    public static Type? ValueOf(Type kind) =>
        kind.IsGenericType && kind.GetGenericArguments() is [var key, var value] && key == typeof(string) ? value : null;

    static Type? Argument(Type kind, params Type[] of) =>
        kind.IsGenericType && of.Contains(kind.GetGenericTypeDefinition()) ? kind.GetGenericArguments()[0] : null;

    /// <summary>As the binder would read it.</summary>
    public static bool CanBe(Type type, string value)
    {
        var kind = Nullable.GetUnderlyingType(type) ?? type;
        if (kind == typeof(string)) return true;
        try
        {
            var converted = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
            return converted is null ? kind != type : !kind.IsEnum || IsNamed(kind, value);
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException or OverflowException
            || error.InnerException is FormatException or OverflowException)
        {
            return false;
        }
    }

    // A number would be taken for any member, also one that there is not.
    static bool IsNamed(Type kind, string value) =>
        value.Split(',', StringSplitOptions.TrimEntries).All(v => Enum.GetNames(kind).Contains(v, StringComparer.OrdinalIgnoreCase));

    /// <summary>What may stand there, for people.</summary>
    public static string Describe(Type kind) => kind switch
    {
        _ when kind.IsEnum => $"{string.Join(", ", Enum.GetNames(kind)[..^1])} or {Enum.GetNames(kind)[^1]}",
        _ when kind == typeof(bool) => "true or false",
        _ when kind == typeof(TimeSpan) => "a time such as 00:00:30 or 1.00:00:00 (days first)",
        _ when kind == typeof(double) || kind == typeof(float) || kind == typeof(decimal) => "a number",
        _ when kind == typeof(DateTimeOffset) => "a time such as 2024-03-01T10:00:00Z",
        _ when kind == typeof(DateOnly) => "a date such as 2024-03-01",
        _ when kind == typeof(Uri) => "an address",
        _ when kind == typeof(string) => "a text",
        _ => "a whole number",
    };
}
