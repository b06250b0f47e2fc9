using System.Reflection;
using Bellwether.App.Api;

namespace Bellwether.Tests.Api;

/// <summary>docs/api.md, whose headings the types of problems name.</summary>
public sealed class ApiManualTests
{
    [Fact]
    public void Every_kind_of_problem_has_its_paragraph_in_the_manual()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Bellwether.slnx"))) root = root.Parent;
        var headings = File.ReadLines(Path.Combine(root.FullName, "docs", "api.md"))
            .Where(l => l.StartsWith("### ", StringComparison.Ordinal)).Select(l => l[4..]);
        var kinds = typeof(ProblemKind).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal(kinds.Order(), headings.Order());
    }
}
