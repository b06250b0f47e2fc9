namespace Bellwether.Analytics.Counts.Hawkes;

/// <summary>
/// Self-exciting process with exponential kernel and a baseline that repeats every day (Hawkes, Biometrika 58, 1971):
/// λ(t) = m_h(t)·s(t) + Σ α e^(−β(t − tᵢ)) over the events before t, m_h the baseline of the hour of the day (UTC), s(t) a known scale of the
/// hour. Time is in hours, so α, β and m are per hour.
/// </summary>
/// <param name="Baseline">m₀ … m₂₃, all above 0: events an hour that no earlier event has brought about, for scale 1.</param>
/// <param name="Alpha">α ≥ 0, below β.</param>
/// <param name="Beta">β above 0: what an event brings about follows within about 1/β hours.</param>
public sealed record HawkesParameters(double[] Baseline, double Alpha, double Beta)
{
    public const int Phases = 24;

    /// <summary>α/β: how many events one event brings about directly. Below 1, else the process explodes.</summary>
    public double Branching => Alpha / Beta;

    /// <summary>Throws <see cref="ArgumentException"/> for values that define no stationary process.</summary>
    public void Require()
    {
        if (Baseline.Length != Phases || Baseline.Any(m => !(m > 0 && double.IsFinite(m))))
            throw new ArgumentException($"There are {Baseline.Length} baselines; expected {Phases}, each finite and above 0.");
        if (!(Alpha >= 0 && Beta > 0 && double.IsFinite(Beta) && Alpha < Beta))
            throw new ArgumentException($"α = {Alpha} and β = {Beta}; expected 0 ≤ α < β.");
    }
}
