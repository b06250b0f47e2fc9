using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Bellwether.Sentiment.Routing;

namespace Bellwether.App.Settings;

/// <summary>Checks bound settings by their attributes, all through, and names the key, the value and what is allowed.</summary>
sealed class SettingsRange(SettingsSource source)
{
    readonly List<string> _problems = [];

    /// <param name="isUsed">Whether the settings at a path count at all.</param>
    public static IReadOnlyList<string> Problems(object options, SettingsSource source, Func<string, bool> isUsed)
    {
        var range = new SettingsRange(source);
        range.LookAt(options, "", isUsed);
        return range._problems;
    }

    void LookAt(object options, string prefix, Func<string, bool> isUsed)
    {
        if (!isUsed(prefix.TrimEnd(':'))) return;
        foreach (var property in SettingsKind.PropertiesOf(options.GetType()))
        {
            var (path, value) = (prefix + property.Name, property.GetValue(options));
            foreach (var attribute in property.GetCustomAttributes<ValidationAttribute>(inherit: true))
                if (attribute.GetValidationResult(value, new(options) { MemberName = property.Name }) is { } wrong)
                    Add(path, value, attribute, wrong);
            if (value is null or string) continue;
            if (value is IDictionary named)
            {
                foreach (DictionaryEntry item in named)
                    if (item.Value is { } one && IsOurs(one)) LookAt(one, $"{path}:{item.Key}:", isUsed);
            }
            else if (value is IEnumerable list)
            {
                var i = 0;
                foreach (var item in list)
                {
                    if (item is not null && IsOurs(item)) LookAt(item, $"{path}:{i}:", isUsed);
                    i++;
                }
            }
            else if (IsOurs(value) && value is not RoutingOptions) LookAt(value, path + ":", isUsed);
            // Its rules, which name each other, it checks by itself.
            else if (value is RoutingOptions routing)
                foreach (var (model, limits) in routing.Limits) LookAt(limits, $"{path}:{nameof(routing.Limits)}:{model}:", isUsed);
        }
        if (options is not IValidatableObject whole) return;
        foreach (var wrong in whole.Validate(new(options)))
            _problems.Add($"{prefix}{wrong.ErrorMessage}{(wrong.MemberNames.FirstOrDefault() is { } member ? At(prefix + member) : "")}");
    }

    static bool IsOurs(object value) => value.GetType() is { IsEnum: false, IsValueType: false } type
        && type.Namespace?.StartsWith(nameof(Bellwether), StringComparison.Ordinal) == true;

    void Add(string path, object? value, ValidationAttribute attribute, ValidationResult wrong)
    {
        var told = value is null or string or ICollection ? "" : $" is {Text(value)}";
        _problems.Add(attribute switch
        {
            RangeAttribute r => $"{path}{told}{At(path)}. It must be {Text(r.Minimum)} to {Text(r.Maximum)}.",
            RequiredAttribute => $"{path} is missing{At(path)}.",
            RegularExpressionAttribute => $"{path} is '{value}'{At(path)}. {wrong.ErrorMessage}",
            StringLengthAttribute l => $"{path} has {((string)value!).Length} characters{At(path)}. It may have {l.MaximumLength} at most.",
            _ => $"{path}{At(path)}: {wrong.ErrorMessage}",
        });
    }

    static string Text(object value) => value switch
    {
        double d => double.IsPositiveInfinity(d) ? "infinity" : d.ToString(CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    string At(string path) => source.Of(path) is { } place ? $" ({place})" : "";
}
