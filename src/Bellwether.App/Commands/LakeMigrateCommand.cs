using System.CommandLine;
using System.Globalization;
using Bellwether.Lake.Legacy;

namespace Bellwether.App.Commands;

/// <summary><c>lake migrate</c>, <c>lake diff</c>, <c>lake migrations</c>, <c>lake rollback</c>: old files into the lake, proven, and back.</summary>
static class LakeMigrateCommand
{
    public static Verb Migrate(Screen screen, GlobalOptions globals)
    {
        var given = new Given();
        var verify = new Option<bool>("--verify") { Description = "Afterwards read the old files again and compare every value with what the lake answers" };
        var resume = new Option<bool>("--resume") { Description = "Go on with a migration of this folder that was cut off; begin one where there is none" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Read everything, tell what would become of it, change nothing" };
        var verb = new Verb("migrate", "Bring old Parquet files, one a ticker, into the lake, with proof and a way back",
            "lake migrate --from old/", "lake migrate --from old/ --sample 10% --verify", "lake migrate --from old/ --resume --json", "lake migrate --from old/ --dry-run");
        given.AddTo(verb);
        verb.Add(verify);
        verb.Add(resume);
        verb.Add(dryRun);
        return verb.Runs(screen, globals, (session, token) =>
            MigrateAsync(session, given.Of(session), session.Get(resume), session.Get(dryRun), session.Get(verify), token));
    }

    public static Verb Diff(Screen screen, GlobalOptions globals)
    {
        var given = new Given();
        var verb = new Verb("diff", "Ask old files and the lake the same questions and list where the answers differ", "lake diff --from old/", "lake diff --from old/ --json");
        given.AddTo(verb);
        return verb.Runs(screen, globals, async (session, token) =>
        {
            var options = given.Of(session);
            await using var desk = await session.OpenAsync(token);
            var diff = await DiffAsync(session, desk, options, token);
            if (session.Json) session.WriteJson(diff, CommandJson.Relaxed.LegacyDifferences);
            else LakeMigrateView.Write(session.Screen.Out, diff);
            return diff.Agree ? ExitCode.Ok : ExitCode.BadInput;
        });
    }

    public static Verb Migrations(Screen screen, GlobalOptions globals) =>
        new Verb("migrations", "List the migrations of old files, newest first", "lake migrations", "lake migrations --json").Runs(screen, globals, async (session, token) =>
        {
            await using var desk = await session.OpenAsync(token);
            var all = await LegacyMigrationInfo.ListAsync(desk.DataSource, token);
            if (session.Json) session.WriteJson(all, CommandJson.Relaxed.IReadOnlyListLegacyMigrationInfo);
            else LakeMigrateView.Write(session.Screen, all);
            return ExitCode.Ok;
        });

    public static Verb Rollback(Screen screen, GlobalOptions globals)
    {
        var migration = new Option<long?>("--migration") { Description = "Number of the migration, as `lake migrations` shows it [default: the newest that stands]", HelpName = "N" };
        return new Verb("rollback", "Take a migration back: rows, ticker states and files as they were before", "lake rollback", "lake rollback --migration 3 --json") { migration }
            .Runs(screen, globals, async (session, token) =>
            {
                await using var desk = await session.OpenAsync(token);
                var rollback = await desk.LegacyRollbackAsync(session.Progress, token);
                var done = await ProgressView.RunAsync(session, new LegacyProgressGauge(), (gauge, stop) => rollback.RunAsync(session.Get(migration), gauge, stop), token);
                // A shared hot store keeps what is newer, and newer is now wrong.
                if (desk.Hot is Sentiment.HotStore.GuardedHotStore shared) await new Sentiment.HotStore.HotStoreRebuild(desk.Reader, shared.Inner).RunAsync(null, token);
                if (session.Json) session.WriteJson(done, CommandJson.Relaxed.LegacyRollbackReport);
                else LakeMigrateView.Write(session.Screen.Out, done);
                return ExitCode.Ok;
            });
    }

    static async Task<int> MigrateAsync(Session session, LegacyOptions options, bool resume, bool dryRun, bool verify, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var migration = await desk.LegacyMigrationAsync(session.Progress, cancellationToken);
        LegacyReport report;
        try
        {
            report = await ProgressView.RunAsync(session, new LegacyProgressGauge(), (gauge, stop) => migration.RunAsync(options, resume, dryRun, gauge, stop), cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw CommandException.Usage($"{char.ToUpper(error.Message[0], CultureInfo.InvariantCulture)}{error.Message[1..]}.");
        }
        var diff = verify && !dryRun ? await DiffAsync(session, desk, options, cancellationToken) : null;
        if (session.Json) session.WriteJson(LakeMigrateAnswer.Of(report, diff), CommandJson.Relaxed.LakeMigrateAnswer);
        else LakeMigrateView.Write(session.Screen.Out, report, diff);
        return report.BadFiles.Count == 0 && report.Proof?.Holds != false && diff?.Agree != false ? ExitCode.Ok : ExitCode.BadInput;
    }

    static async Task<LegacyDifferences> DiffAsync(Session session, Desk desk, LegacyOptions options, CancellationToken cancellationToken)
    {
        var diff = await desk.LegacyDiffAsync(session.Progress, cancellationToken);
        return await ProgressView.RunAsync(session, new LegacyProgressGauge(), (gauge, stop) => diff.RunAsync(options, gauge, stop), cancellationToken);
    }

    /// <summary>The options that say how old files are read.</summary>
    sealed class Given
    {
        readonly Option<string> _from = new("--from") { Description = "Folder of the old files, or one file", HelpName = "DIR", Required = true };
        readonly Option<double> _sample = Share("--sample", "Take only a share of the results; the same ones every time");
        readonly Option<string?> _zone = new("--timezone") { Description = "Zone of times without an offset [default: UTC]", HelpName = "NAME" };
        readonly Option<TimeSpan?> _knownAfter = Moments.Interval(
            "--known-after", "Rows that do not say when they were processed count as known this long after they happened [default: when their file was last changed]");
        readonly Option<string[]> _map = new("--map") { Description = "Columns that are not called as usual, for example sentiment=polarity", HelpName = "FIELD=COLUMN,…" };

        public void AddTo(Verb verb)
        {
            foreach (var option in (Option[])[_from, _sample, _zone, _knownAfter, _map]) verb.Add(option);
        }

        public LegacyOptions Of(Session session) => new()
        {
            From = session.Get(_from)!,
            Sample = session.Get(_sample),
            TimeZone = session.Get(_zone) ?? "UTC",
            KnownAfter = session.Get(_knownAfter),
            Map = Map(session.Get(_map) ?? []),
        };

        static SortedDictionary<string, string> Map(string[] given)
        {
            var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var pair in given.SelectMany(g => g.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
                if (pair.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } field, { Length: > 0 } column] || !map.TryAdd(field, column))
                    throw CommandException.Usage($"--map: '{pair}' is not FIELD=COLUMN, or its field is mapped twice.");
            return map;
        }

        static Option<double> Share(string name, string description) => new(name)
        {
            Description = description,
            HelpName = "SHARE",
            DefaultValueFactory = _ => 1,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                var percent = text.EndsWith('%');
                if (double.TryParse(text.TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && (percent ? share / 100 : share) is > 0 and <= 1 and var part)
                    return part;
                result.AddError($"{name}: '{text}' is not a share. Write for example 10% or 0.1.");
                return 1;
            },
        };
    }
}
