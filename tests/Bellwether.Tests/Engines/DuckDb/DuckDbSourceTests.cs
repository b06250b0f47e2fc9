using Bellwether.Engines.DuckDb;

namespace Bellwether.Tests.Engines.DuckDb;

public sealed class DuckDbSourceTests : IDisposable
{
    readonly DuckDbDatabase _database = DuckDbTestLibrary.Open(threads: 1);
    readonly DuckDbConnection _connection;

    public DuckDbSourceTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    DuckDbSource Create() => new(_connection, "incoming", [("n", DuckDbType.BigInt, null), ("t", DuckDbType.Varchar, null), ("j", DuckDbType.Varchar, "JSON")]);

    static async Task ProduceAsync(DuckDbSource source, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            source.Append((long)i);
            if (i % 3 == 0) source.AppendNull();
            else source.Append($"text number {i}");
            source.Append("{}");
            await source.EndRowAsync(Token);
        }
        await source.EndSectionAsync(Token);
    }

    [Fact]
    public async Task Sections_are_read_in_order_by_one_statement_each()
    {
        using var source = Create();
        foreach (var (first, count) in ((int, int)[])[(0, 10_000), (10_000, 0), (10_000, 1), (10_001, 2048)])
        {
            var query = Task.Run(() =>
            {
                using var reader = _connection.Query("FROM incoming()", cancellationToken: Token);
                Assert.True(reader.Columns[2].Type.IsJson);
                var next = (long)first;
                while (reader.Read())
                {
                    Assert.Equal(next, reader.GetInt64(0));
                    Assert.Equal(next % 3 == 0 ? null : $"text number {next}", reader.GetValue(1));
                    next++;
                }
                return next - first;
            }, Token);
            await ProduceAsync(source, first, count);
            Assert.Equal(count, await query);
        }
    }

    [Fact]
    public async Task Stopped_source_fails_the_statement()
    {
        using var source = Create();
        var query = Task.Run(() => _connection.Scalar("SELECT count(*) FROM incoming()"), Token);
        source.Append(1L);
        source.AppendNull();
        source.AppendNull();
        await source.EndRowAsync(Token);
        source.Stop();
        Assert.Contains("stopped", (await Assert.ThrowsAsync<DuckDbException>(() => query)).Message);
    }

    [Fact]
    public async Task Producer_ahead_of_no_statement_waits_and_can_be_cancelled()
    {
        using var source = Create();
        using var cancel = new CancellationTokenSource();
        var producing = Task.Run(async () =>
        {
            for (var i = 0L; ; i++)
            {
                source.Append(i);
                source.AppendNull();
                source.AppendNull();
                await source.EndRowAsync(cancel.Token);
                if (i == 5000) await cancel.CancelAsync();
            }
        }, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => producing);
    }
}
