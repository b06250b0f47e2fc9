using Npgsql;

namespace Bellwether.Counts.Events;

/// <summary>Something outside that may make an account post more or less.</summary>
/// <param name="Intensity">0 to 1.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="KnownAt">From when on features may know of it.</param>
public sealed record ExogenousEvent(
    long Id, string Account, string Name, string? Description, string? Category, DateTimeOffset EventStart, DateTimeOffset EventEnd, double Intensity, string Source,
    DateTimeOffset CreatedAt, DateTimeOffset KnownAt);

/// <summary>An event that is to be added.</summary>
/// <param name="KnownAt">Null: from now on, or from its start on where that was earlier.</param>
public sealed record NewEvent(
    string Name, DateTimeOffset EventStart, DateTimeOffset EventEnd, double Intensity, string? Category = null, string? Description = null, string Source = "manual",
    DateTimeOffset? KnownAt = null);

/// <param name="Added">Events that are new.</param>
/// <param name="Updated">Events of the same name and time whose other fields changed.</param>
public sealed record EventsAdded(int Added, int Updated, int Unchanged);

/// <summary>External events, found by overlap with a stretch of time.</summary>
public sealed class EventStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    const string Columns = "id, account, name, description, category, event_start, event_end, intensity, source, created_at, known_at";

    /// <summary>Events that overlap [from, to), by start; an event of no length overlaps where it lies in it.</summary>
    public async Task<IReadOnlyList<ExogenousEvent>> ListAsync(
        string account, DateTimeOffset? from, DateTimeOffset? to, string? category, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await CountAccount.GetAsync(connection, account, cancellationToken).ConfigureAwait(false);
        return await connection.Sql($"""
            SELECT {Columns} FROM counts.exogenous_events
            WHERE account = $1 AND NOT is_deleted AND event_start < coalesce($3::timestamptz, 'infinity')
              AND (event_end > coalesce($2::timestamptz, '-infinity') OR event_end = event_start AND event_start = $2::timestamptz)
              AND ($4::text IS NULL OR category = $4::text)
            ORDER BY event_start, event_end, name
            """, account, from, to, category).ListAsync(Read, cancellationToken).ConfigureAwait(false);
    }

    internal static Task<List<ExogenousEvent>> AllAsync(NpgsqlConnection connection, string account, CancellationToken cancellationToken) => connection.Sql(
        $"SELECT {Columns} FROM counts.exogenous_events WHERE account = $1 AND NOT is_deleted ORDER BY event_start", account).ListAsync(Read, cancellationToken);

    /// <summary>Stretches of events that were added, changed or removed since a moment.</summary>
    internal static Task<List<(DateTimeOffset Start, DateTimeOffset End)>> ChangedAsync(
        NpgsqlConnection connection, string account, DateTimeOffset since, CancellationToken cancellationToken) => connection.Sql(
            "SELECT event_start, event_end FROM counts.exogenous_events WHERE account = $1 AND changed_at > $2", account, since)
            .ListAsync(row => (row.Time(0), row.Time(1)), cancellationToken);

    public async Task<EventsAdded> AddAsync(string account, IReadOnlyCollection<NewEvent> events, CancellationToken cancellationToken)
    {
        foreach (var e in events) Require(e);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: true, cancellationToken).ConfigureAwait(false);
        var (added, updated) = (0, 0);
        foreach (var e in events)
        {
            // xmax is 0 on rows that this statement made; nothing is returned where nothing changed.
            var made = await connection.Sql("""
                INSERT INTO counts.exogenous_events AS x (account, name, description, category, event_start, event_end, intensity, source, created_at, known_at, changed_at)
                VALUES ($1, $2, $3::text, $4::text, $5, $6, $7, $8, $9, $10, $9)
                ON CONFLICT (account, name, event_start, event_end) DO UPDATE SET description = excluded.description, category = excluded.category,
                    intensity = excluded.intensity, source = excluded.source, known_at = excluded.known_at, is_deleted = false, changed_at = excluded.changed_at
                WHERE (x.description, x.category, x.intensity, x.source, x.known_at, x.is_deleted)
                    IS DISTINCT FROM (excluded.description, excluded.category, excluded.intensity, excluded.source, excluded.known_at, false)
                RETURNING xmax = 0
                """, account, e.Name, e.Description, e.Category, e.EventStart, e.EventEnd, e.Intensity, e.Source, now, e.KnownAt ?? CountsClock.Min(now, e.EventStart))
                .ListAsync(row => row.GetBoolean(0), cancellationToken).ConfigureAwait(false);
            added += made is [true] ? 1 : 0;
            updated += made is [false] ? 1 : 0;
        }
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(added, updated, events.Count - added - updated);
    }

    /// <exception cref="CountsException">There is no such event.</exception>
    public async Task RemoveAsync(string account, long id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        if (await connection.Sql("UPDATE counts.exogenous_events SET is_deleted = true, changed_at = $3 WHERE account = $1 AND id = $2 AND NOT is_deleted", account, id, now)
            .RunAsync(cancellationToken).ConfigureAwait(false) == 0)
            throw new CountsException(CountsProblem.Unknown, $"{account} has no event {id}.", "`bellwether counts events list` shows them.");
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="CountsException">A value is out of range.</exception>
    public static NewEvent Require(NewEvent e)
    {
        var name = e.Name.Length > 40 ? e.Name[..40] + "…" : e.Name;
        if (string.IsNullOrWhiteSpace(e.Name) || e.Name.Length > 256) throw CountsException.Input($"The name '{name}' has {e.Name.Length} characters; an event's name has 1 to 256.");
        if (!(e.Intensity is >= 0 and <= 1)) throw CountsException.Input($"The intensity of '{name}' is {e.Intensity}; it is 0 to 1.");
        if (e.EventEnd < e.EventStart) throw CountsException.Input($"'{name}' ends at {e.EventEnd:u}, before it begins at {e.EventStart:u}.");
        CountsLimits.Require($"The start of '{name}'", e.EventStart);
        CountsLimits.Require($"The end of '{name}'", e.EventEnd);
        CountsLimits.Require($"known_at of '{name}'", e.KnownAt);
        if (e.Category?.Length > 64) throw CountsException.Input($"The category of '{name}' has {e.Category.Length} characters; at most 64 are taken.");
        if (e.Source.Length is 0 or > 64) throw CountsException.Input($"The source of '{name}' has {e.Source.Length} characters; it has 1 to 64.");
        return e;
    }

    static ExogenousEvent Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), row.TextOrNull(4), row.Time(5), row.Time(6),
        row.GetDouble(7), row.GetString(8), row.Time(9), row.Time(10));
}
