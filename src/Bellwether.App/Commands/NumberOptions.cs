using System.CommandLine;
using System.Globalization;

namespace Bellwether.App.Commands;

/// <summary>
/// A number that is none is told in one sentence, before anybody looks at its value: the validators of an option would throw, and the parser
/// would name the type.
/// </summary>
static class NumberOptions
{
    static readonly Dictionary<Type, (string Kind, Func<string, bool> IsOne)> Kinds = new()
    {
        [typeof(int)] = ("whole number", text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)),
        [typeof(long)] = ("whole number", text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)),
        [typeof(ulong)] = ("whole number from 0 on", text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)),
        [typeof(double)] = ("number", text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)),
    };

    /// <summary>Guards the options of a command and of all below it.</summary>
    public static void Guard(Command command)
    {
        foreach (var option in command.Options)
            if (!ReadsItself(option) && Kinds.TryGetValue(Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType, out var number)) Guard(option, number.Kind, number.IsOne);
        foreach (var child in command.Subcommands) Guard(child);
    }

    static bool ReadsItself(Option option) => option is Option<double> { CustomParser: not null };

    static void Guard(Option option, string kind, Func<string, bool> isOne)
    {
        var others = option.Validators.ToArray();
        option.Validators.Clear();
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !isOne(token.Value)) result.AddError($"{option.Name}: '{token.Value}' is no {kind}.");
            else foreach (var validator in others) validator(result);
        });
    }
}
