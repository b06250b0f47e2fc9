using Bellwether.Lake;

namespace Bellwether.Retention;

/// <summary>Days of hot rows by way of the lake: what is not written yet is written first.</summary>
public sealed class LakeDaySealer(LakeSealer sealer, LakeWriter writer) : IDaySealer
{
    const int MostReasons = 3;

    public async Task<DaySealPlan> PlanAsync(DateOnly before, CancellationToken cancellationToken)
    {
        var days = await sealer.PlanAsync(before, cancellationToken).ConfigureAwait(false);
        return new(days.Count, days.Sum(day => day.Rows), days.Sum(day => day.HotBytes), Reasons(days));
    }

    public async Task<DaySealResult> SealAsync(DateOnly before, CancellationToken cancellationToken)
    {
        if ((await sealer.PlanAsync(before, cancellationToken).ConfigureAwait(false)).Any(day => day.Blocker is not null))
            await writer.WriteDirtyDaysAsync(null, cancellationToken).ConfigureAwait(false);
        var done = await sealer.SealAsync(before, null, cancellationToken).ConfigureAwait(false);
        return new(done.Days, done.Rows, done.Bytes);
    }

    static string[] Reasons(IReadOnlyList<LakeSealDay> days)
    {
        var blocked = days.Where(day => day.Blocker is not null).ToArray();
        return blocked.Length <= MostReasons ? [.. blocked.Select(day => $"{day.Day:yyyy-MM-dd} {day.Blocker}")]
            : [.. blocked.Take(MostReasons).Select(day => $"{day.Day:yyyy-MM-dd} {day.Blocker}"), $"and {blocked.Length - MostReasons} more days"];
    }
}

/// <summary>Days that cannot be sealed, with the reason.</summary>
public sealed class NoDaySealer(string reason) : IDaySealer
{
    public Task<DaySealPlan> PlanAsync(DateOnly before, CancellationToken cancellationToken) => Task.FromResult(new DaySealPlan(0, 0, 0, [reason]));

    public Task<DaySealResult> SealAsync(DateOnly before, CancellationToken cancellationToken) => Task.FromResult(new DaySealResult(0, 0, 0));
}
