using System.Diagnostics;
using Bellwether.Retention;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>What the database has to do for a partition that goes, beside what deleting its rows would cost it.</summary>
public sealed class RetentionMeasure(TestServer server)
{
    [Fact(Explicit = true)]
    public async Task Partition_that_is_dropped_costs_the_database_little_and_leaves_no_bloat()
    {
        const int Rows = 2_000_000;
        await using var lab = await RetentionLab.CreateAsync(server, nameof(RetentionMeasure));
        await lab.ExecuteAsync($"""
            CREATE SCHEMA improvement;
            CREATE TABLE improvement.model_predictions (id bigserial, prediction_id uuid NOT NULL, model_version varchar(20) NOT NULL, predicted_at timestamptz NOT NULL,
                confidence_score decimal(5, 4), feature_vector jsonb NOT NULL, PRIMARY KEY (prediction_id, predicted_at)) PARTITION BY RANGE (predicted_at);
            CREATE TABLE improvement.model_predictions_old PARTITION OF improvement.model_predictions FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-08 00:00+00');
            INSERT INTO improvement.model_predictions (prediction_id, model_version, predicted_at, confidence_score, feature_vector)
            SELECT gen_random_uuid(), 'v1', timestamptz '2020-01-01 00:00+00' + n * interval '250 ms', 0.5, '[1.5, 2.5]' FROM generate_series(0, {Rows - 1}) n;
            CREATE TABLE improvement.same AS TABLE improvement.model_predictions; ALTER TABLE improvement.same ADD PRIMARY KEY (prediction_id, predicted_at)
            """);
        await lab.ExecuteAsync("VACUUM ANALYZE improvement.same");
        await lab.ExecuteAsync("VACUUM ANALYZE improvement.model_predictions");
        var delete = Stopwatch.StartNew();
        await lab.ExecuteAsync("DELETE FROM improvement.same WHERE predicted_at < '2020-01-08 00:00+00'");
        var deleted = delete.Elapsed;
        var bloat = await lab.ScalarAsync<long>("SELECT pg_total_relation_size('improvement.same')");
        var fingerprint = Stopwatch.StartNew();
        await lab.ExecuteAsync("SELECT xmin, count(*), bit_xor(hashtidextended(ctid, 0)) FROM improvement.model_predictions_old GROUP BY xmin");
        var compared = fingerprint.Elapsed;
        lab.RowsPerFile = 500_000;
        var run = Stopwatch.StartNew();
        Assert.Equal(Rows, (await lab.RunAsync("model_predictions")).Rows);
        var archived = run.Elapsed;
        var bytes = (await lab.FilesAsync()).Sum(file => file.Bytes);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Rows:n0} rows: DELETE {deleted.TotalSeconds:0.00} s and {bloat:n0} bytes left; comparing under the lock {compared.TotalSeconds:0.00} s; archive, verify and drop {archived.TotalSeconds:0.0} s in all, {bytes:n0} bytes of Parquet, 0 bytes left");
    }
}
