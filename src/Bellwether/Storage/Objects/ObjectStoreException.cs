namespace Bellwether.Storage.Objects;

/// <summary>What kind of thing went wrong in a store.</summary>
public enum ObjectStoreFault
{
    /// <summary>There is no such object.</summary>
    NotFound,

    /// <summary>There is no such bucket, or the store's folder cannot be made.</summary>
    NoPlace,

    AccessDenied,

    /// <summary>There are none, or the store does not know them.</summary>
    Credentials,

    /// <summary>Nobody answers, or not in time.</summary>
    Unreachable,

    /// <summary>The store answers with failures of its own.</summary>
    Unavailable,

    /// <summary>The bytes are not those that were stored.</summary>
    Corrupt,

    DiskFull,

    Other,
}

/// <summary>An operation on a store failed for good. The message names operation, key and place, and tells what to do.</summary>
public sealed class ObjectStoreException : Exception
{
    /// <param name="problem">Half a sentence: what happened.</param>
    /// <param name="mend">A sentence: what to do.</param>
    public ObjectStoreException(
        ObjectStoreFault fault, string operation, string place, string? key, string problem, string mend, Exception? inner = null)
        : base($"{operation} {(key is null ? place : $"{key} in {place}")} failed: {problem}", inner) =>
        (Fault, Operation, Place, Key, Mend) = (fault, operation, place, key, mend);

    public ObjectStoreFault Fault { get; }

    public string Operation { get; }

    public string Place { get; }

    public string? Key { get; }

    public string Mend { get; }
}
