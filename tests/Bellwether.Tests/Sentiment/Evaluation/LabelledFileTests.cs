using System.Text;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Tests.Sentiment.Evaluation;

public sealed class LabelledFileTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-labelled-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    LabelledSet Read(string content, LabelledOptions? options = null) => Read(Encoding.UTF8.GetBytes(content), options);

    LabelledSet Read(byte[] content, LabelledOptions? options = null)
    {
        var path = Path.Combine(_folder, "set");
        File.WriteAllBytes(path, content);
        return LabelledFile.Read(path, options);
    }

    [Theory]
    [InlineData("text,label\n\"Up, and up\",positive\nDown,negative\nSo,neutral\n")]
    [InlineData("id;Headline;Sentiment\n1;Up, and up;bullish\n2;Down;Bearish\n3;So;Neutral\n")]
    [InlineData("\uFEFFlabel\ttext\npositive\tUp, and up\nnegative\tDown\nneutral\tSo")]
    [InlineData("Up, and up@positive\r\nDown@negative\r\n\r\nSo@neutral\r\n")]
    [InlineData("""[{"text":"Up, and up","label":"positive"},{"text":"Down","label":"negative"},{"text":"So","label":"neutral"}]""")]
    [InlineData("{\"text\":\"Up, and up\",\"label\":\"positive\"}\n\n{\"text\":\"Down\",\"label\":\"negative\"}\r\n{\"text\":\"So\",\"label\":\"neutral\"}\n")]
    [InlineData("""{"7":{"sentence":"Up, and up","label":"positive"},"8":{"sentence":"Down","label":"negative"},"9":{"sentence":"So","label":"neutral"}}""")]
    public void Every_form_gives_the_same_rows(string content) =>
        Assert.Equal([("Up, and up", (byte?)2), ("Down", (byte?)0), ("So", (byte?)1)], Read(content).Rows.Select(r => (r.Text, r.Label)));

    [Fact]
    public void Lines_in_latin_1_are_read_with_an_at_inside() =>
        Assert.Equal([("Pöyry @ EUR 5", (byte?)2), ("Café", (byte?)0)], Read(Encoding.Latin1.GetBytes("Pöyry @ EUR 5@positive\nCafé@negative\n")).Rows.Select(r => (r.Text, r.Label)));

    [Fact]
    public void Line_that_begins_with_a_bracket_is_a_line() =>
        Assert.Equal(["[ANALYSIS] Acme profit rises", "{Acme} falls"], Read("[ANALYSIS] Acme profit rises@positive\n{Acme} falls@negative\n").Rows.Select(r => r.Text));

    [Fact]
    public void Quote_within_a_field_does_no_harm() =>
        Assert.Equal(["Sells 5\" pipes", "b\nc"], Read("text,label\nSells 5\" pipes,neutral\n\"b\nc\",positive\n").Rows.Select(r => r.Text));

    [Fact]
    public void Labels_mean_what_the_map_says()
    {
        var options = new LabelledOptions { Labels = LabelledOptions.ParseLabels("negative=0,positive=1, neutral=2") };
        Assert.Equal([0, 2, 1, 2], Read("text,label\na,0\nb,1\nc,2\nd,1.0\n", options).Rows.Select(r => (int)r.Label!));
    }

    [Theory]
    [InlineData("negative")]
    [InlineData("angry=1")]
    [InlineData("negative=0,positive=0")]
    public void Map_of_another_form_is_refused(string map) => Assert.Throws<FormatException>(() => LabelledOptions.ParseLabels(map));

    [Fact]
    public void Scores_of_several_targets_are_averaged()
    {
        var set = Read("""{"1":{"sentence":"a","info":[{"sentiment_score":"0.5"},{"sentiment_score":"-0.1"}]},"2":{"sentence":"b","info":[{"sentiment_score":"-0.7"}]}}""",
            new() { Label = "info.sentiment_score" });
        Assert.True(set.HasScores);
        Assert.Equal([0.2, -0.7], set.Rows.Select(r => Math.Round(r.Score!.Value, 9)));
    }

    [Fact]
    public void Entities_get_their_places_and_the_longest_name_has_them()
    {
        var set = Read("Title,Decisions\n\"Tata Motors up, Osian's Tata falls\",\"{'Tata Motors': 'positive', 'Osian's Tata': 'negative'}\"\nIT rises,\"{\"\"IT\"\": \"\"positive\"\"}\"\n");
        Assert.Equal([2, 0, 2], set.Rows.Select(r => (int)r.Label!));
        Assert.Equal([new TextSpan(0, 11)], set.Rows[0].Entity!.Target);
        Assert.Equal([new TextSpan(16, 12)], set.Rows[0].Entity!.Others);
        Assert.Equal([new TextSpan(0, 2)], set.Rows[2].Entity!.Target);
    }

    [Theory]
    [InlineData("text,label\na,happy\n", "has the label 'happy'", 2)]
    [InlineData("text,label\na,positive\n,negative\n", "has no text", 3)]
    [InlineData("text,label\na,positive\nb\n", "has no label", 3)]
    [InlineData("text,score\na,0.5\nb,good\n", "has the score good", 3)]
    [InlineData("text,label\na,0\nb,1\n", "has the label '0'", 2)]
    [InlineData("text,label\na,0.5\nb,7.5\n", "has the score 7.5", 3)]
    [InlineData("text,label\n", "no labelled row", null)]
    [InlineData("text,score\na,0.5\nb,\nc,-0.3\n", "has no label", 3)]
    [InlineData("text,score\na,0.5\nb,high\nc,-0.3\n", "has the score high", 3)]
    [InlineData("text,label\n\"a\nb\",positive\nc,happy\n", "has the label 'happy'", 4)]
    [InlineData("text,label\na,positive\n\"b,negative\nc,neutral\n", "a quote begins here", 3)]
    [InlineData("text,label,note\na,positive,\nb,negative,\"see\nc,neutral,\n", "a quote begins here", 3)]
    [InlineData("text,label\na,positive\n\"b,negative\n", "a quote begins here", 3)]
    [InlineData("text,label\na,positive\n\"b,negative", "a quote begins here", 3)]
    [InlineData("text,label\na,positive\n\"b,negative\nc,\"neutral\"\nd,neutral\n", "a quote begins here", 3)]
    [InlineData("[\n{\"text\":\"a\",\n\"label\":\"positive\"},\n{\"text\":\"b\",\"label\":\"happy\"}]", "has the label 'happy'", 4)]
    [InlineData("{\n\"1\":{\"text\":\"a\",\"label\":\"positive\"},\n\n\"2\":{\"text\":\"\",\"label\":\"positive\"}}", "has no text", 4)]
    [InlineData("{\"text\":\"a\",\"label\":\"positive\"}\n\n{\"text\":", "not JSON", 3)]
    [InlineData("{\"text\":\"a\",\"label\":\"positive\"}\n\n{\"text\":\"b\",\"label\":\"happy\"}", "has the label 'happy'", 3)]
    [InlineData("a@positive\nb\n", "no @label", 2)]
    [InlineData("foo,bar\na,b\n", "no column of the text", null)]
    [InlineData("[1,2]", "holds no objects", null)]
    [InlineData("[{\"text\":", "not JSON", 1)]
    public void Bad_input_names_what_and_where(string content, string problem, int? line)
    {
        var error = Assert.Throws<FeedException>(() => Read(content));
        Assert.Contains(problem, error.Message);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public void Unknown_label_is_answered_with_those_of_the_file_and_without_a_guess()
    {
        var mend = Assert.Throws<FeedException>(() => Read("text,label\na,0\nb,1\nc,2\n")).Mend;
        Assert.Contains("the labels 0, 1, 2;", mend);
        Assert.DoesNotContain("=0", mend);
        Assert.Contains("and 12 others", Assert.Throws<FeedException>(() => Read("text,label\n" + string.Concat(Enumerable.Range(10, 20).Select(i => $"t,{i}\n")))).Mend);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_does_not_stop_the_reading()
    {
        var set = Read("{\"text\":\"up \\ud83d and away\",\"label\":\"positive\"}");
        Assert.Equal(2, (int)Assert.Single(set.Rows).Label!);
        Assert.StartsWith("up ", set.Rows[0].Text);
    }

    [Fact]
    public void Json_that_is_broken_is_told_without_the_places_of_the_library()
    {
        var error = Assert.Throws<FeedException>(() => Read("{\"text\":\"a\",\"label\":\"positive\"}\n{\"text\" \"b\"}"));
        Assert.Equal(2, error.Line);
        Assert.DoesNotContain("BytePosition", error.Message);
    }

    [Fact]
    public void Column_that_is_not_there_is_a_matter_of_usage()
    {
        var error = Assert.Throws<FeedException>(() => Read("text,label\na,positive\n", new() { Text = "body" }));
        Assert.True(error.IsUsage);
        Assert.Contains("text, label", error.Mend);
    }

    [Fact]
    public void Missing_file_is_named() => Assert.Contains("nowhere.csv", Assert.Throws<FeedException>(() => LabelledFile.Read("/nowhere.csv")).Message);
}
