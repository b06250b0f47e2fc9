using Bellwether.App.Commands;
using Bellwether.Confluence;
using Bellwether.Market.Calendars;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Confluence;

/// <summary>Sentiment and confluence as columns of a table for training.</summary>
public sealed class MatrixColumnsTests(TestServer server)
{
    static readonly DateOnly First = new(2024, 2, 1), Last = new(2024, 5, 1);

    [Fact]
    public async Task Each_row_has_what_was_known_at_its_moment_and_late_data_change_none()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(MatrixColumnsTests));
        var (random, folder) = (new Random(7), TestFolder.Create("matrix"));
        foreach (var session in UnitedStatesCalendar.Sessions(First, Last))
        {
            var end = new DateTimeOffset(UnitedStatesCalendar.End(session), TimeSpan.Zero);
            await lab.BarAsync("ACME", session, 100 + 10 * random.NextDouble(), end);
            if (random.Next(3) > 0) await lab.MentionAsync("ACME", random.Next(2) == 0 ? "news" : "reddit", end.AddHours(-random.Next(1, 30)), 2 * random.NextDouble() - 1, end.AddHours(random.Next(-1, 40)));
            if (random.Next(4) == 0) await lab.OptionAsync("ACME", end, "call", 100, 5.05, random.Next(1, 500), end.AddHours(random.Next(0, 40)));
        }
        var rows = await WriteAsync("a");
        Assert.True(rows.Length > 50);
        Assert.Contains(rows, r => r.Values[0] is not null);
        foreach (var (moment, values) in rows)
        {
            var (aggregate, score) = (await lab.Aggregates.ReadAsync("ACME", moment, moment, EvidenceLab.Cancel), await lab.Confluence.ReadAsync("ACME", moment, moment, EvidenceLab.Cancel));
            Assert.Equal([aggregate?.UnifiedSentiment, aggregate?.EffectiveMentions is > 0 and var heard ? heard : null, aggregate?.OptionsFlowSentiment, score?.Score, score?.DirectionalBias, score?.TechnicalScore], values);
        }
        // All of it as early as can be, known only now.
        for (var i = 0; i < 20; i++) await lab.MentionAsync("ACME", "news", new(2024, 2, 1 + i, 12, 0, 0, TimeSpan.Zero), 1);
        await lab.BarAsync("ACME", First, 500);
        Assert.Equal(rows.Select(Text), (await WriteAsync("b")).Select(Text));

        async Task<(DateTimeOffset Moment, double?[] Values)[]> WriteAsync(string name)
        {
            const string columns = "unified_sentiment,effective_mentions,options_flow_sentiment,confluence_score,directional_bias,technical_score";
            var file = Path.Combine(folder, $"{name}.parquet");
            (await Cli.RunAsync("--data", folder, "--postgres", lab.Database.ConnectionString, "market", "matrix", "ACME", "--set", "sma_5", "--columns", columns, "--label", "0", "--out", file)).Succeeds();
            using var database = DuckDbTestLibrary.Open();
            using var connection = database.Connect();
            using var found = connection.Query($"SELECT epoch_us(timestamp), {columns} FROM read_parquet('{file}') ORDER BY 1");
            var all = new List<(DateTimeOffset, double?[])>();
            while (found.Read()) all.Add((DateTimeOffset.UnixEpoch.AddMicroseconds(found.GetInt64(0)), [.. Enumerable.Range(1, 6).Select(i => found.IsNull(i) ? (double?)null : found.GetDouble(i))]));
            return [.. all];
        }

        static string Text((DateTimeOffset Moment, double?[] Values) row) => $"{row.Moment:O} {string.Join(' ', row.Values)}";
    }

    [Fact]
    public async Task Kinds_stand_for_their_columns_and_other_names_are_refused()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MatrixColumnsTests));
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "GME.csv"), "--symbol", "GME", "--known-at", "bar-end")).Succeeds();
        var file = Path.Combine(desk.Folder, "m.parquet");
        (await desk.RunAsync("market", "matrix", "GME", "--set", "rsi_14", "--columns", "confluence,sentiment,confluence_score", "--from", "2021-01-01", "--out", file)).Succeeds();
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        using (var shape = connection.Query($"SELECT * FROM read_parquet('{file}') LIMIT 0"))
            Assert.Equal(["symbol", "timestamp", "bar_date", "known_at", "close", "rsi_14", .. ConfluenceColumns.Names, "forward_return_5", "label_known_at"], shape.Columns.Select(c => c.Name));
        // Nobody wrote of it: that is not known, and not 0.
        Assert.Equal(0L, connection.Scalar($"SELECT count(unified_sentiment) + count(sentiment_score) FROM read_parquet('{file}')"));
        Assert.True((long)connection.Scalar($"SELECT count(technical_score) FROM read_parquet('{file}')")! > 100);
        var refused = (await desk.RunAsync("market", "matrix", "GME", "--set", "rsi_14", "--columns", "moon", "--out", file)).Fails(ExitCode.Usage).Error;
        Assert.Contains("--columns: there is no column 'moon'", refused);
    }
}
