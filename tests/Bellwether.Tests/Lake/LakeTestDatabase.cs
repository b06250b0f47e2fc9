using Bellwether.Lake;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Lake;

/// <summary>An empty migrated database and an empty lake folder.</summary>
public sealed class LakeTestDatabase : IAsyncDisposable
{
    readonly TestDatabase _database;

    LakeTestDatabase(TestDatabase database)
    {
        _database = database;
        // A session zone far from UTC: nothing here may depend on it.
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Timezone = "America/New_York" });
    }

    public static async Task<LakeTestDatabase> CreateAsync(TestServer server) => new(await server.MigratedAsync("lake"));

    public NpgsqlDataSource Source { get; }

    public string ConnectionString => _database.ConnectionString;

    /// <summary>How PostgreSQL reads sealed days; null where a test does not ask it.</summary>
    public ColdTier? Cold { get; set; }

    public string Name => new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database!;

    public string Folder { get; } = Directory.CreateTempSubdirectory("lake-test-").FullName;

    public string Scratch { get; } = Directory.CreateTempSubdirectory("lake-scratch-").FullName;

    /// <summary>Where the lake lies instead of the folder.</summary>
    public LakeStore? Store { get; set; }

    public LakeOptions Options => new() { Directory = Folder, Store = Store, ScratchDirectory = Scratch, DuckDbLibrary = Engines.DuckDb.DuckDbTestLibrary.Path };

    public LakeWriter Writer => new(Source, Options, TimeProvider.System, Cold);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task AddDayAsync(DateOnly day, int days = 1) => ExecuteAsync(AddDaySql(day, days));

    public static string AddDaySql(DateOnly day, int days) => $"""
        DO $$ DECLARE d timestamptz; BEGIN
          FOR i IN 0..{days - 1} LOOP
            d := timestamptz '{day:yyyy-MM-dd} 00:00:00+00' + i * interval '24 hours';
            EXECUTE format('CREATE TABLE sentiment.%I PARTITION OF sentiment.sentiment_data FOR VALUES FROM (%L) TO (%L)',
                           'sentiment_data_' || to_char(d AT TIME ZONE 'UTC', 'YYYYMMDD'), d, d + interval '24 hours');
          END LOOP;
        END $$
        """;

    /// <summary>Rows spread evenly over days that have partitions; every kind of value and of absence occurs. The days become dirty.</summary>
    public Task FillAsync(DateOnly first, int days, int rowsPerDay, string tag = "a") => ExecuteAsync(FillSql(first, days, rowsPerDay, tag));

    public static string FillSql(DateOnly first, int days, int rowsPerDay, string tag) => $$"""
        INSERT INTO sentiment.sentiment_data
        SELECT timestamptz '{{first:yyyy-MM-dd}} 00:00:00+00' + d * interval '24 hours' + (r % 86400) * interval '1 second' + (r % 7) * interval '1 microsecond',
               (ARRAY['AAPL','TSLA','BRK.B','Ünï','GME'])[1 + r % 5], CASE WHEN r % 11 = 0 THEN NULL WHEN r % 11 = 1 THEN '' ELSE 'Title of ' || r || ' é東🚀' END,
               sin(r) , abs(cos(r)), 'wire', CASE WHEN r % 3 = 0 THEN NULL ELSE 'https://example.org/' || r END, 'lexicon', md5('{{tag}}' || d || ':' || r),
               CASE WHEN r % 13 = 0 THEN NULL ELSE repeat('text of an article; ', (r % 20)::int) || r END,
               timestamptz '2024-06-01 00:00:00+00' + r * interval '1 millisecond', timestamptz '2024-06-01 00:00:01+00' + r * interval '1 millisecond',
               CASE WHEN r % 4 = 0 THEN NULL ELSE jsonb_build_object('n', r, 'a', 0.1 + r, 's', 'x"y') END,
               'event-' || r, 'news', CASE WHEN r % 2 = 0 THEN 'high' ELSE 'standard' END, 0.1 + r % 5, '1.0', 0.3, 0.1, 1
        FROM generate_series(0, {{days - 1}}) d, generate_series(1, {{rowsPerDay}}) r;
        INSERT INTO ops.lake_days (day, hot_rows, revision)
        SELECT date '{{first:yyyy-MM-dd}}' + d, {{rowsPerDay}}, 1 FROM generate_series(0, {{days - 1}}) d
        ON CONFLICT (day) DO UPDATE SET hot_rows = ops.lake_days.hot_rows + excluded.hot_rows, revision = ops.lake_days.revision + 1
        """;

    /// <summary>An answer as CSV without its header, lines joined by semicolons.</summary>
    public async Task<string> CsvAsync(string sql)
    {
        await using var query = await new LakeSql(Source, Options).QueryAsync(sql, TestContext.Current.CancellationToken);
        using var output = new MemoryStream();
        await LakeQueryWriter.WriteAsync(query, LakeFormat.Csv, output, TestContext.Current.CancellationToken);
        var text = System.Text.Encoding.UTF8.GetString(output.ToArray());
        return text[(text.IndexOf('\n') + 1)..].Trim().Replace("\r\n", ";");
    }

    public string FileOf(DateOnly day) => Path.Combine(Folder, $"year={day:yyyy}", $"month={day:MM}", $"day={day:dd}", "sentiment.parquet");

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        Directory.Delete(Scratch, recursive: true);
    }
}
