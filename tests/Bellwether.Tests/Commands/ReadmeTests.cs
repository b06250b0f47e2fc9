using System.Text;
using System.Text.RegularExpressions;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

/// <summary>Does what the README says, line by line and in order.</summary>
public sealed partial class ReadmeTests(TestServer server)
{
    static readonly string Readme = File.ReadAllText(Repository.File("README.md"));

    [GeneratedRegex(@"^```(?<kind>\w+)(?: (?<name>\S+))?\n(?<body>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    static partial Regex Blocks { get; }

    [GeneratedRegex(@"[+-]?\d[\d,.]*|[·█│]+|(very_)?(bullish|bearish)|neutral| {2,}|─+")]
    static partial Regex Figures { get; }

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)\)")]
    static partial Regex Links { get; }

    static IEnumerable<string> Lines => Blocks.Matches(Readme).Where(b => b.Groups["kind"].Value == "sh").SelectMany(b => b.Groups["body"].Value.Split('\n'));

    [Fact]
    public async Task Every_command_works_as_written()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(ReadmeTests));
        foreach (var block in Blocks.Matches(Readme).Where(b => b.Groups["name"].Success)) desk.Write(block.Groups["name"].Value, block.Groups["body"].Value + "\n");
        await using var serving = new Serving(desk);
        using var http = new HttpClient();
        var ran = 0;
        foreach (var line in Lines.Where(l => l is not ("./test" or "./bellwether demo")))
        {
            var words = ShellWords.Split(line);
            if (words[0] == "curl") Assert.NotEmpty(await CurlAsync(http, words, await serving.UrlAsync()));
            else if (words is ["./bellwether", "serve"]) serving.Start();
            else
            {
                Assert.Equal("./bellwether", words[0]);
                var result = await desk.RunAsync([.. words.Skip(1).Select(w => File.Exists(Path.Combine(desk.Folder, w)) ? Path.Combine(desk.Folder, w) : w)]);
                // What doctor finds missing depends on the machine.
                if (words[1] != "doctor") result.Succeeds();
                Assert.NotEmpty(result.Out);
            }
            ran++;
        }
        Assert.True(ran >= 15, $"only {ran} commands were found");
        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE article_title = 'Boeing wins a record order' AND ticker = 'BA'"));
    }

    [Fact]
    public async Task Picture_of_the_demo_is_what_it_prints()
    {
        await using var desk = await CliDesk.OpenEmptyAsync(server, nameof(ReadmeTests));
        var printed = (await desk.RunAsync("demo")).Succeeds().Out;
        var picture = Blocks.Matches(Readme).Single(b => b.Groups["kind"].Value == "text").Groups["body"].Value;
        Assert.Equal(Shape(picture), Shape(printed));

        // Figures of the model and of the machine may differ, words and order may not.
        static string[] Shape(string text) =>
            [.. text.TrimEnd().Split('\n').Skip(1).Where(l => !l.StartsWith("lake ") && !l.StartsWith("Look around")).Select(l => Figures.Replace(l, "#").Trim('#', ' '))];
    }

    [Fact]
    public void Links_lead_to_files_that_exist()
    {
        foreach (Match link in Links.Matches(Readme)) Assert.True(File.Exists(Repository.File(link.Groups[1].Value)), link.Groups[1].Value);
    }

    static async Task<string> CurlAsync(HttpClient http, IReadOnlyList<string> words, Uri server)
    {
        var address = new Uri(words.Single(w => w.StartsWith("http://127.0.0.1:5080", StringComparison.Ordinal)));
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(address) { Port = server.Port }.Uri);
        for (var i = 1; i < words.Count; i++)
            if (words[i] == "-X") request.Method = new(words[i + 1]);
            else if (words[i] == "-d") request.Content = new StringContent(words[i + 1], Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{address}: {response.StatusCode} {body}");
        return body;
    }

    /// <summary><c>serve</c> in the background, on a free port.</summary>
    sealed class Serving(CliDesk desk) : IAsyncDisposable
    {
        readonly CancellationTokenSource _stop = new();
        readonly ListeningWriter _output = new();
        Task<int>? _running;

        public void Start() => _running = Bellwether.App.Commands.CommandLine.RunAsync(
            desk.Line("serve", "--urls", "http://127.0.0.1:0"), new(_output, TextWriter.Null, () => Stream.Null), _stop.Token);

        public async Task<Uri> UrlAsync()
        {
            Assert.NotNull(_running);
            Assert.Same(_output.Url, await Task.WhenAny(_output.Url, _running));
            return await _output.Url;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            if (_running is not null) Assert.Equal(0, await _running);
            _stop.Dispose();
            await _output.DisposeAsync();
        }
    }

    sealed class ListeningWriter : StringWriter
    {
        readonly TaskCompletionSource<Uri> _url = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Uri> Url => _url.Task;

        public override void WriteLine(string? value)
        {
            if (value?.Split(' ').FirstOrDefault(w => w.StartsWith("http://", StringComparison.Ordinal)) is { } url) _url.TrySetResult(new(url));
        }
    }
}
