using Bellwether.Lake.Legacy;

namespace Bellwether.App.Commands;

/// <param name="Verify">Null without --verify.</param>
sealed record LakeMigrateAnswer(
    long? Migration, string Source, bool DryRun, int Files, long Read, long Migrated, long Skipped, long Duplicates, long Rejected, long Results, double? TextCoverage,
    double? MsPerRecord, double Seconds, IReadOnlyDictionary<string, double> FieldCoverage, IReadOnlyDictionary<string, long> Reasons, LegacyProof? Proof,
    IReadOnlyList<LegacyBadFile> BadFiles, LegacyDifferences? Verify)
{
    public static LakeMigrateAnswer Of(LegacyReport r, LegacyDifferences? verify) => new(
        r.Migration, r.Source, r.DryRun, r.Files, r.Read, r.Migrated, r.Skipped, r.Duplicates, r.Rejected, r.Results, r.TextCoverage, r.MsPerRecord, r.Seconds,
        r.FieldCoverage, r.Reasons, r.Proof, r.BadFiles, verify);
}

/// <summary>How far a migration, a comparison or a rollback has come.</summary>
sealed class LegacyProgressGauge : IGauge, IProgress<LegacyGauge>
{
    volatile Tuple<LegacyGauge>? _state;

    public void Report(LegacyGauge value) => _state = Tuple.Create(value);

    public string Text => _state?.Item1 is { } s ? $"{s.Stage}: {s.Done:n0}{(s.Total > 0 ? $" of {s.Total:n0}" : "")}" : "looking for files";

    public double? Fraction => _state?.Item1 is { Total: > 0 } s ? Math.Min(1, (double)s.Done / s.Total) : null;
}

/// <summary>Reports of migrations for people.</summary>
static class LakeMigrateView
{
    public static void Write(TextWriter output, LegacyReport r, LegacyDifferences? diff)
    {
        output.WriteLine(r.DryRun ? $"nothing was changed; a migration of {r.Source} would do this:"
            : r.Migration is { } id ? $"migration {id} of {r.Source}" : $"{r.Source} was migrated before; nothing was changed");
        output.WriteLine($"files     {r.Files:n0}{(r.BadFiles.Count > 0 ? $", {r.BadFiles.Count:n0} of them bad" : "")}");
        output.WriteLine($"rows      {r.Read:n0} read: {r.Migrated:n0} migrated, {r.Skipped:n0} skipped, {r.Duplicates:n0} duplicates, {r.Rejected:n0} rejected");
        foreach (var (reason, rows) in r.Reasons) output.WriteLine($"          {rows:n0}: {reason}");
        if (r.Results > 0) output.WriteLine($"coverage  {string.Join(", ", r.FieldCoverage.Select(field => $"{field.Key} {field.Value:P1}"))}");
        if (r.MsPerRecord is { } ms) output.WriteLine($"time      {r.Seconds:n1} s, {ms:0.000} ms a row");
        if (r.Proof is { } p)
        {
            output.WriteLine($"proof     {p.Proven:n0} of {p.Days:n0} days hold exactly what they held and what was added{(p.Shared > 0 ? $"; {p.Shared:n0} others were written by others too" : "")}");
            foreach (var day in p.Wrong) output.WriteLine($"          WRONG: {day:yyyy-MM-dd} holds something else");
        }
        foreach (var file in r.BadFiles) output.WriteLine($"bad file  {file.Path} {file.Reason}");
        if (diff is not null) Write(output, diff);
    }

    public static void Write(TextWriter output, LegacyDifferences d)
    {
        output.WriteLine($"compared  {d.Rows:n0} old results of {d.Groups:n0} tickers and days: {d.Same:n0} the same, {d.Repeated:n0} repeated, {d.Live:n0} of a feed, "
            + $"{d.Different:n0} different, {d.Missing:n0} missing; {d.OnlyInLake:n0} more in the lake, {d.Rejected:n0} rejected");
        foreach (var e in d.Examples)
        {
            output.WriteLine($"          {e.Kind}: {e.File} row {e.Row} {e.Ticker} {e.ArticleId}");
            foreach (var field in e.Fields) output.WriteLine($"            {field.Field}: old {field.Old ?? "NULL"}, lake {field.Lake ?? "NULL"}");
        }
        foreach (var file in d.BadFiles) output.WriteLine($"bad file  {file.Path} {file.Reason}");
    }

    public static void Write(Screen screen, IReadOnlyList<LegacyMigrationInfo> all)
    {
        var table = new TextTable(new("number", Right: true), new("from"), new("status"), new("begun"), new("files", Right: true), new("results", Right: true));
        foreach (var m in all) table.Add($"{m.Id}", m.Source, m.Status, Moments.Text(m.StartedAt), $"{m.Files:n0}", $"{m.Rows:n0}");
        table.Write(screen);
    }

    public static void Write(TextWriter output, LegacyRollbackReport r)
    {
        output.WriteLine($"rolled back migration {r.Migration} of {r.Source} in {r.Seconds:n1} s");
        output.WriteLine($"results   {r.Rows:n0} taken away");
        output.WriteLine($"tickers   {r.Tickers:n0} as before{(r.TickersRecomputed > 0 ? $", {r.TickersRecomputed:n0} computed anew, because they have newer results" : "")}");
        output.WriteLine($"days      {r.DaysRestored:n0} as before to the last byte{(r.DaysRewritten > 0 ? $", {r.DaysRewritten:n0} written anew, because they have newer rows" : "")}");
    }
}
