using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Tests.Support;
using Dapper;
using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Events;

public sealed class KafkaEventLogTests(TestServer server, TestKafka kafka) : EventLogContract
{
    protected override async Task<LogUnderTest> OpenAsync()
    {
        var options = await kafka.OptionsAsync("contract");
        var database = await server.MigratedAsync(nameof(KafkaEventLogTests));
        var log = new KafkaEventLog(database.DataSource, options, await TestKafka.LibraryAsync(), new TestLog().CreateLogger<KafkaEventLog>(), TimeProvider.System);
        return new(log, CommitAsync, async () =>
        {
            await log.DisposeAsync();
            await database.DisposeAsync();
        });

        async Task CommitAsync(string group, IReadOnlyList<OffsetMove> moves)
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
            await using var transaction = await connection.BeginTransactionAsync(Cancel);
            var topic = await connection.QuerySingleAsync<string>("SELECT DISTINCT topic FROM ops.consumer_offsets");
            await ConsumerOffsets.AdvanceAsync(connection, group, topic, moves, Cancel);
            await transaction.CommitAsync(Cancel);
        }
    }
}
