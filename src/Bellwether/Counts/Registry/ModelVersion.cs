using Npgsql;

namespace Bellwether.Counts.Registry;

/// <summary>A model as it was trained once.</summary>
/// <param name="Hyperparameters">JSON.</param>
/// <param name="Rmse">Of the mean, posts a day, over days that were forecast one day ahead; null where that was not measured.</param>
/// <param name="Mae">Of the median, likewise.</param>
/// <param name="Mape">Of the median, as a share of what came; null as soon as one day had no post, since it is undefined then.</param>
/// <param name="LogLikelihood">Maximised; null for models that maximise none.</param>
/// <param name="ArtifactPath">From the data folder on.</param>
public sealed record ModelVersion(
    long Id, string Account, string Profile, string ModelName, [property: System.Text.Json.Serialization.JsonPropertyName("model_version")] string Version, DateTimeOffset TrainedAt, DateTimeOffset TrainingStartDate,
    DateTimeOffset TrainingEndDate, string? Hyperparameters, double? Rmse, double? Mae, double? Mape, double? LogLikelihood, string? ArtifactPath);

/// <summary>Rows of counts.model_metadata. A version never changes but for measures that were missing.</summary>
public sealed class ModelRegistry(NpgsqlDataSource dataSource)
{
    const string Columns = """
        id, account, profile, model_name, model_version, trained_at, training_start_date, training_end_date, hyperparameters, rmse, mae, mape, log_likelihood, artifact_path
        """;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<ModelVersion>> ListAsync(string account, string? model, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await CountAccount.GetAsync(connection, account, cancellationToken).ConfigureAwait(false);
        return await connection.Sql($"SELECT {Columns} FROM counts.model_metadata WHERE account = $1 AND ($2::text IS NULL OR model_name = $2::text) ORDER BY trained_at DESC, id DESC", account, model)
            .ListAsync(Read, cancellationToken).ConfigureAwait(false);
    }

    internal async Task<ModelVersion?> FindAsync(string account, CountingProfile profile, string model, string version, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return (await connection.Sql($"SELECT {Columns} FROM counts.model_metadata WHERE account = $1 AND profile = $2 AND model_name = $3 AND model_version = $4",
            account, profile.Name, model, version).ListAsync(Read, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
    }

    /// <summary>The version that knows most of a window's beginning on without having seen anything at or after an origin; null when there is none.</summary>
    internal async Task<ModelVersion?> LatestAsync(
        string account, CountingProfile profile, string model, DateTimeOffset start, DateTimeOffset origin, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return (await connection.Sql($"""
            SELECT {Columns} FROM counts.model_metadata WHERE account = $1 AND profile = $2 AND model_name = $3 AND training_start_date <= $4 AND training_end_date <= $5
            ORDER BY training_end_date DESC, trained_at DESC, id DESC LIMIT 1
            """, account, profile.Name, model, start, origin).ListAsync(Read, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
    }

    internal async Task<ModelVersion> AddAsync(ModelVersion version, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return (await connection.Sql($"""
            INSERT INTO counts.model_metadata AS m (account, profile, model_name, model_version, trained_at, training_start_date, training_end_date, hyperparameters, rmse, mae, mape,
                log_likelihood, artifact_path)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text, $9::float8, $10::float8, $11::float8, $12::float8, $13::text)
            ON CONFLICT (account, profile, model_name, model_version) DO UPDATE SET rmse = coalesce(m.rmse, excluded.rmse), mae = coalesce(m.mae, excluded.mae),
                mape = CASE WHEN m.rmse IS NULL THEN excluded.mape ELSE m.mape END
            RETURNING {Columns}
            """, version.Account, version.Profile, version.ModelName, version.Version, version.TrainedAt, version.TrainingStartDate, version.TrainingEndDate, version.Hyperparameters,
            version.Rmse, version.Mae, version.Mape, version.LogLikelihood, version.ArtifactPath).ListAsync(Read, cancellationToken).ConfigureAwait(false))[0];
    }

    static ModelVersion Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.Time(5), row.Time(6), row.Time(7),
        row.TextOrNull(8), row.DoubleOrNull(9), row.DoubleOrNull(10), row.DoubleOrNull(11), row.DoubleOrNull(12), row.TextOrNull(13));
}
