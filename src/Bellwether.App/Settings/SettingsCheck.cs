using Microsoft.Extensions.Configuration;

namespace Bellwether.App.Settings;

/// <summary>
/// Compares what is set with what there is to set, before it is bound: the binder itself names neither the key nor what may stand there.
/// Values are told, but for texts, among which are all secrets.
/// </summary>
sealed class SettingsCheck(SettingsSource source)
{
    readonly List<string> _problems = [];

    /// <summary>All that is wrong, a sentence each; empty when nothing is.</summary>
    public static IReadOnlyList<string> Problems(IConfiguration root, Type type, SettingsSource source)
    {
        var check = new SettingsCheck(source);
        check.LookAtObject(root, "", type);
        return check._problems;
    }

    void LookAt(IConfigurationSection section, string path, Type type)
    {
        var kind = Nullable.GetUnderlyingType(type) ?? type;
        var children = section.GetChildren().ToArray();
        var isAlone = children.Length == 0 && section.Value is { Length: > 0 };
        if (SettingsKind.IsSimple(kind))
        {
            if (children.Length > 0) Add(path, $"has settings within it, and is {SettingsKind.Describe(kind)}");
            else if (section.Value is { } value && !SettingsKind.CanBe(type, value))
                Add(path, $"is '{value}'", $"It must be {SettingsKind.Describe(kind)}.");
        }
        else if (SettingsKind.ElementOf(kind) is { } element)
        {
            if (isAlone) Add(path, "is a single value", "It must be a list: [ … ].");
            foreach (var child in children)
                if (int.TryParse(child.Key, out _)) LookAt(child, $"{path}:{child.Key}", element);
                else Add($"{path}:{child.Key}", "cannot be", "Items of a list are numbered from 0.");
        }
        else if (SettingsKind.ValueOf(kind) is { } item)
        {
            if (isAlone) Add(path, "is a single value", "It must have names, each with its value.");
            foreach (var child in children) LookAt(child, $"{path}:{child.Key}", item);
        }
        else
        {
            if (isAlone) Add(path, "is a single value", $"It has settings of its own: {Known(kind)}.");
            LookAtObject(section, path + ":", kind);
        }
    }

    void LookAtObject(IConfiguration section, string prefix, Type type)
    {
        foreach (var child in section.GetChildren())
            if (SettingsKind.PropertyOf(type, child.Key) is { } property)
                LookAt(child, prefix + property.Name, property.PropertyType);
            else Unknown(prefix + child.Key, child.Key, type);
    }

    void Unknown(string path, string key, Type type)
    {
        string[] names = [.. SettingsKind.PropertiesOf(type).Select(p => p.Name)];
        var near = NearestName.To(key, names);
        _problems.Add($"There is no setting {path}{At(path)}; {(near is null ? $"known there: {Known(type)}" : $"did you mean {near}?")}"
            + (near is null ? "." : ""));
    }

    static string Known(Type type) => string.Join(", ", SettingsKind.PropertiesOf(type).Select(p => p.Name));

    void Add(string path, string problem, string? mend = null) =>
        _problems.Add($"{path} {problem}{At(path)}.{(mend is null ? "" : $" {mend}")}");

    string At(string path) => source.Of(path) is { } place ? $" ({place})" : "";
}
