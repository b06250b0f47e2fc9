using Bellwether.Storage.Objects;

namespace Bellwether.Retention;

/// <summary>What a run did.</summary>
/// <param name="Items">An entry for each policy, also for those that could not be carried out.</param>
/// <param name="Failures">Why tables could not be worked on; what was done before stays done.</param>
public sealed record RetentionRun(IReadOnlyList<RetentionItem> Items, IReadOnlyList<Exception> Failures)
{
    /// <summary>Null where all went well.</summary>
    public string? Problem => Failures.Count == 0 ? null : string.Join("; ", Failures.Select(error => error.Message));

    /// <exception cref="RetentionException">A table could not be worked on.</exception>
    /// <exception cref="ObjectStoreException">One could not, because the archive is away.</exception>
    public void ThrowIfFailed()
    {
        if (Failures is [ObjectStoreException away]) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(away);
        if (Problem is { } problem) throw new RetentionException(problem, Failures[0]);
    }
}
