using Bellwether.Tests.Commands;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Bellwether.Tests.Deploy;

/// <summary>The files of deploy/, read.</summary>
static class DeployFiles
{
    public static string Of(params string[] parts) => Repository.File(["deploy", .. parts]);

    public static IReadOnlyList<Dictionary<object, object>> Documents(string file)
    {
        using var reader = new StreamReader(Of(file.Split('/')));
        var parser = new MergingParser(new Parser(reader));
        var (yaml, documents) = (new DeserializerBuilder().Build(), new List<Dictionary<object, object>>());
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _)) documents.Add(yaml.Deserialize<Dictionary<object, object>>(parser));
        return documents;
    }

    public static IEnumerable<(string Name, string Value)> Scalars(object? node) => node switch
    {
        Dictionary<object, object> map => map.SelectMany(p => p.Value is string text ? [($"{p.Key}", text)] : Scalars(p.Value)),
        IEnumerable<object> list => list.SelectMany(Scalars),
        _ => [],
    };

    public static IEnumerable<List<string>> Lists(object? node, string key) => node switch
    {
        Dictionary<object, object> map => map.SelectMany(p =>
            $"{p.Key}" == key && p.Value is List<object> list ? [[.. list.Select(i => $"{i}")]] : $"{p.Key}".StartsWith("x-", StringComparison.Ordinal) ? [] : Lists(p.Value, key)),
        IEnumerable<object> list => list.SelectMany(i => Lists(i, key)),
        _ => [],
    };

    public static Dictionary<object, object> At(Dictionary<object, object> map, params string[] path) =>
        path.Aggregate(map, (at, name) => (Dictionary<object, object>)at[name]);

    public static string? Text(Dictionary<object, object> map, string name) => map.GetValueOrDefault(name) as string;
}
