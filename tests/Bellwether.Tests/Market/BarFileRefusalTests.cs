using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

/// <summary>Files that are refused as a whole, and what they leave behind: nothing.</summary>
public sealed class BarFileRefusalTests(TestServer server)
{
    const string Plain = "Date,Open,High,Low,Close,Volume";

    [Fact]
    public async Task Minutes_do_not_replace_days_and_nothing_is_written()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        var minutes = SharedData.File("prices", "intraday", "AAPL_1min.csv");
        (await desk.RunAsync("market", "import", desk.Write("d.csv", $"{Plain}\n2022-03-14,150,155,149,152,10\n"), "--symbol", "TRAP")).Succeeds();
        foreach (var interval in (string[])["1d", "1w", "5m", "1h"])
        {
            var refused = (await desk.RunAsync("market", "import", minutes, "--symbol", "TRAP", "--interval", interval, "--hours", "every-day"))
                .Fails(ExitCode.BadInput);
            Assert.Contains($"has bars of 1m, not of {interval}", refused.Error);
            Assert.Contains("Give --interval 1m", refused.Error);
        }
        Assert.Equal(1, await desk.OneAsync<long>("SELECT count(*) FROM market.price_history"));
        Assert.Equal(0, await desk.OneAsync<long>("SELECT count(*) FROM market.trading_hours"));
        (await desk.RunAsync("market", "import", minutes, "--symbol", "TRAP", "--interval", "1m")).Succeeds();
        var daily = SharedData.File("prices", "daily", "AAPL.csv");
        Assert.Contains("Give --interval 1d", (await desk.RunAsync("market", "import", daily, "--symbol", "TRAP", "--interval", "1w")).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task Whoever_insists_gets_one_bar_a_date_and_a_reason_for_each_other_row()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        var file = desk.Write("m.csv", $"{Plain}\n2024-01-02 09:30,10,12,9,11,1\n2024-01-02 09:31,20,22,19,21,1\n2024-01-02 09:30,10,12,9,11,1\n");
        var answer = (await desk.RunAsync("market", "import", file, "--symbol", "X", "--any-spacing", "--json")).Succeeds().Json;
        Assert.Equal((1, 1, 1), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.Equal("line 2 has the same date at another time of day (09:30:00, this one 09:31:00): a bar of 1d is all of its date",
            answer.GetProperty("problems")[0].GetProperty("reason").GetString());
        Assert.Equal(11, await desk.OneAsync<double>("SELECT close_price FROM market.price_history"));
    }

    [Theory]
    [InlineData("25/03/2024", "03/04/2024", "2024-04-03")]
    [InlineData("03/25/2024", "03/04/2024", "2024-03-04")]
    [InlineData("25.03.2024", "03.04.2024", "2024-04-03")]
    public async Task Unclear_dates_go_by_the_clear_ones_of_their_file(string clear, string unclear, string expected)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        var file = desk.Write("x.csv", $"{Plain}\n{unclear},10,12,9,11,1\n{clear},10,12,9,11,1\n");
        Assert.Equal(2, (await desk.RunAsync("market", "import", file, "--symbol", "X", "--json")).Succeeds().Json.GetProperty("accepted").GetInt32());
        Assert.Equal(1, await desk.OneAsync<long>($"SELECT count(*) FROM market.price_history WHERE date::date = '{expected}'"));
    }

