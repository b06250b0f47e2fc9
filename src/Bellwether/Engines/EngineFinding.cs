using System.Text.Json.Serialization;

namespace Bellwether.Engines;

[JsonConverter(typeof(JsonStringEnumConverter<FindingStatus>))]
public enum FindingStatus
{
    [JsonStringEnumMemberName("ok")] Ok,

    /// <summary>Works, or will work after a fetch; worth knowing.</summary>
    [JsonStringEnumMemberName("warning")] Warning,

    /// <summary>Nothing works until it is mended.</summary>
    [JsonStringEnumMemberName("missing")] Missing,
}

/// <summary>One thing that the program needs from its machine, and how it stands.</summary>
/// <param name="Mend">A command or a sentence that mends it; null where nothing is to be done.</param>
public sealed record EngineFinding(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("status")] FindingStatus Status,
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("mend")] string? Mend = null);
