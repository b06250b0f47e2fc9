using System.Text.Json;
using System.Text.Json.Nodes;
using Bellwether.Events;
using Microsoft.OpenApi;

namespace Bellwether.App.Api;

static partial class OpenApiDocument
{
    const string TimePattern = "ISO 8601 (without an offset UTC), an epoch, or now";

    const string IsoPattern = "ISO 8601 (without an offset UTC), or now; from 1900 to 2199";

    static void Explain(string operation, OpenApiParameter parameter)
    {
        parameter.Name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
        (parameter.Description, parameter.Schema) = (operation, parameter.Name) switch
        {
            ("listSentiment", "limit") => ("Tickers of a page", Whole(1, 1_000, 100)),
            ("listArticles", "limit") => ("Articles of a page; with text=true at most 200", Whole(1, 1_000, 50)),
            ("listChains", "limit") => ("Most stories", Whole(1, 1_000, 50)),
            ("listChains", "least") => ("Only stories that at least so many results tell", Whole(1, 1_000_000, 2)),
            ("listChains", "from") => ($"Start, inclusive; 7 days before the end when absent. {TimePattern}", Text()),
            ("listDeadLetters", "limit") => ("Letters of a page", Whole(1, 1_000, 50)),
            ("listBars" or "listIndicators" or "listConditions", "limit") => ("The latest so many rows of the range", Whole(1, Market.MarketEndpoints.MostRows, Market.MarketEndpoints.Rows)),
            ("listBars" or "listIndicators" or "listConditions", "from") => ($"First row, included. {TimePattern}", Text()),
            ("listBars" or "listIndicators" or "listConditions", "to") => ($"End, excluded. {TimePattern}", Text()),
            ("listBars" or "listIndicators", "interval") => ("Length of a bar: 1m, 5m, 1h, 1d …", new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[0-9]+[smhdw]$", Default = "1d" }),
            ("listConfluence" or "listAggregatedSentiment", "limit") => ("The latest so many of the range", Whole(1, Confluence.ConfluenceEndpoints.MostHistoryRows, Confluence.ConfluenceEndpoints.HistoryRows)),
            ("listConfluence" or "listAggregatedSentiment", "from") => ($"First moment, included; all when absent. {TimePattern}", Text()),
            ("listConfluence" or "listAggregatedSentiment", "to") => ($"End, excluded; asOf included when absent. {TimePattern}", Text()),
            ("drawConfluence", "from") => ($"Start; {Bellwether.Confluence.ConfluenceChart.Days} days before the end when absent. {TimePattern}", Text()),
            ("drawConfluence", "format") => ("svg or png; when absent the Accept header decides", OneOf("svg", "png")),
            ("drawConfluence", "to") => ($"End; asOf when absent or later. {TimePattern}", Text()),
            ("reportSignal", "signal") => ("What is looked at", new OpenApiSchema { Type = JsonSchemaType.String, Enum = Values(Bellwether.Signals.SignalKind.All), Default = Bellwether.Signals.SignalKind.Sentiment }),
            ("reportSignal", "symbols") => ($"Tickers separated by commas, at most {Signals.SignalEndpoints.MostSymbols}; all that have results and daily bars when absent", Text()),
            ("reportSignal", "from") => ($"First session; three years before the last when absent. {TimePattern}", Text()),
            ("reportSignal", "to") => ($"Last session; the last that has bars when absent. {TimePattern}", Text()),
            ("reportSignal", "horizons") => ("Sessions over which returns run, 1 to 250, several by commas", new OpenApiSchema { Type = JsonSchemaType.String, Default = "1,5,10,20" }),
            ("reportSignal", "quantiles") => ("Parts that signals are split into for the spread", Whole(2, Signals.SignalEndpoints.MostQuantiles, Signals.SignalEndpoints.UsualQuantiles)),
            ("reportSignal", "hindsight") => ("Past signals from all that is known by now: for history that was loaded afterwards", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
            (_, "symbol") => ("1 to 15 letters, digits, dots and dashes; case does not matter", Text()),
            (_, "set") => ("Indicators by name, several by commas, such as rsi_14,bb_upper,macd_line", Text()),
            (_, "adjusted") => ("Adjusted for splits and dividends", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
            (_, "benchmark") => ("Ticker that beta and correlation compare with", Text()),
            ("listFeatures" or "listForecasts", "limit") => ("Rows of an answer", Whole(1, 10_000, 1_000)),
            ("listForecasts", "asOf") => ($"Only what was recorded by then, and outcomes that were known by then. {TimePattern}", Text()),
            ("listBuckets", "from") => ("Start of the first window, on the clock of tz unless it says its offset", Text()),
            ("listBuckets", "to") => ("End of the last window; the end of what was observed when absent", Text()),
            ("listForecasts", "from") => ("Targets that end after it; asOf, or everything, when absent", Text()),
            ("listForecasts" or "listFeatures" or "listCountEvents", "from") => ("At this time and later; everything when absent", Text()),
            ("listForecasts" or "listFeatures" or "listCountEvents", "to") => ("Before this time; everything when absent", Text()),
            (_, "account") => ("Name of the account, without regard to case", Text()),
            (_, "count") => ("What counts: all, or some of posts, quotes, reposts, replies, unknown, with commas", Text()),
            (_, "every") => ("Length of the windows: a whole number and m, h, d, w or mo", new OpenApiSchema { Type = JsonSchemaType.String, Default = "1d" }),
            (_, "tz") => ("IANA time zone of times without an offset, and of a chart", new OpenApiSchema { Type = JsonSchemaType.String, Default = "UTC" }),
            (_, "full") => ("Compute everything, not only what has changed", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
            (_, "replayed") => ("Also forecasts that were made later for a time before asOf", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
            (_, "horizon") => ("1h, 1d to 60d or window, with commas; all when absent", Text()),
            (_, "model") => ("Name of a model", OneOf(Bellwether.Counts.Registry.ModelCatalog.Names)),
            (_, "category") => ("Only events of this category", Text()),
            (_, "atLeast") => ("Shortest silence that is looked at", new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[0-9]+[smhd]$", Default = "12h" }),
            ("listForecasts" or "makeForecasts" or "forecastWindow" or "backtestCounts", "format") => ("json, or svg or png for a chart; when absent the Accept header decides", OneOf("json", "svg", "png")),
            ("importPosts" or "importPostsFromSentiment", "source") => ("What the posts are from, at most 32 characters", Text()),
            ("importPosts" or "importPostsFromSentiment", "since") => ($"The collector had seen everything from here on. {IsoPattern}", Text()),
            ("importPosts" or "importPostsFromSentiment", "until") => ($"The collector had seen everything up to here. {IsoPattern}", Text()),
            ("deletePost" or "undeletePost", "id") => ("Id of the post", Text()),
            ("removeGap" or "removeCountEvent", "id") => ("Number of the thing", new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" }),
            (_, "cursor") => ("next_cursor of the page before", Text()),
            ("listSentiment", "tickers") => ("Tickers separated by commas: at most 500, with asOf at most 50. Without it all are answered in pages", Text()),
            ("listSentiment", "asOf") => ($"Moment whose knowledge counts; none to come. Needs tickers. {TimePattern}", Text()),
            (_, "asOf") => ($"Moment whose knowledge counts; none to come. {TimePattern}", Text()),
            (_, "at") => ($"Moment to tell of, with the knowledge of asOf; asOf, or now, when absent. {TimePattern}", Text()),
            (_, "regular") => ("Only bars within the hours of the exchange", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
            (_, "from") => ($"Start, inclusive; 168 intervals before the end when absent. {TimePattern}", Text()),
            (_, "to") => ($"End, exclusive; asOf or now when absent. {TimePattern}", Text()),
            (_, "interval") => ("Length of an interval, from 1s to 366d; at most 20,000 intervals are answered",
                new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[0-9]+[smhd]$", Default = "1h" }),
            (_, "text") => ("Whether to add the full text", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
            (_, "wait") => ("scored: answer when the results can be read, at most ten seconds later", OneOf("scored")),
            ("streamSentiment", "tickers") => ("Tickers separated by commas, at most 500; all when absent", Text()),
            (_, "lastEventId") => ("Id of the last event seen, to go on after it; the header Last-Event-ID comes before it", Text()),
            (_, "ticker") => ("1 to 15 letters, digits, dots and dashes; case does not matter", Text()),
            (_, "id") => ("Number of the letter", new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" }),
            (_, "topic") => ("Topic of the record", Text()),
            (_, "stage") => ("Step that refused the record", OneOf(DeadLetter.Stages)),
            (_, "status") => ("What became of the letter", OneOf(DeadLetterFilter.Statuses)),
            (_, "class") => ("Kind of error, as counts tells them", Text()),
            (_, "key") => ("First ticker of the record", Text()),
            (_, "since") => ($"Put aside at or after. {TimePattern}", Text()),
            (_, "until") => ($"Put aside before. {TimePattern}", Text()),
            _ => (parameter.Description, parameter.Schema),
        };
    }

    static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    static OpenApiSchema Whole(int least, int most, int otherwise) =>
        new() { Type = JsonSchemaType.Integer, Minimum = $"{least}", Maximum = $"{most}", Default = otherwise };

    static OpenApiSchema OneOf(params IEnumerable<string> values) => new() { Type = JsonSchemaType.String, Enum = Values(values) };

    static List<JsonNode> Values(IEnumerable<string> values) => [.. values.Select(v => (JsonNode)v)];
}
