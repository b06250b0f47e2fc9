using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Analytics.Counts;

namespace Bellwether.Counts.Registry;

/// <summary>
/// What a training found, as it lies in the folder of artifacts. With the same posts and settings the same artifact comes out, so a version can be
/// computed again and compared.
/// </summary>
/// <param name="DataSha256">Of the posts' times and the gaps in the window.</param>
/// <param name="Weights">How much each model counts in the default one, by kind of window.</param>
public sealed record ModelArtifact(
    string Model, string Version, string Account, string Profile, DateTimeOffset TrainingStart, DateTimeOffset TrainingEnd, int Posts, string DataSha256, JsonElement Settings,
    bool Converged, int Observations, double? LogLikelihood, IReadOnlyList<ArtifactParameter> Parameters, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>>? Weights)
{
    /// <param name="posts">Seconds since 1970.</param>
    internal static string Hash(ReadOnlySpan<double> posts, AccountPosts account, DateTimeOffset from, DateTimeOffset to)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (first, last) = (CountsClock.UnixSeconds(from), CountsClock.UnixSeconds(to));
        foreach (var post in posts)
            if (post >= first && post < last) hash.AppendData(BitConverter.GetBytes((long)Math.Round(post * 1e6)));
        foreach (var gap in account.Gaps.Where(g => g.GapStart < to && g.GapEnd > from))
        {
            hash.AppendData("gap"u8);
            hash.AppendData(BitConverter.GetBytes(gap.GapStart.UtcTicks));
            hash.AppendData(BitConverter.GetBytes(gap.GapEnd.UtcTicks));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes beside the place and moves: whoever looks sees a whole file or none.</summary>
    internal async Task SaveAsync(string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var beside = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            await File.WriteAllTextAsync(beside, JsonSerializer.Serialize(this, ArtifactJson.Default.ModelArtifact), cancellationToken).ConfigureAwait(false);
            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    internal static IReadOnlyList<ArtifactParameter> Of(CountFit fit) =>
        [.. fit.Parameters.Select(p => new ArtifactParameter(p.Name, p.Estimate, CountsSql.Finite(p.StandardError)))];
}

/// <param name="StandardError">Null where the estimate lies on the edge of what is allowed.</param>
public sealed record ArtifactParameter(string Name, double Estimate, double? StandardError);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelArtifact))]
[JsonSerializable(typeof(ModelSettings))]
sealed partial class ArtifactJson : JsonSerializerContext;
