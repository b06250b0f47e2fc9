using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bellwether.Tests.Api;

/// <summary>
/// Checks values against the schemas of an OpenAPI 3.1 document: the parts of JSON Schema that the document uses. A keyword that it does not know
/// fails, so that nothing passes unlooked at; and so does a property that the schema does not tell.
/// </summary>
sealed class JsonSchemaCheck(JsonElement document)
{
    static readonly HashSet<string> Notes = ["description", "format", "default", "title", "example"];

    public IReadOnlyList<string> Problems(JsonElement schema, JsonElement value)
    {
        var problems = new List<string>();
        Check(schema, value, "$", problems);
        return problems;
    }

    void Check(JsonElement schema, JsonElement value, string at, List<string> problems)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var rule = keyword.Value;
            switch (keyword.Name)
            {
                case "$ref":
                    Check(Resolve(rule.GetString()!), value, at, problems);
                    break;
                case "type":
                    var types = rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Select(t => t.GetString()!).ToArray() : [rule.GetString()!];
                    if (!types.Any(t => Is(t, value))) problems.Add($"{at} is {value.ValueKind}, not {string.Join(" or ", types)}");
                    break;
                case "enum":
                    if (!rule.EnumerateArray().Any(e => JsonElement.DeepEquals(e, value))) problems.Add($"{at} is {value}, none of {rule}");
                    break;
                case "pattern":
                    if (value.ValueKind == JsonValueKind.String && !Regex.IsMatch(value.GetString()!, rule.GetString()!)) problems.Add($"{at} does not match {rule}");
                    break;
                case "minimum":
                    if (value.ValueKind == JsonValueKind.Number && value.GetDouble() < rule.GetDouble()) problems.Add($"{at} is below {rule}");
                    break;
                case "maximum":
                    if (value.ValueKind == JsonValueKind.Number && value.GetDouble() > rule.GetDouble()) problems.Add($"{at} is above {rule}");
                    break;
                case "required":
                    foreach (var name in rule.EnumerateArray())
                        if (value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name.GetString()!, out _)) problems.Add($"{at}.{name} is missing");
                    break;
                case "properties":
                    if (value.ValueKind != JsonValueKind.Object) break;
                    foreach (var property in value.EnumerateObject())
                        if (rule.TryGetProperty(property.Name, out var told)) Check(told, property.Value, $"{at}.{property.Name}", problems);
                        else if (!schema.TryGetProperty("additionalProperties", out _)) problems.Add($"{at}.{property.Name} is not in the schema");
                    break;
                case "additionalProperties":
                    if (value.ValueKind != JsonValueKind.Object || rule.ValueKind != JsonValueKind.Object) break;
                    foreach (var property in value.EnumerateObject())
                        if (!schema.TryGetProperty("properties", out var named) || !named.TryGetProperty(property.Name, out _))
                            Check(rule, property.Value, $"{at}.{property.Name}", problems);
                    break;
                case "items":
                    if (value.ValueKind != JsonValueKind.Array) break;
                    var index = 0;
                    foreach (var item in value.EnumerateArray()) Check(rule, item, $"{at}[{index++}]", problems);
                    break;
                case "oneOf":
                    var fits = rule.EnumerateArray().Count(choice => Problems(choice, value).Count == 0);
                    if (fits != 1) problems.Add($"{at} fits {fits} of the schemas of oneOf");
                    break;
                default:
                    if (!Notes.Contains(keyword.Name)) problems.Add($"the keyword {keyword.Name} at {at} is not known to this check");
                    break;
            }
        }
    }

    JsonElement Resolve(string reference) =>
        reference.Split('/')[1..].Aggregate(document, (at, name) => at.GetProperty(name.Replace("~1", "/").Replace("~0", "~")));

    static bool Is(string type, JsonElement value) => (type, value.ValueKind) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("number", JsonValueKind.Number)
            or ("null", JsonValueKind.Null) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
        _ => false,
    };
}
