namespace Bellwether.Market.Import;

/// <summary>
/// Whether a file begins with its newest rows, by the first two times of it that differ. Two that lie in an hour which clocks show twice
/// tell nothing: they go up and down in it either way.
/// </summary>
static class FileDirection
{
    /// <param name="open">Opens the file anew; as a rule two rows of it are read.</param>
    public static async Task<bool> DescendsAsync(Func<Task<BarFile>> open, BarSheet.Rules rules, DateOrder dates)
    {
        await using var file = await open();
        var (layout, times) = (BarLayout.Of(file.Name, file.Header), new BarTime(rules.Zone, rules.Interval, rules.Now, dates));
        var (last, forward, backward) = ((DateTime?)null, 0L, 0L);
        await foreach (var row in file.ReadAsync())
        {
            if (row.Fields.Length <= Math.Max(layout.Date, layout.Time)) continue;
            if (!times.TryParse(row.Fields[layout.Date], layout.Time >= 0 ? row.Fields[layout.Time] : null, out var moment, out _)) continue;
            var written = moment.Written;
            if (last is { } before && before != written)
            {
                if (!(rules.Zone.IsAmbiguousTime(before) && rules.Zone.IsAmbiguousTime(written))) return written < before;
                if (written > before) forward++;
                else backward++;
            }
            last = written;
        }
        // A file of that hour alone goes back once, if at all.
        return backward > forward;
    }
}
