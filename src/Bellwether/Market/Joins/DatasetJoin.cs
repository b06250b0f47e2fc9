using Bellwether.Analytics.Joins;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Market.Joins;

/// <summary>Which columns two datasets meet by; null for the usual names, as far as they are there.</summary>
/// <param name="By">Columns that both have; empty for the symbol of both.</param>
/// <param name="RightKnown">Since when a right row is known; <c>none</c>: since it happened.</param>
public sealed record JoinColumns(IReadOnlyList<string> By, string? LeftTime = null, string? RightTime = null, string? RightKnown = null,
    string? RightVersion = null)
{
    /// <summary>What the caller calls a choice, such as left-time: errors tell what to give.</summary>
    public Func<string, string> Called { get; init; } = name => $"--{name}";
}

/// <summary>A row whose time cannot be read: a left one finds nothing, a right one is never found.</summary>
/// <param name="Row">From 1, without the header.</param>
public sealed record UnreadTime(string Dataset, long Row, string Column, string Value)
{
    public override string ToString() => $"{Dataset}, row {Row}: {Column} '{Value}' is not a time that can be read";
}

/// <param name="Matched">Left rows that found a right one.</param>
/// <param name="Unread">Times that could not be read, on both sides.</param>
/// <param name="FirstUnread">The first of them.</param>
/// <param name="Columns">What was taken, for people.</param>
public sealed record JoinResult(
    long Left, long Right, long Matched, long Unread, IReadOnlyList<UnreadTime> FirstUnread, string Columns);

/// <summary>
/// Joins two datasets so that each left row sees the right row that was the latest at its time, and nothing that was not known by then. A
/// dataset is a file (CSV, gzip or not, JSON lines, Parquet), a table of the desk, or a SELECT over its tables.
/// </summary>
/// <param name="files">
/// False: only tables and SELECTs, for those who may not see the files of this machine; a time that cannot be read is an error then.
/// </param>
public sealed class DatasetJoin(NpgsqlDataSource tables, LakeOptions options, bool files = true)
{
    const string BarLength = "bar_interval";

