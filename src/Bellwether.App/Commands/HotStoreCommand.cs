using System.CommandLine;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.App.Commands;

sealed record HotStoreRebuildAnswer(string Address, long Tickers, long Stored, long Removed, double Seconds);

sealed record KeyFamilyAnswer(string Family, long Keys, long Bytes, double BytesPerTicker);

sealed record HotStoreMemoryAnswer(
    string Address, string Encoding, long Tickers, double BytesPerTicker, IReadOnlyList<KeyFamilyAnswer> Families, long ServerBytes, long? ServerLimit);

/// <summary><c>bellwether hotstore</c>: the shared store of live sentiment, rebuilt and measured.</summary>
static class HotStoreCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("hotstore", "Rebuild or measure the shared store of live sentiment", "hotstore rebuild", "hotstore memory --json");
        command.Add(new Verb("rebuild", "Make the shared store equal to the database, whatever is in it; readers and workers may go on", "hotstore rebuild", "hotstore rebuild --json")
            .Runs(screen, globals, RebuildAsync));
        command.Add(new Verb("memory", "Show what the shared store's memory is used for", "hotstore memory", "hotstore memory --json").Runs(screen, globals, MemoryAsync));
        return command;
    }

    static async Task<int> RebuildAsync(Session session, CancellationToken cancellationToken)
    {
        var options = Shared(session);
        await using var desk = await session.OpenAsync(cancellationToken, options: options);
        // Not through the breaker, which hides failures: a person asked and wants to know.
        var store = ((GuardedHotStore)desk.Hot).Inner;
        var started = session.Time.GetTimestamp();
        var done = await ProgressView.RunAsync(session, new TickerGauge(),
            (gauge, token) => new HotStoreRebuild(desk.Reader, store).RunAsync(gauge, token), cancellationToken);
        if (store.ForeignKeys is [var first, ..] foreign)
            throw new CommandException(ExitCode.Unavailable, "hot_store",
                $"{foreign.Count} keys hold data that this program has not written, among them {first}; they are left alone, everything else was rebuilt.",
                "Set HotStore:Redis:KeyPrefix or :Database to one of its own, or delete those keys if nothing needs them.");
        var answer = new HotStoreRebuildAnswer(store.Address, done.Tickers, done.Stored, done.Removed,
            Math.Round(session.Time.GetElapsedTime(started).TotalSeconds, 3));
        if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.HotStoreRebuildAnswer);
        else session.Screen.Out.WriteLine($"rebuilt {answer.Stored:n0} of {answer.Tickers:n0} tickers on {answer.Address} in {answer.Seconds:0.00} s; removed {answer.Removed:n0}");
        return ExitCode.Ok;
    }

    static async Task<int> MemoryAsync(Session session, CancellationToken cancellationToken)
    {
        var options = Shared(session);
        // The database is not needed for it.
        await using var store = new RedisHotStore(options.HotStore, session.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<RedisHotStore>.Instance);
        var memory = await store.MemoryAsync(cancellationToken);
        var answer = new HotStoreMemoryAnswer(store.Address, options.HotStore.Redis.Encoding.ToString().ToLowerInvariant(), memory.Tickers,
            Math.Round(memory.BytesPerTicker, 1),
            [.. memory.Families.Select(f => new KeyFamilyAnswer(f.Family, f.Keys, f.Bytes, memory.Tickers == 0 ? 0 : Math.Round((double)f.Bytes / memory.Tickers, 1)))],
            memory.ServerBytes, memory.ServerLimit == 0 ? null : memory.ServerLimit);
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.HotStoreMemoryAnswer);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("family"), new("keys", Right: true), new("bytes", Right: true), new("bytes per ticker", Right: true));
        foreach (var f in answer.Families) table.Add(f.Family, $"{f.Keys:n0}", $"{f.Bytes:n0}", $"{f.BytesPerTicker:n1}");
        table.Write(session.Screen);
        session.Screen.Out.WriteLine(
            $"{answer.Tickers:n0} tickers on {answer.Address}, {answer.BytesPerTicker:n1} bytes each as {answer.Encoding}; the whole server uses {answer.ServerBytes:n0} bytes" +
            (answer.ServerLimit is { } limit ? $" of {limit:n0}" : ", without a limit"));
        return ExitCode.Ok;
    }

    static DeskOptions Shared(Session session)
    {
        var options = session.LoadOptions();
        return options.HotStore.Kind == HotStoreKind.Redis ? options : throw CommandException.Usage(
            "The hot store is in the memory of each process, so there is no shared one.",
            "Set HotStore:Kind to redis to share one; a store in memory fills itself when it is read.");
    }

    sealed class TickerGauge : IGauge, IProgress<long>
    {
        long _done;

        public string Text => $"{Interlocked.Read(ref _done):n0} tickers";

        public double? Fraction => null;

        public void Report(long value) => Interlocked.Exchange(ref _done, value);
    }
}
