using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Bellwether.Tests;

/// <summary>Rules of the house, read from the compiled code.</summary>
public sealed class ArchitectureTests
{
    static readonly string[] Features = ["Backup", "Confluence", "Counts", "Diagnostics", "Engines", "Events", "Feeds", "Lake", "Market", "Plots", "Retention", "Sentiment", "Signals", "Storage"];

    [Fact]
    public void Analytics_touches_no_file_network_clock_or_thread()
    {
        string[] banned = ["System.IO.", "System.Net.", "System.Threading.Thread", "System.Diagnostics.Process", "System.Console", "System.DateTime::get_", "System.TimeProvider"];
        var uses = References(Module("Bellwether.Analytics.dll")).Select(r => r.Used).Distinct();
        Assert.DoesNotContain(uses, use => banned.Any(b => use.StartsWith(b, StringComparison.Ordinal)));
    }

    [Fact]
    public void Analytics_depends_on_nothing_but_the_framework_and_MathNet()
    {
        Assert.All(Module("Bellwether.Analytics.dll").AssemblyReferences, r =>
            Assert.True(r.Name.StartsWith("System", StringComparison.Ordinal) || r.Name.StartsWith("MathNet", StringComparison.Ordinal), r.FullName));
    }

    [Fact]
    public void Features_depend_on_each_other_without_circles()
    {
        var arrows = References(Module("Bellwether.dll"))
            .Select(r => (From: Feature(r.User), To: Feature(r.Used)))
            .Where(a => a.From is not null && a.To is not null && a.From != a.To)
            .Distinct().ToLookup(a => a.From!, a => a.To!);
        foreach (var feature in Features) Walk(feature, [feature]);

        void Walk(string at, string[] path)
        {
            foreach (var next in arrows[at])
            {
                Assert.False(path.Contains(next), $"circle: {string.Join(" → ", path)} → {next}");
                Walk(next, [.. path, next]);
            }
        }
    }

    [Fact]
    public void Every_feature_folder_is_known_to_the_rules()
    {
        var found = Module("Bellwether.dll").Types.Select(t => Feature(t.FullName)).OfType<string>().Distinct().Order();
        Assert.Equal(Features, found);
    }

    static string? Feature(string name) =>
        name.StartsWith("Bellwether.", StringComparison.Ordinal) && name.Split('.', '/', ':') is { Length: > 2 } parts && parts[1] is not "Analytics" ? parts[1] : null;

    static ModuleDefinition Module(string file) => ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, file));

    /// <summary>Who uses whom: types named in signatures, fields and method bodies; a member as <c>Type::member</c>.</summary>
    static IEnumerable<(string User, string Used)> References(ModuleDefinition module)
    {
        foreach (var type in module.GetTypes())
        {
            var user = type.FullName;
            if (type.BaseType is not null) yield return (user, type.BaseType.FullName);
            foreach (var i in type.Interfaces) yield return (user, i.InterfaceType.FullName);
            foreach (var field in type.Fields) yield return (user, field.FieldType.FullName);
            foreach (var method in type.Methods)
            {
                yield return (user, method.ReturnType.FullName);
                foreach (var parameter in method.Parameters) yield return (user, parameter.ParameterType.FullName);
                foreach (var instruction in method.HasBody ? method.Body.Instructions : Enumerable.Empty<Instruction>())
                    if (instruction.Operand is MemberReference member)
                        yield return (user, member is TypeReference ? member.FullName : $"{member.DeclaringType?.FullName}::{member.Name}");
            }
        }
    }
}
