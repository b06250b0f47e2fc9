using System.Globalization;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>
/// Stores migrated results: rows, their keys in the inbox, the days that became dirty, the tickers' states and how far the file is, all in one
/// transaction a batch. Whatever stops a run, the next one begins at the first row that is not stored.
/// </summary>
sealed partial class LegacyStore(NpgsqlDataSource database, LegacyTickers tickers, long migration)
{
    public const string Conflict = "another result of the same article and ticker is stored";
    const int MaxAttempts = 5;
    const int RejectsKept = 100;

    readonly Dictionary<DateOnly, LegacyDay> _days = [];
    readonly Dictionary<string, LegacyTicker> _tickers = new(StringComparer.Ordinal);
    // Set when a row met one whose key the inbox does not hold any more.
    bool _looksForRows;

    /// <summary>What the migration made of a day so far.</summary>
    readonly record struct LegacyDay(long Rows, string Hash, long Revision, bool Mixed, string? FileBefore);

    readonly record struct LegacyTicker(long Revision, bool Mixed, string? StateBefore);

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await using var days = database.CreateCommand("SELECT day, rows, content_hash, revision, mixed FROM ops.lake_migration_days WHERE migration_id = $1");
        days.Parameters.Add(new() { Value = migration });
        await using (var row = await days.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                _days[row.GetFieldValue<DateOnly>(0)] = new(row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetBoolean(4), null);
        await using var known = database.CreateCommand("SELECT ticker, revision, mixed FROM ops.lake_migration_tickers WHERE migration_id = $1");
        known.Parameters.Add(new() { Value = migration });
        await using (var row = await known.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) _tickers[row.GetString(0)] = new(row.GetInt64(1), row.GetBoolean(2), null);
    }

    /// <summary>Stores a batch of a file and returns how far the file is then.</summary>
    public async Task<LegacyProgress> CommitAsync(LegacyProgress file, List<LegacyOutcome> batch, double sample, CancellationToken cancellationToken)
    {
        DateOnly[] days = [.. batch.SelectMany(outcome => outcome.Results).Select(result => DayOf(result.Row)).Distinct()];
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await tickers.EnsureDays(days, cancellationToken).ConfigureAwait(false);
                return await CommitOnceAsync(file, batch, sample, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException error) when (attempt < MaxAttempts && error.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation)
            {
                _looksForRows |= error.SqlState == PostgresErrorCodes.UniqueViolation;
            }
            catch (PostgresException error) when (attempt < MaxAttempts && error is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null })
            {
                // The partition of a day that was sealed is gone; late rows get a new one.
                tickers.ForgetDays(days);
            }
        }
    }

    async Task<LegacyProgress> CommitOnceAsync(LegacyProgress file, List<LegacyOutcome> batch, double sample, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken).ConfigureAwait(false);
        var canonical = await LegacyPayload.CanonicalAsync(connection, batch, cancellationToken).ConfigureAwait(false);
        var wanted = canonical.SelectMany(outcome => outcome.Results).Where(result => result.IsIn(sample)).ToList();
        var stored = await ClaimAsync(connection, wanted, cancellationToken).ConfigureAwait(false);
        var refused = await ConflictsAsync(connection, wanted, stored, cancellationToken).ConfigureAwait(false);
        var rows = wanted.Where(stored.Contains).Select(result => result.Row).ToList();
        var progress = file.Add(canonical, sample, stored, refused);
        var days = new Dictionary<DateOnly, LegacyDay>();
        var states = new Dictionary<string, LegacyTicker>(StringComparer.Ordinal);
        if (rows.Count > 0)
        {
            await CopyAsync(connection, rows, cancellationToken).ConfigureAwait(false);
            await MarkDaysAsync(connection, rows, days, cancellationToken).ConfigureAwait(false);
        }
        await RecordAsync(connection, file, progress, canonical, refused, cancellationToken).ConfigureAwait(false);
        // Rows that other workers want too come last, to be locked briefly.
        if (rows.Count > 0) await AddToTickersAsync(connection, rows, states, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (day, state) in days) _days[day] = state;
        foreach (var (ticker, state) in states) _tickers[ticker] = state;
        return progress;
    }

    async Task RecordAsync(
        NpgsqlConnection connection, LegacyProgress before, LegacyProgress file, List<LegacyOutcome> batch, IReadOnlySet<long> refused, CancellationToken cancellationToken)
    {
        var kept = batch.Select(outcome => (outcome.SourceRow, Reason: outcome.Problem ?? (refused.Contains(outcome.SourceRow) ? Conflict : null)))
            .Where(reject => reject.Reason is not null).Take((int)Math.Max(0, RejectsKept - before.Rejected)).ToArray();
        await using var record = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                LegacyRecords.Update(migration, file, before.NextRow),
                new("INSERT INTO ops.lake_migration_rejects (migration_id, path, row, reason) SELECT $1, $2, row, reason FROM unnest($3::bigint[], $4::text[]) AS r(row, reason) ON CONFLICT DO NOTHING")
                {
                    Parameters =
                    {
                        new() { Value = migration },
                        new() { Value = file.Path },
                        new() { Value = kept.Select(reject => reject.SourceRow).ToArray() },
                        new() { Value = kept.Select(reject => reject.Reason!).ToArray() },
                    },
                },
            },
        };
        await record.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        if (record.BatchCommands[0].RecordsAffected != 1)
            throw new LegacyException($"{file.Path} is not where this run left it at row {before.NextRow.ToString(CultureInfo.InvariantCulture)}: the migration was taken over or rolled back meanwhile");
    }

    static DateOnly DayOf(LakeRow row) => DateOnly.FromDateTime(row.Timestamp.UtcDateTime);
}