    /// <summary>
    /// The joined rows, to be written; every left row once, in its order, with the columns of the right one behind its own.
    /// </summary>
    /// <exception cref="FeedException">A dataset cannot be read, a column is missing, or a time cannot be read.</exception>
    public async Task<(LakeQuery Rows, JoinResult Result)> RunAsync(
        string left, string right, JoinColumns columns, TimeSpan? maxAge, CancellationToken cancellationToken)
    {
        var scratch = new LakeQuery.Scratch { SpillFolder = LakeScratch.Make(options.ScratchDirectory) };
        try
        {
            scratch.Database = DuckDbDatabase.Open(options.DuckDbLibrary,
                new() { MemoryLimitMb = options.MemoryLimitMb, Threads = options.Threads, TempDirectory = scratch.SpillFolder });
            var engine = scratch.Connection = scratch.Database.Connect();
            engine.Execute($"SET TimeZone = 'UTC'; {LakeScratch.Limit(options)}; SET streaming_buffer_size = '1MB'", cancellationToken);
            var (lefts, rights) = (await LoadAsync(engine, "l", left, columns.By, cancellationToken),
                await LoadAsync(engine, "r", right, columns.By, cancellationToken));
            var plan = JoinPlan.Of(left, lefts, right, rights, columns);
            RequireOneLength(engine, right, rights, plan.Right, columns.Called("by"), cancellationToken);
            var unread = new UnreadTimes(strict: !files);
            var matched = Match(engine, plan, left, right, maxAge, unread, cancellationToken, out var counts);
            return (new LakeQuery(scratch, engine.Query(plan.Select(lefts, rights), cancellationToken: cancellationToken)),
                new(counts.Left, counts.Right, matched, unread.Count, unread.First, plan.ToString()));
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>Fills a table; returns its columns.</summary>
    async Task<IReadOnlyList<string>> LoadAsync(DuckDbConnection engine, string table, string dataset, IReadOnlyList<string> by,
        CancellationToken cancellationToken)
    {
        if (files && File.Exists(dataset))
        {
            try
            {
                engine.Execute($"CREATE TABLE {table} AS SELECT * FROM {Reader(engine, dataset, by, cancellationToken)}",
                    cancellationToken);
            }
            catch (DuckDbException error)
            {
                throw new FeedException(dataset, "cannot be read", error.Message, inner: error);
            }
        }
        else
        {
            if (!IsQuery(dataset) && !IsTable(dataset))
                throw new FeedException(dataset, "there is no such file", "A dataset is a file, a table or a SELECT.");
            await using var rows = await new LakeSql(tables, options)
                .QueryAsync(IsQuery(dataset) ? dataset : $"SELECT * FROM {dataset}", cancellationToken);
            var columns = rows.Columns.Select(c => $"{LakeColumn.Quote(c.Name)} {c.Type.ToSql()}");
            engine.Execute($"CREATE TABLE {table} ({string.Join(", ", columns)})", cancellationToken);
            using var appender = engine.CreateAppender(table);
            while (await rows.ReadChunkAsync(cancellationToken)) appender.AppendChunk(rows.Reader);
            appender.Complete();
        }
        using var shape = engine.Query($"SELECT * FROM {table} LIMIT 0", cancellationToken: cancellationToken);
        return [.. shape.Columns.Select(c => c.Name)];
    }

    /// <summary>Reads like a statement; whether it may be run is for the rules of SQL to say.</summary>
    public static bool IsQuery(string dataset) => dataset.TrimStart() is var text
        && (text.StartsWith("select", StringComparison.OrdinalIgnoreCase) || text.StartsWith("with", StringComparison.OrdinalIgnoreCase))
        && text.Any(char.IsWhiteSpace);

    /// <summary>Reads like the name of a table, with its schema or without.</summary>
    public static bool IsTable(string dataset) => dataset.Split('.') is { Length: 1 or 2 } parts
        && parts.All(p => p.Length > 0 && p.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        && (parts.Length == 1 || parts[0].ToLowerInvariant() is "market" or "sentiment" or "ops");

    /// <summary>Bars of a minute and of a day beside each other would answer each question with whichever ended last.</summary>
    static void RequireOneLength(DuckDbConnection engine, string dataset, IReadOnlyList<string> columns, SideColumns side,
        string by, CancellationToken cancellationToken)
    {
        if (!columns.Contains(BarLength, StringComparer.OrdinalIgnoreCase) || side.By.Contains(BarLength, StringComparer.OrdinalIgnoreCase))
            return;
        var groups = side.By.Count == 0 ? "" : $" GROUP BY {string.Join(", ", side.By.Select(LakeColumn.Quote))}";
        using var mixed = engine.Query(
            $"SELECT string_agg(DISTINCT {BarLength}, ', ' ORDER BY {BarLength}), min({BarLength}) FROM r{groups} "
            + $"HAVING count(DISTINCT {BarLength}) > 1 LIMIT 1",
            cancellationToken: cancellationToken);
        if (mixed.Read())
            throw new FeedException(dataset, $"holds bars of several lengths ({mixed.GetString(0)})",
                $"Take one, such as \"select * from price_history where {BarLength} = '{mixed.GetString(1)}'\", "
                + $"or name {BarLength} with {by}.");
    }

    static string Reader(DuckDbConnection engine, string file, IReadOnlyList<string> by, CancellationToken cancellationToken)
    {
        var name = $"'{Path.GetFullPath(file).Replace("'", "''", StringComparison.Ordinal)}'";
        var plain = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? file[..^3] : file;
        return Path.GetExtension(plain).ToLowerInvariant() switch
        {
            ".parquet" => $"read_parquet({name})",
            ".json" or ".jsonl" or ".ndjson" => $"read_json_auto({name})",
            _ => Csv(engine, name, by, cancellationToken),
        };
    }

    // T and F would be read as true and false, and 0700 as 700: what names things is text.
    static string Csv(DuckDbConnection engine, string name, IReadOnlyList<string> by, CancellationToken cancellationToken)
    {
        using var shape = engine.Query($"SELECT * FROM read_csv_auto({name}, sample_size = -1) LIMIT 0",
            cancellationToken: cancellationToken);
        var texts = shape.Columns.Select(c => c.Name).Where(c => JoinPlan.Symbols.Concat(by).Contains(c, StringComparer.OrdinalIgnoreCase))
            .Select(c => $"'{c.Replace("'", "''", StringComparison.Ordinal)}': 'VARCHAR'");
        return $"read_csv_auto({name}, sample_size = -1{(texts.Any() ? $", types = {{{string.Join(", ", texts)}}}" : "")})";
    }

    static long Match(DuckDbConnection engine, JoinPlan plan, string left, string right, TimeSpan? maxAge, UnreadTimes unread,
        CancellationToken cancellationToken, out (long Left, long Right) counts)
    {
        var groups = new JoinKeys();
        var (lefts, rights) = (JoinSide.Read(engine, "l", left, plan.Left, groups, unread, cancellationToken),
            JoinSide.Read(engine, "r", right, plan.Right, groups, unread, cancellationToken));
        counts = (lefts.Keys.Length, rights.Keys.Length);
        var matches = new int[lefts.Keys.Length];
        var found = AsOfJoin.Match(lefts.Rows, rights.Rows, matches, maxAge is { } age ? (long)age.TotalMicroseconds : null);
        engine.Execute("CREATE TABLE m (l BIGINT, r BIGINT)", cancellationToken);
        using var appender = engine.CreateAppender("m");
        for (var i = 0; i < matches.Length; i++)
        {
            appender.Append((long)i);
            if (matches[i] >= 0) appender.Append((long)matches[i]);
            else appender.AppendNull();
            appender.EndRow();
        }
        appender.Complete();
        return found;
    }
}
