using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class TopicsCommandTests(TestServer server, TestKafka kafka)
{
    [Fact]
    public async Task Topics_of_the_embedded_log_are_made_once_with_the_number_asked_for()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(TopicsCommandTests));
        var before = (await desk.RunAsync("topics", "describe", "--json")).Succeeds().Json;
        Assert.All(before.GetProperty("topics").EnumerateArray(), t => Assert.False(t.GetProperty("exists").GetBoolean()));

        var made = (await desk.RunAsync("topics", "create", "--partitions", "3", "--replication", "2", "--json")).Succeeds().Json;
        Assert.Equal("postgres", made.GetProperty("kind").GetString());
        Assert.All(made.GetProperty("topics").EnumerateArray(), t =>
        {
            Assert.Equal((true, 3), (t.GetProperty("created").GetBoolean(), t.GetProperty("partitions").GetInt32()));
            Assert.Contains("replication", t.GetProperty("note").GetString());
        });

        var again = (await desk.RunAsync("topics", "create", "--partitions", "5")).Succeeds();
        Assert.Contains("hipri-events: is there with 3 partitions", again.Out);
        Assert.Contains("keeps 3 partitions instead of 5", again.Error);

        desk.Write("a.csv", "title,date,stock\nBoeing wins a record order,2024-05-01T00:00:00Z,BA\n");
        (await desk.RunAsync("ingest", Path.Combine(desk.Folder, "a.csv"))).Succeeds();
        var after = (await desk.RunAsync("topics", "describe")).Succeeds().Out;
        Assert.Matches(@"stdpri-events +3 +1 +sentiment 1", after);
        Assert.Contains("nobody reads it", after);
        Assert.Contains("embedded log", after);
    }

    [Fact]
    public async Task Topics_in_Kafka_are_made_and_shown_and_the_broker_that_refuses_is_told()
    {
        var log = await kafka.OptionsAsync("command");
        await using var desk = await CliDesk.OpenAsync(server, nameof(TopicsCommandTests));
        desk.Write("bellwether.json", $$"""
            { "EventLog": { "Kind": "kafka", "Kafka": { "BootstrapServers": "{{log.Kafka.BootstrapServers}}", "TopicPrefix": "{{log.Kafka.TopicPrefix}}" } } }
            """);
        var made = (await desk.RunAsync("topics", "create", "--partitions", "4", "--json")).Succeeds().Json;
        Assert.Equal("kafka", made.GetProperty("kind").GetString());
        Assert.All(made.GetProperty("topics").EnumerateArray(), t => Assert.Equal((true, 4), (t.GetProperty("created").GetBoolean(), t.GetProperty("partitions").GetInt32())));

        desk.Write("a.csv", "title,date,stock\nBoeing wins a record order,2024-05-01T00:00:00Z,BA\nBoeing cuts its outlook,2024-05-02T00:00:00Z,BA\n");
        var waiting = (await desk.RunAsync("ingest", Path.Combine(desk.Folder, "a.csv"), "--json")).Succeeds().Json;
        Assert.Equal(2, waiting.GetProperty("pending").GetInt32());
        Assert.Matches(@"stdpri-events +4 +2 +sentiment 2", (await desk.RunAsync("topics", "describe")).Succeeds().Out);
        var scored = (await desk.RunAsync("ingest", Path.Combine(desk.Folder, "a.csv"), "--wait", "--json")).Succeeds().Json;
        Assert.Equal(2, scored.GetProperty("duplicates").GetInt32());
        Assert.Matches(@"stdpri-events +4 +4 +sentiment 0", (await desk.RunAsync("topics", "describe")).Succeeds().Out);
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
        // What doctor finds of the machine may differ; that brokers answer is certain here.
        Assert.Contains(log.Kafka.BootstrapServers, (await desk.RunAsync("doctor")).Out);
    }

    [Fact]
    public async Task Brokers_that_do_not_answer_exit_4_with_their_address()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(TopicsCommandTests));
        await TestKafka.LibraryAsync();
        desk.Write("bellwether.json", """{ "EventLog": { "Kind": "kafka", "Kafka": { "BootstrapServers": "127.0.0.1:1", "RequestTimeout": "00:00:01" } } }""");
        var error = (await desk.RunAsync("topics", "describe", "--json")).Fails(ExitCode.Unavailable).ErrorJson;
        Assert.Equal("event_log", error.GetProperty("kind").GetString());
        Assert.Contains("127.0.0.1:1", error.GetProperty("message").GetString());
        var doctor = (await desk.RunAsync("doctor", "--json")).Json;
        Assert.Contains(doctor.GetProperty("findings").EnumerateArray(), f => f.GetProperty("name").GetString() == "Kafka" && f.GetProperty("status").GetString() == "missing");
    }

    [Theory]
    [InlineData("topics create --partitions 0")]
    [InlineData("topics create --replication 101")]
    public async Task Numbers_out_of_range_are_wrong_usage(string line) =>
        Assert.Contains("is outside", (await Cli.RunAsync(ShellWords.Split(line).ToArray())).Fails(ExitCode.Usage).Error);
}
