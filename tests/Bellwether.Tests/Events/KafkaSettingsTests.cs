using System.Text.Json;
using Bellwether.App;
using Bellwether.Engines;
using Bellwether.Engines.Kafka;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Events;

public sealed class KafkaSettingsTests
{
    [Fact]
    public void Settings_are_read_from_the_file_of_the_desk()
    {
        var folder = TestFolder.Create("settings");
        try
        {
            var password = Path.Combine(folder, "password");
            File.WriteAllText(password, "hunter2\n");
            var options = Load(folder, $$"""{ "BootstrapServers": "k1:9093, k2:9093", "Tls": true, "Sasl": "scramSha512", "User": "desk", "PasswordFile": {{JsonSerializer.Serialize(password)}}, "Compression": "lz4", "Linger": "00:00:00.020" }""");
            Assert.Equal(EventLogKind.Kafka, options.EventLog.Kind);
            var producer = KafkaConfig.Producer(options.EventLog.Kafka).ToDictionary(p => p.Key, p => p.Value);
            Assert.Equal(("sasl_ssl", "SCRAM-SHA-512", "hunter2", "lz4", "20"),
                (producer["security.protocol"], producer["sasl.mechanism"], producer["sasl.password"], producer["compression.type"], producer["linger.ms"]));
            // acks -1: all in-sync replicas.
            Assert.Equal(("-1", "True"), (producer["acks"], producer["enable.idempotence"]));
            Assert.True(int.Parse(producer["message.max.bytes"]) >= 10_000_000);
            Assert.DoesNotContain("hunter2", options.ToString());
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Theory]
    [InlineData("""{ "BootstrapServers": "" }""", "BootstrapServers")]
    [InlineData("""{ "BootstrapServers": "a b" }""", "host:port")]
    [InlineData("""{ "CaFile": "/nowhere/ca.pem", "Tls": true }""", "/nowhere/ca.pem")]
    [InlineData("""{ "CaFile": "/etc/hostname" }""", "Tls")]
    [InlineData("""{ "Tls": true, "CertificateFile": "/etc/hostname" }""", "KeyFile")]
    [InlineData("""{ "Sasl": "Plain", "User": "u", "Password": "p", "BootstrapServers": "127.0.0.1:9092,kafka:9092" }""", "in clear")]
    [InlineData("""{ "Sasl": "ScramSha256" }""", "User")]
    [InlineData("""{ "User": "u", "Password": "p" }""", "Sasl")]
    [InlineData("""{ "Sasl": "ScramSha256", "User": "u", "Password": "p", "PasswordFile": "/etc/hostname" }""", "one of them")]
    [InlineData("""{ "MaxMessageBytes": 1000000 }""", "MaxMessageBytes")]
    [InlineData("""{ "TopicPrefix": "Über" }""", "TopicPrefix")]
    [InlineData("""{ "Bootstrap": "a:1" }""", "Bootstrap")]
    public void Settings_that_cannot_work_are_refused_by_name(string kafka, string named)
    {
        var folder = TestFolder.Create("settings");
        try
        {
            Assert.Contains(named, Assert.Throws<DeskOptionsException>(() => Load(folder, kafka)).Message);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void A_password_may_go_in_clear_to_this_machine_or_where_that_is_allowed()
    {
        var folder = TestFolder.Create("settings");
        try
        {
            Load(folder, """{ "Sasl": "Plain", "User": "u", "Password": "p", "BootstrapServers": "localhost:9092,127.0.0.1:9093,[::1]:9094" }""");
            Load(folder, """{ "Sasl": "Plain", "User": "u", "Password": "p", "BootstrapServers": "kafka:9092", "AllowClearPassword": true }""");
            Load(folder, """{ "Sasl": "Plain", "User": "u", "Password": "p", "BootstrapServers": "kafka:9092", "Tls": true }""");
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public async Task A_library_that_is_none_or_of_another_version_is_refused()
    {
        var library = await TestKafka.LibraryAsync();
        LibRdKafka.Load(library);
        LibRdKafka.Load(library);
        Assert.Equal(library, LibRdKafka.LoadedPath);
        Assert.Contains("cannot also load", Assert.Throws<EngineException>(() => LibRdKafka.Load("/nowhere/librdkafka.so.1")).Message);
        Assert.Contains("/nowhere", Assert.Throws<EngineException>(() => new EngineCache().LocateKafkaLibrary("/nowhere/librdkafka.so.1")).Message);
    }

    [Fact]
    public void Offsets_of_each_log_have_a_name_of_their_own()
    {
        var kafka = new EventLogOptions { Kind = EventLogKind.Kafka };
        Assert.Equal("sentiment", new EventLogOptions().StoredGroup("sentiment"));
        Assert.Equal("sentiment@kafka", kafka.StoredGroup("sentiment"));
        Assert.Equal("sentiment@kafka:desk-1.", (kafka with { Kafka = new() { TopicPrefix = "desk-1." } }).StoredGroup("sentiment"));
    }

    static DeskOptions Load(string folder, string kafka)
    {
        File.WriteAllText(Path.Combine(folder, DeskOptions.FileName), $$"""{ "EventLog": { "Kind": "kafka", "Kafka": {{kafka}} } }""");
        return DeskOptions.Load(folder, new Dictionary<string, string?>());
    }
}
