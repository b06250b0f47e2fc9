using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bellwether.App.Commands;

/// <summary>
/// Writes every moment alike: UTC with a Z, cut to microseconds as the store keeps it, so that an answer can be asked for by it.
/// </summary>
sealed class UtcTimes : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Cut(value.UtcDateTime));

    static DateTime Cut(DateTime time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}
