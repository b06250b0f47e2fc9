using Bellwether.Engines;
using Bellwether.Events;
using Bellwether.Events.Kafka;

[assembly: AssemblyFixture(typeof(Bellwether.Tests.Support.TestKafka))]

namespace Bellwether.Tests.Support;

/// <summary>
/// Brokers for the whole run: those named by BELLWETHER_TEST_KAFKA (host:port), else mock brokers in this process. Every user has topics of
/// its own under a prefix.
/// </summary>
public sealed class TestKafka : IAsyncDisposable
{
    readonly SemaphoreSlim _once = new(1);
    MockBroker? _mock;

    static string? External => Environment.GetEnvironmentVariable("BELLWETHER_TEST_KAFKA");

    /// <summary>Path of the client library; skips the calling test where it is not there and cannot be built, unless CI=true.</summary>
    public static async Task<string> LibraryAsync()
    {
        try
        {
            return await new EngineCache().FindKafkaLibraryAsync(null, null, TestContext.Current.CancellationToken);
        }
        catch (EngineException missing) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(missing.Message);
            throw;
        }
    }

    /// <summary>Brokers that one test may break; only mock ones.</summary>
    public static async Task<MockBroker> OwnAsync() => new(await LibraryAsync());

    /// <summary>Options of a log with 4 partitions a topic and names of its own.</summary>
    public async Task<EventLogOptions> OptionsAsync(string name)
    {
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var library = await LibraryAsync();
            if (External is null) _mock ??= new(library);
        }
        finally
        {
            _once.Release();
        }
        return Options(name, External ?? _mock!.Bootstrap);
    }

    public static EventLogOptions Options(string name, string servers) => new()
    {
        Kind = EventLogKind.Kafka,
        Partitions = 4,
        // Brokers as they are shipped refuse a session below six seconds.
        LeaseTime = External is null ? TimeSpan.FromSeconds(1.5) : TimeSpan.FromSeconds(6),
        Kafka = new()
        {
            BootstrapServers = servers,
            TopicPrefix = $"{name.ToLowerInvariant()}-{$"{Guid.NewGuid():N}"[..12]}.",
            FetchWait = TimeSpan.FromMilliseconds(10),
            Linger = TimeSpan.FromMilliseconds(1),
            AcknowledgeInterval = TimeSpan.FromMilliseconds(100),
        },
    };

    public ValueTask DisposeAsync()
    {
        _mock?.Dispose();
        return ValueTask.CompletedTask;
    }
}
