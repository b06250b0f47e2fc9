namespace Bellwether.Events;

/// <summary>Headers that records carry for every reader, whatever it is written in.</summary>
public static class LogHeaders
{
    /// <summary>W3C trace context of what led to the record.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>Version of the value's form, a number: lets a reader refuse a record without decoding it.</summary>
    public const string SchemaVersion = "schema-version";
}
