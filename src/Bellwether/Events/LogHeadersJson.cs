using System.Text.Json.Serialization;

namespace Bellwether.Events;

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
sealed partial class LogHeadersJson : JsonSerializerContext;
