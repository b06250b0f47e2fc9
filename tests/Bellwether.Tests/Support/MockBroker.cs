using System.Runtime.InteropServices;
using System.Text;
using Bellwether.Engines.Kafka;

namespace Bellwether.Tests.Support;

/// <summary>
/// Brokers inside the client library that speak the protocol over TCP: groups, rebalances, commits, compression. They have no admin calls,
/// make topics by themselves, and keep 5 MiB of a partition.
/// </summary>
public sealed unsafe class MockBroker : IDisposable
{
    readonly nint _client, _cluster;

    /// <param name="library">Path of librdkafka.so.1.</param>
    public MockBroker(string library, int brokers = 1)
    {
        LibRdKafka.Load(library);
        var error = stackalloc byte[512];
        // Only errors: that this client has no address of its own is as it should be.
        var config = ((delegate* unmanaged<nint>)Export("rd_kafka_conf_new"))();
        fixed (byte* name = "log_level\0"u8, value = "3\0"u8)
            ((delegate* unmanaged<nint, byte*, byte*, byte*, nuint, int>)Export("rd_kafka_conf_set"))(config, name, value, error, 512);
        _client = ((delegate* unmanaged<int, nint, byte*, nuint, nint>)Export("rd_kafka_new"))(0, config, error, 512);
        if (_client == 0) throw new InvalidOperationException(Marshal.PtrToStringUTF8((nint)error));
        _cluster = ((delegate* unmanaged<nint, int, nint>)Export("rd_kafka_mock_cluster_new"))(_client, brokers);
        if (_cluster == 0) throw new InvalidOperationException("the mock cluster could not be made");
        // New groups are shared out soon, not after the three seconds that a real cluster waits for more members.
        ((delegate* unmanaged<nint, int, void>)Export("rd_kafka_mock_group_initial_rebalance_delay_ms"))(_cluster, 50);
        ((delegate* unmanaged<nint, int, void>)Export("rd_kafka_mock_set_controller_id"))(_cluster, 1);
        Bootstrap = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Export("rd_kafka_mock_cluster_bootstraps"))(_cluster))!;
    }

    /// <summary><c>host:port</c> of the brokers.</summary>
    public string Bootstrap { get; }

    public void CreateTopic(string topic, int partitions) =>
        With(topic, name => ((delegate* unmanaged<nint, byte*, int, int, int>)Export("rd_kafka_mock_topic_create"))(_cluster, (byte*)name, partitions, 1));

    /// <summary>Closes the broker's port and connections, as its death would.</summary>
    public void Down(int broker = 1) => Check(((delegate* unmanaged<nint, int, int>)Export("rd_kafka_mock_broker_set_down"))(_cluster, broker));

    public void Up(int broker = 1) => Check(((delegate* unmanaged<nint, int, int>)Export("rd_kafka_mock_broker_set_up"))(_cluster, broker));

    /// <summary>Every answer of a broker takes this long.</summary>
    public void RoundTrip(int milliseconds, int broker = 1) =>
        Check(((delegate* unmanaged<nint, int, int, int>)Export("rd_kafka_mock_broker_set_rtt"))(_cluster, broker, milliseconds));

    /// <summary>Drops the records of a partition before an offset, as retention does.</summary>
    public void DropBefore(string topic, int partition, long offset) => With(topic, name =>
        ((delegate* unmanaged<nint, byte*, int, long, int>)Export("rd_kafka_mock_partition_delete_records"))(_cluster, (byte*)name, partition, offset));

    /// <summary>The next requests of a kind are answered with these error codes, one each.</summary>
    public void Fail(short api, params int[] errors)
    {
        fixed (int* codes = errors)
            ((delegate* unmanaged<nint, short, nuint, int*, void>)Export("rd_kafka_mock_push_request_errors_array"))(_cluster, api, (nuint)errors.Length, codes);
    }

    static nint Export(string name) => NativeLibrary.GetExport(LibRdKafka.Handle, name);

    static void With(string text, Func<nint, int> call)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(text + '\0')) Check(call((nint)bytes));
    }

    static void Check(int error)
    {
        if (error != 0) throw new InvalidOperationException($"the mock cluster answered with error {error}");
    }

    public void Dispose()
    {
        ((delegate* unmanaged<nint, void>)Export("rd_kafka_mock_cluster_destroy"))(_cluster);
        ((delegate* unmanaged<nint, void>)Export("rd_kafka_destroy"))(_client);
    }
}
