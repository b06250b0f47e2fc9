using System.CommandLine;
using System.Globalization;

namespace Bellwether.App.Commands;

/// <summary>
/// A number that is none is told in one sentence, before anybody looks at its value: the validators of an option would throw, and the
/// parser would name the type.
/// </summary>
static class NumberOptions
{
    static readonly Dictionary<Type, (string Kind, Func<string, bool> IsOne)> Kinds = new()
    {
        [typeof(int)] = ("whole number", text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)),
        [typeof(long)] = ("whole number", text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)),
        [typeof(ulong)] = ("whole number from 0 on", text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)),
        [typeof(Guid)] = ("receipt number such as 0f8fad5b-d9cb-469f-a165-70867728950e", text => Guid.TryParse(text, out _)),
        [typeof(double)] = ("number", text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)),
    };

    /// <summary>Guards the options and arguments of a command and of all below it.</summary>
    public static void Guard(Command command)
    {
        foreach (var option in command.Options)
            if (!ReadsItself(option) && Form(option.ValueType) is var (kind, isOne)) Guard(option, kind, isOne);
        foreach (var argument in command.Arguments)
            if (Form(argument.ValueType) is var (kind, isOne)) Guard(argument, kind, isOne);
        foreach (var child in command.Subcommands) Guard(child);
    }

    /// <summary>What a value of a type is called, and how it is told; null for types that read anything.</summary>
    static (string Kind, Func<string, bool> IsOne)? Form(Type type)
    {
        type = type.IsArray ? type.GetElementType()! : type;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (Kinds.TryGetValue(type, out var found)) return found;
        if (!type.IsEnum) return null;
        var names = Enum.GetNames(type);
        return ($"one of {string.Join(", ", names.Select(n => n.ToLowerInvariant()))}",
            text => names.Contains(text, StringComparer.OrdinalIgnoreCase));
    }

    // Each kind of option has a property of its own for it.
    static bool ReadsItself(Option option) => option.GetType().GetProperty(nameof(Option<int>.CustomParser))?.GetValue(option) is not null;

    static void Guard(Option option, string kind, Func<string, bool> isOne)
    {
        var others = option.Validators.ToArray();
        option.Validators.Clear();
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => !isOne(t.Value)) is { } wrong) result.AddError(Sentence(option.Name, wrong.Value, kind));
            else foreach (var validator in others) validator(result);
        });
    }

    static void Guard(Argument argument, string kind, Func<string, bool> isOne)
    {
        var others = argument.Validators.ToArray();
        argument.Validators.Clear();
        argument.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => !isOne(t.Value)) is { } wrong)
                result.AddError(Sentence(argument.Name, wrong.Value, kind));
            else foreach (var validator in others) validator(result);
        });
    }

    static string Sentence(string name, string value, string kind) =>
        $"{name}: '{value}' is {(kind.StartsWith("one of", StringComparison.Ordinal) ? "not" : "no")} {kind}.";
}
