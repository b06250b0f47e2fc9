using Npgsql;

namespace Bellwether.Counts.Buckets;

/// <summary>The count of a window.</summary>
/// <param name="Count">Posts, exact to the microsecond; null where something of the window was not observed.</param>
/// <param name="Seen">Posts that are known of, also where some may be missing.</param>
public sealed record WindowCount(DateTimeOffset From, DateTimeOffset To, double Hours, int? Count, int Seen);

/// <summary>Counts of arbitrary windows, from the posts themselves.</summary>
public sealed class WindowCounts(NpgsqlDataSource dataSource)
{
    public async Task<IReadOnlyList<WindowCount>> RunAsync(string account, CountingProfile profile, IReadOnlyList<CountWindow> windows, CancellationToken cancellationToken)
    {
        if (windows.Count == 0) return [];
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var posts = await AccountPosts.LoadAsync(connection, account, profile, windows[0].From, windows[^1].To, cancellationToken).ConfigureAwait(false);
        return [.. windows.Select(w => new WindowCount(w.From, w.To, Math.Round(w.Hours, 6), posts.Count(w.From, w.To), posts.Seen(w.From, w.To)))];
    }
}
