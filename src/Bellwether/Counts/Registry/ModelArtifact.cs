using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Analytics.Counts;

namespace Bellwether.Counts.Registry;

/// <summary>
/// What a training found, as it lies in the folder of artifacts. With the same posts and settings the same artifact comes out, so a version can be
/// computed again and compared.
/// </summary>
/// <param name="DataSha256">Of the posts' times, the gaps, the silences that are left out, and the events in the window.</param>
/// <param name="Weights">How much each model counts in the default one, by kind of window.</param>
public sealed record ModelArtifact(
    string Model, string Version, string Account, string Profile, DateTimeOffset TrainingStart, DateTimeOffset TrainingEnd, int Posts, string DataSha256, JsonElement Settings,
    bool Converged, int Observations, double? LogLikelihood, IReadOnlyList<ArtifactParameter> Parameters, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>>? Weights)
{
    /// <summary>Where the artifacts of an account lie below the data folder.</summary>
    internal static string FolderOf(string dataFolder, string account) => Path.Combine(dataFolder, "models", "counts", account);

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

    /// <summary>Null where it is not there, or no artifact.</summary>
    internal static async Task<ModelArtifact?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync(file, ArtifactJson.Default.ModelArtifact, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
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