    [Fact]
    public async Task A_first_of_January_that_fills_many_rows_hides_no_day_behind_it()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        var start = new DateTime(2022, 1, 1);
        var rows = Enumerable.Range(0, 13 * 24 * 6).Select(i => $"{start.AddMinutes(i * 10):dd/MM/yyyy HH:mm},10,12,9,11,{i}");
        var file = desk.Write("x.csv", $"{Plain}\n{string.Join('\n', rows)}\n");
        var answer = (await desk.RunAsync("market", "import", file, "--symbol", "X", "--interval", "10m", "--hours", "every-day", "--timezone", "UTC", "--json"))
            .Succeeds().Json;
        Assert.Equal((13 * 24 * 6, "2022-01-13T23:50:00Z"), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("to").GetString()));
    }

    [Fact]
    public async Task Standard_input_is_read_as_a_file_is_by_what_it_holds()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        using var zipped = new MemoryStream();
        await using (var zip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write(Encoding.UTF8.GetBytes($"{Plain}\n2024-01-02,10,12,9,11,1\n"));
        foreach (var (content, code, expected) in new[]
        {
            (zipped.ToArray(), ExitCode.Ok, "accepted 1 "), (Encoding.UTF8.GetBytes($"{Plain}\n2024-01-03,10,12,9,11,1\n"), ExitCode.Ok, "accepted 1 "),
            ([], ExitCode.BadInput, "standard input: the file is empty"),
        })
        {
            using var program = Process.Start(new ProcessStartInfo(
                Path.Combine(AppContext.BaseDirectory, "Bellwether.App"), desk.Line("market", "import", "-", "--symbol", "X"))
            { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            await program.StandardInput.BaseStream.WriteAsync(content, TestContext.Current.CancellationToken);
            program.StandardInput.Close();
            var (output, error) = (program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
                program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            var said = await output + await error;
            await program.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(program.ExitCode == code, said);
            Assert.Contains(expected, said);
        }
    }

    [Fact]
    public async Task Dates_that_contradict_each_other_or_tell_nothing_are_refused_until_somebody_says()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        var both = desk.Write("b.csv", $"{Plain}\n25/03/2024,10,12,9,11,1\n03/26/2024,10,12,9,11,1\n");
        Assert.Contains("the day comes first in '25/03/2024' of line 2, the month in '03/26/2024' of line 3",
            (await desk.RunAsync("market", "import", both, "--symbol", "X")).Fails(ExitCode.BadInput).Error);
        var none = desk.Write("n.csv", $"{Plain}\n03/04/2024,10,12,9,11,1\n04/04/2024,10,12,9,11,1\n");
        var refused = (await desk.RunAsync("market", "import", none, "--symbol", "X")).Fails(ExitCode.BadInput).Error;
        Assert.Contains("no row tells whether '03/04/2024' begins with the day or with the month", refused);
        Assert.Contains("--date-format dmy or mdy", refused);
        (await desk.RunAsync("market", "import", none, "--symbol", "X", "--date-format", "dmy")).Succeeds();
        Assert.Equal(2, await desk.OneAsync<long>("SELECT count(*) FROM market.price_history WHERE date IN ('2024-04-03', '2024-04-04')"));
        Assert.Contains("--date-format: 'ydm' is not known", (await desk.RunAsync("market", "import", none, "--symbol", "X", "--date-format", "ydm")).Fails(ExitCode.Usage).Error);
        var quotes = desk.Write("o.csv", "date,ticker,spot,expiry,strike,type,bid,ask\n03/04/2024,X,100,21/06/2024,100,call,5,5.2\n");
        (await desk.RunAsync("options", "import", quotes)).Succeeds();
        Assert.Equal(new DateTime(2024, 4, 3, 20, 0, 0), await desk.OneAsync<DateTime>("SELECT fetch_timestamp FROM market.options_data"));
    }

    [Fact]
    public async Task A_file_of_which_every_row_is_rejected_is_bad_input_and_its_account_is_told()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFileRefusalTests));
        var rejects = Path.Combine(desk.Folder, "rejects.csv");
        var result = (await desk.RunAsync("market", "import", desk.Write("x.csv", "Date;Open;High;Low;Close\n2024-01-02;10,5;11,5;\"9;5\";11\n"), "--symbol", "X",
            "--rejects", rejects, "--json")).Fails(ExitCode.BadInput);
        Assert.Equal((1, 1), (result.Json.GetProperty("read").GetInt32(), result.Json.GetProperty("rejected").GetInt32()));
        Assert.Contains("its only row was rejected", result.ErrorJson.GetProperty("message").GetString());
        // The line is what it was, in quotes.
        Assert.Equal("2,\"rejected\",\"open '10,5' is not a number\",\"2024-01-02;10,5;11,5;\"\"9;5\"\";11\"".Replace("\"rejected\"", "rejected"), File.ReadAllLines(rejects)[1]);
        var early = (await desk.RunAsync("market", "import", desk.Write("e.csv", $"{Plain}\n2024-01-02,10,12,9,11,1\n2024-01-03,10,12,9,11,1\n"), "--symbol", "X",
            "--known-at", "2023-01-01")).Fails(ExitCode.BadInput);
        Assert.Contains("the session is not over at 2023-01-01", early.Error);
        Assert.Contains("all 2 rows were rejected", early.Error);
        // What is known already is no fault.
        var again = desk.Write("a.csv", $"{Plain}\n2024-01-02,10,12,9,11,1\n2024-01-03,0,12,9,11,1\n");
        for (var i = 0; i < 2; i++) (await desk.RunAsync("market", "import", again, "--symbol", "X")).Succeeds();
    }
}
