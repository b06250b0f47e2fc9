namespace Bellwether.Lake;

/// <summary>A statement was refused or is wrong; the message is for the person who wrote it.</summary>
public sealed class LakeSqlException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Nothing was refused: a table is named that is not there.</summary>
    public bool IsUnknownTable { get; init; }
}
