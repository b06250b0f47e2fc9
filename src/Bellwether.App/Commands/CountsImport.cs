using System.CommandLine;
using Bellwether.Counts;
using Bellwether.Counts.Import;

namespace Bellwether.App.Commands;

/// <summary><c>counts import</c>, <c>counts delete</c>, <c>counts undelete</c>: posts in, and marked as deleted.</summary>
static class CountsImport
{
    const int Shown = 10;

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var file = new Argument<string?>("FILE") { Description = "CSV, JSON Lines or pages of the X API, gzip or not; - for standard input", Arity = ArgumentArity.ZeroOrOne };
        var account = CountsOptions.Account();
        var format = new Option<PostFormat>("--format") { Description = "csv or json; auto looks at the first character", DefaultValueFactory = _ => PostFormat.Auto };
        var source = new Option<string?>("--source") { Description = "What the posts are from, at most 32 characters [default: the format]", HelpName = "NAME" };
        var since = Moments.Option("--since", "The collector had seen everything from here on [default: the hour of the first post]", screen.Time);
        var until = Moments.Option("--until", "The collector had seen everything up to here; now is allowed [default: the end of the hour of the last post]", screen.Time);
        var sentiment = new Option<bool>("--from-sentiment") { Description = "Take the account's posts that came in for sentiment instead of a file" };
        return new Verb("import", "Take in when an account posted: ids and times, no content; the same file twice adds nothing",
            "counts import posts.csv.gz --account elonmusk", "counts import page.json --account elonmusk --source x_api_v2 --until now --json", "counts import --account elonmusk --from-sentiment")
        { file, account, format, source, since, until, sentiment }.Runs(screen, globals, async (session, token) =>
        {
            if (session.Get(file) is null == !session.Get(sentiment)) throw CommandException.Usage("Name a FILE, or give --from-sentiment, and not both.");
            var import = new PostImport { Account = session.AccountOf(account), Source = session.Get(source), Since = session.Get(since), Until = session.Get(until) };
            return await RunAsync(session, import, session.Get(file), session.Get(format), token);
        });
    }

    public static Verb Mark(Screen screen, GlobalOptions globals, bool deleted)
    {
        var name = deleted ? "delete" : "undelete";
        var ids = new Argument<string[]>("ID") { Description = "Ids of posts", Arity = ArgumentArity.OneOrMore };
        var account = CountsOptions.Account();
        return new Verb(name, deleted ? "Mark posts as deleted: they stay, and no longer count" : "Let deleted posts count again",
            $"counts {name} 1939832826880578000 --account elonmusk", $"counts {name} 1939832826880578000 1939827212896887091 --account elonmusk --json")
        { ids, account }.Runs(screen, globals, async (session, token) =>
        {
            var whose = session.AccountOf(account);
            await using var desk = await session.OpenAsync(token);
            var done = await new PostDeletion(desk.DataSource, desk.Time).RunAsync(whose, session.Get(ids)!, deleted, token);
            if (session.Json) session.WriteJson(done, CommandJson.Relaxed.DeletionResult);
            else session.Screen.Out.WriteLine($"{done.Changed:n0} posts are {(deleted ? "deleted" : "back")} now, {done.Unchanged:n0} were before");
            return done.Unknown.Count == 0 ? ExitCode.Ok
                : throw new CommandException(ExitCode.BadInput, "unknown_post", $"{whose} has no post {string.Join(", ", done.Unknown.Take(Shown))}{(done.Unknown.Count > Shown ? " and others" : "")}.");
        });
    }

    static async Task<int> RunAsync(Session session, PostImport import, string? file, PostFormat format, CancellationToken cancellationToken)
    {
        // Opened first: a file that is not there is told without a database.
        await using var input = file is null ? null : file == "-" ? new StandardInput() : (Stream)PostFile.Open(file);
        // An empty file may say that a collector found nothing new, if it also says up to when.
        var told = import.Since is not null || import.Until is not null;
        if (!told && input is FileStream { CanSeek: true, Length: 0 }) throw NothingRead(file!);
        await using var desk = await session.OpenAsync(cancellationToken);
        var importer = new PostImporter(desk.DataSource, desk.Time);
        var result = await ProgressView.RunAsync(session, new RetentionCommand.RowGauge(), (gauge, token) => input is null
            ? importer.RunFromSentimentAsync(import, token)
            : importer.RunAsync(import, input, file == "-" ? "stdin" : file!, format, gauge, token), cancellationToken);
        foreach (var rejection in result.Rejections.Take(Shown)) session.Note($"rejected line {rejection.Line}: {rejection.Reason}");
        if (result.Rejected > Shown) session.Note($"rejected {result.Rejected - Shown:n0} more{(session.Json ? "" : "; --json lists the first hundred")}");
        // An hour or two between files is how files end; a day is not.
        if (result.Between is { } between && (between.Recorded || between.To - between.From > TimeSpan.FromDays(1)))
            session.Note($"No import covers {Moments.Text(between.From)} to {Moments.Text(between.To)}: {(between.Recorded ? "it is recorded as a gap" : "it counts as observed and empty; if nobody looked, record it: bellwether counts gaps add")}");
        if (session.Json)
        {
            session.WriteJson(result, CommandJson.Relaxed.ImportResult);
        }
        else
        {
            var output = session.Screen.Out;
            output.WriteLine($"read {result.Read:n0} = accepted {result.Accepted:n0} + duplicates {result.Duplicates:n0} + rejected {result.Rejected:n0}");
            if (result.Reclassified > 0) output.WriteLine($"{result.Reclassified:n0} duplicates told of what kind a post is");
            if (result.ObservedUntil is { } until) output.WriteLine($"{result.Account} is observed from {Moments.Text(result.ObservedFrom!.Value)} to {Moments.Text(until)}");
        }
        if (result.Read == 0 && file is null) session.Note($"No post of {import.Account} has come in for sentiment.");
        if (result.Read == 0 && file is not null && !told) throw NothingRead(file);
        // Some bad records among good ones are a matter of course; nothing but bad ones is a wrong file.
        return result.Rejected > 0 && result.Rejected == result.Read
            ? throw new CommandException(ExitCode.BadInput, "bad_input", "Every record was rejected.", "The first reasons stand above.")
            : ExitCode.Ok;
    }

    static CommandException NothingRead(string file) => new(ExitCode.BadInput, "nothing_read", $"{(file == "-" ? "stdin" : file)}: nothing was read; there is no post in it.",
        "If the collector found nothing new, say up to when it looked: --until now.");
}
