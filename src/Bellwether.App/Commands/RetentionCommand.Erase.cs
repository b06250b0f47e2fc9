using System.CommandLine;
using Bellwether.Retention.Archive;
using Bellwether.Retention.Erase;

namespace Bellwether.App.Commands;

/// <param name="Clean">Nothing is there, and everything could be looked into.</param>
/// <param name="Found">Rows or records by place; of a verification all are 0.</param>
/// <param name="Unreadable">Files of the archive that could not be looked into.</param>
sealed record ErasureFindAnswer(bool DryRun, bool Clean, IReadOnlyDictionary<string, long> Found, IReadOnlyList<BadArchiveFile> Unreadable, IReadOnlyList<string> Notes);

static partial class RetentionCommand
{
    static Verb Erase(Screen screen, GlobalOptions globals)
    {
        var author = new Option<string?>("--author") { Description = "Id of the account", HelpName = "ID" };
        var username = new Option<string?>("--username") { Description = "Name of the account, without @ or u/", HelpName = "NAME" };
        var platform = new Option<string?>("--platform") { Description = "Where the account is" };
        platform.AcceptOnlyFromAmong("x", "reddit");
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count what would be erased" };
        var verify = new Option<bool>("--verify") { Description = "Look again everywhere; exit code 3 when something is found, or could not be looked into" };
        var receipt = new Option<Guid?>("--receipt") { Description = "Print the receipt of an erasure again; with a person, tell whether it is theirs", HelpName = "ID" };
        return new Verb("erase", "Remove all data of one account for good, from every place, and give a receipt",
                "retention erase --platform x --author 44196397 --dry-run", "retention erase --platform reddit --username somebody --json",
                "retention erase --platform x --author 44196397 --verify", "retention erase --receipt 01998a5e-0000-7000-8000-000000000000")
        { author, username, platform, dryRun, verify, receipt }
            .Runs(screen, globals, (session, cancellationToken) =>
            {
                var subject = SubjectOf(session.Get(author), session.Get(username), session.Get(platform));
                if (session.Get(receipt) is { } id) return ReceiptAsync(session, id, subject, cancellationToken);
                if (subject is null) throw CommandException.Usage("Nobody is named.", "Give --platform, and --author or --username.");
                return session.Get(dryRun) || session.Get(verify) ? FindAsync(session, subject, session.Get(verify), cancellationToken) : EraseAsync(session, subject, cancellationToken);
            });
    }

    static ErasureSubject? SubjectOf(string? author, string? username, string? platform)
    {
        if (author is null && username is null && platform is null) return null;
        if (author is null == username is null) throw CommandException.Usage("One of --author and --username is needed, not both.");
        if (string.IsNullOrWhiteSpace(author ?? username)) throw CommandException.Usage("An empty name names nobody.");
        return platform is null ? throw CommandException.Usage("--platform is needed: the same name may be somebody else elsewhere.", "Give --platform x or --platform reddit.")
            : new(platform == "x" ? ErasurePlatform.X : ErasurePlatform.Reddit, author?.Trim(), username?.Trim());
    }

    static async Task<int> FindAsync(Session session, ErasureSubject subject, bool verify, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var found = await (await desk.EraserAsync(session.Progress, cancellationToken)).FindAsync(subject, cancellationToken);
        if (session.Json) session.WriteJson(new(!verify, found.IsClean, found.Counts, found.Unreadable, found.Notes), CommandJson.Relaxed.ErasureFindAnswer);
        else
        {
            Write(session, found.Counts);
            foreach (var file in found.Unreadable) session.Screen.Out.WriteLine($"not looked into: {file.Path}: {file.Reason}");
            foreach (var note in found.Notes) session.Screen.Out.WriteLine($"note     {note}");
            session.Screen.Out.WriteLine(found.IsClean ? "nothing is found"
                : !verify ? "nothing was changed" : found.Counts.Values.All(count => count == 0) ? "nothing is found where it could be looked" : "something is still found");
        }
        return verify && !found.IsClean ? ExitCode.BadInput : ExitCode.Ok;
    }

    static async Task<int> EraseAsync(Session session, ErasureSubject subject, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        // Live states are computed anew from both tiers.
        await using var cold = desk.CreateColdReader();
        return Write(session, await (await desk.EraserAsync(session.Progress, cancellationToken)).EraseAsync(subject, cancellationToken), null);
    }

    static async Task<int> ReceiptAsync(Session session, Guid id, ErasureSubject? subject, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var receipt = await ErasureReceipt.ReadAsync(desk.DataSource, id, cancellationToken)
            ?? throw new CommandException(ExitCode.BadInput, "unknown_receipt", $"There is no receipt {id}.");
        if (receipt.Hash is { } hash && hash != receipt.ComputeHash())
            throw new CommandException(ExitCode.Failure, "receipt", $"The receipt {id} was changed after it was given: its hash is {receipt.ComputeHash()}, not {hash}.");
        if (subject is not null && !receipt.IsAbout(subject))
            throw new CommandException(ExitCode.BadInput, "receipt", $"The receipt {id} is about somebody else.");
        return Write(session, receipt, subject);
    }

    static int Write(Session session, ErasureReceipt receipt, ErasureSubject? proven)
    {
        if (session.Json)
        {
            session.WriteJson(receipt, CommandJson.Relaxed.ErasureReceipt);
            return ExitCode.Ok;
        }
        var output = session.Screen.Out;
        Write(session, receipt.Counts);
        output.WriteLine($"receipt  {receipt.Id}");
        output.WriteLine($"subject  {receipt.SubjectHash} (HMAC-SHA256, salt {receipt.SubjectSalt}){(proven is null ? "" : ", which is the one named")}");
        output.WriteLine($"begun    {Moments.Text(receipt.StartedAt)}");
        output.WriteLine(receipt.FinishedAt is { } finished ? $"finished {Moments.Text(finished)}" : "finished not yet: run the same erasure again");
        foreach (var note in receipt.Notes) output.WriteLine($"note     {note}");
        output.WriteLine($"hash     {receipt.Hash}");
        return ExitCode.Ok;
    }

    static void Write(Session session, IReadOnlyDictionary<string, long> counts)
    {
        var table = new TextTable(new("place"), new("found", Right: true));
        foreach (var (place, count) in counts) table.Add(place, $"{count:n0}");
        table.Write(session.Screen);
    }
}
