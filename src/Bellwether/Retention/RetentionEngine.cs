using Bellwether.Diagnostics;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention;

/// <summary>
/// Carries out the policies. What a user may want again is written to the archive, read back and compared first; then one transaction takes
/// exactly those rows away, records the file and writes down the deed. At every moment each row is in its table or in a recorded file, never
/// in none and never in both.
/// </summary>
public sealed partial class RetentionEngine(
    NpgsqlDataSource database, RetentionPolicies policies, RetentionOptions options, ArchiveOptions archive, IDaySealer sealer, TimeProvider time)
{
    const int Attempts = 4;
    const int BatchRows = 10_000;
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Does what <see cref="RetentionPlanner"/> tells; an entry for each policy with what was done.</summary>
    /// <param name="progress">Rows that have left their tables so far.</param>
    public async Task<RetentionRun> RunAsync(RetentionCause cause, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.SweepAsync(mine.Connection, archive.Objects, cancellationToken, dueOnly: true).ConfigureAwait(false);
        var audit = await RetentionAudit.BeginAsync(mine.Connection, cause, time, cancellationToken).ConfigureAwait(false);
        var message = "it was stopped";
        try
        {
            var run = await RunAsync(mine.Connection, audit, progress, cancellationToken).ConfigureAwait(false);
            await ArchiveCatalog.SweepAsync(mine.Connection, archive.Objects, cancellationToken, dueOnly: true).ConfigureAwait(false);
            message = run.Problem;
            return run;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            message = error.Message;
            throw;
        }
        finally
        {
            // Where the database is gone the next run finds that this one was cut off.
            if (mine.Connection.FullState == System.Data.ConnectionState.Open)
                await audit.EndAsync(message is null, message, CancellationToken.None).ConfigureAwait(false);
        }
    }

    async Task<RetentionRun> RunAsync(NpgsqlConnection connection, RetentionAudit audit, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var (items, failures, planner) = (new List<RetentionItem>(), new List<Exception>(), new RetentionPlanner(database, policies, options, sealer, time));
        var total = 0L;
        foreach (var policy in policies.All)
        {
            try
            {
                using var work = new Work(connection, audit, archive, time) { Moved = rows => progress?.Report(total += rows) };
                items.Add(await RunAsync(policy, planner, work, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception error) when (error is not OperationCanceledException && connection.FullState == System.Data.ConnectionState.Open)
            {
                // One table that cannot be worked on, for whatever reason, must not keep the others from it.
                failures.Add(error);
                items.Add(new(policy.Table, "keep", 0, 0, policy.Before(time.GetUtcNow()), $"failed: {error.Message}"));
            }
        }
        return new(items, failures);
    }

    async Task<RetentionItem> RunAsync(RetentionPolicy policy, RetentionPlanner planner, Work work, CancellationToken cancellationToken)
    {
        var (kept, scope) = await planner.ScopeAsync(policy, work.Connection, cancellationToken).ConfigureAwait(false);
        if (scope is null) return kept!;
        if (policy.Method == RetentionMethod.Seal) return await SealAsync(scope, work, cancellationToken).ConfigureAwait(false);
        if (scope.Blocker is null)
        {
            foreach (var partition in scope.Partitions.ToArray()) await DropAsync(scope, partition, work, cancellationToken).ConfigureAwait(false);
            if (scope.RowsOf is { } table)
            {
                if (policy.Method == RetentionMethod.Delete) await DeleteAsync(scope, table, work, cancellationToken).ConfigureAwait(false);
                else await MoveAsync(scope, table, work, cancellationToken).ConfigureAwait(false);
            }
            if (policy.Method is RetentionMethod.Archive or RetentionMethod.Downsample)
                await SupersedeAsync(scope, work.Connection, archive.KeepSuperseded, cancellationToken).ConfigureAwait(false);
        }
        Instruments.RetentionRows.Add(work.Rows, new("table", policy.Table), new KeyValuePair<string, object?>("action", scope.Action));
        return new(policy.Table, scope.Action, work.Rows, work.Bytes, scope.Before, scope.Reason);
    }

    async Task<RetentionItem> SealAsync(RetentionScope scope, Work work, CancellationToken cancellationToken)
    {
        var before = DateOnly.FromDateTime(scope.Before.UtcDateTime);
        var done = await sealer.SealAsync(before, cancellationToken).ConfigureAwait(false);
        var left = await sealer.PlanAsync(before, cancellationToken).ConfigureAwait(false);
        // The sealing is recorded with the days themselves; this row only sums it up.
        if (done.Days > 0) await work.Audit.AddAsync(scope.Policy.Table, "seal", done.Rows, done.Bytes, scope.Before, $"{done.Days} days", cancellationToken).ConfigureAwait(false);
        work.Count(done.Rows, done.Bytes);
        Instruments.RetentionRows.Add(done.Rows, new("table", scope.Policy.Table), new KeyValuePair<string, object?>("action", "seal"));
        return new(scope.Policy.Table, "seal", done.Rows, done.Bytes, scope.Before,
            left.Blockers.Count == 0 ? scope.Policy.Reason : $"{scope.Policy.Reason}; held back: {string.Join(", ", left.Blockers)}");
    }

    /// <summary>Files whose rows were restored into the table and have now been archived anew are of no use any more.</summary>
    static async Task SupersedeAsync(RetentionScope scope, NpgsqlConnection connection, TimeSpan keep, CancellationToken cancellationToken)
    {
        var files = await ArchiveCatalog.ListAsync(connection, scope.Policy.Table, null, null, cancellationToken).ConfigureAwait(false);
        var held = scope.Held.ToHashSet();
        await ArchiveCatalog.ForgetAsync(connection, [.. files.Where(file => file.RestoredAt is not null && file.To <= scope.Before && !held.Contains((file.From, file.To)))],
            cancellationToken, keep).ConfigureAwait(false);
    }

    /// <summary>What the work on one table shares.</summary>
    sealed class Work(NpgsqlConnection connection, RetentionAudit audit, ArchiveOptions archive, TimeProvider time) : IDisposable
    {
        ArchiveWorkshop? _workshop;

        public NpgsqlConnection Connection => connection;
        public RetentionAudit Audit => audit;

        /// <summary>Made when the first file is.</summary>
        public ArchiveWorkshop Workshop => _workshop ??= new(archive, time);

        public required Action<long> Moved { get; init; }
        public long Rows { get; private set; }
        public long Bytes { get; private set; }

        public void Count(long rows, long bytes)
        {
            (Rows, Bytes) = (Rows + rows, Bytes + bytes);
            Moved(rows);
        }

        public void Dispose() => _workshop?.Dispose();
    }
}
