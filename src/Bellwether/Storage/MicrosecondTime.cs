namespace Bellwether.Storage;

/// <summary>Times as PostgreSQL keeps them.</summary>
static class MicrosecondTime
{
    /// <summary>In UTC, cut to microseconds: what is stored and read again is the same moment.</summary>
    public static DateTimeOffset ToMicroseconds(this DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
