using System.Globalization;
using System.IO.Compression;
using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Tests.Analytics.Counts;

/// <summary>Histories to forecast: invented ones with known habits, and a real one.</summary>
static class CountSamples
{
    public const long Start = 1_704_067_200;

    /// <summary>Hours of an account with a night, a weekend, a level that wanders, and an outage of two days.</summary>
    public static (CountHistory History, double[] Events) Invented(int days, int seed)
    {
        var random = new Random(seed);
        var (counts, observed, events) = (new int[24 * days], new bool[24 * days], new List<double>());
        var log = Math.Log(40);
        for (var hour = 0; hour < counts.Length; hour++)
        {
            if (hour % 24 == 0)
                log += 0.15 * (random.NextDouble() + random.NextDouble() - 1);
            var share = (1 + Math.Sin(2 * Math.PI * (hour % 24 - 4) / 24)) / 24;
            observed[hour] = hour / 24 is not (70 or 71);
            counts[hour] = observed[hour] ? NegativeBinomialCount.Sample(random, Math.Exp(log) * (share + 0.003), 0.5) : 0;
            events.AddRange(Enumerable.Range(0, counts[hour]).Select(_ => Start + 3600 * (hour + random.NextDouble())).Order());
        }
        return (CountHistory.OfHours(Start, counts, observed), [.. events]);
    }

    /// <summary>Timestamps of a public account, ascending; skips the calling test where they are not at hand.</summary>
    public static double[] Timestamps()
    {
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(SharedData.File("counts", "elonmusk_timestamps_2010_2025H1.csv.gz")), CompressionMode.Decompress));
        List<double> times = [];
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
            times.Add(DateTimeOffset.Parse(line.Split(',')[1], CultureInfo.InvariantCulture).ToUnixTimeSeconds());
        times.Sort();
        return [.. times];
    }

    public static long At(string date) =>
        DateTimeOffset.Parse(date + "T00:00:00Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds();

    /// <summary>Their hours, without the days on which the collector is known to have been away.</summary>
    public static CountHistory Real(double[] timestamps, string from, string to) => CountHistory.OfTimestamps(timestamps, At(from), At(to),
        (At("2023-05-30"), At("2023-06-01")), (At("2023-08-15"), At("2023-08-19")), (At("2023-11-04"), At("2023-11-05")),
        (At("2023-11-29"), At("2023-11-30")), (At("2024-11-21"), At("2024-11-22")));
}
