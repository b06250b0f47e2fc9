using System.Globalization;

namespace Bellwether.Lake;

/// <summary>Names inside the lake.</summary>
static class LakePaths
{
    public const string FileName = "sentiment.parquet";
    public const string Staging = ".staging";

    /// <summary>Path relative to the lake, as the manifest keeps it.</summary>
    public static string OfDay(DateOnly day) => Path.Combine(Folder(day), FileName);

    public static string Folder(DateOnly day) =>
        string.Create(CultureInfo.InvariantCulture, $"year={day.Year:0000}/month={day.Month:00}/day={day.Day:00}");
}
