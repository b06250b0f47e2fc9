using Bellwether.Sentiment.Novelty;

namespace Bellwether.Tests.Sentiment.Novelty;

public sealed class StoryRuleTests
{
    const string Base = "Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe";

    const string Odd = "aA1 .,%$+-@#'’&|()qQkKmMbB";

    static bool Repeats(string a, string b)
    {
        var (first, second) = (TextSketch.Of(null, a), TextSketch.Of(null, b));
        var repeats = StoryRule.Likeness(first.View, second.View) > 0;
        Assert.Equal(repeats, StoryRule.Likeness(second.View, first.View) > 0);
        // What the bands do not let through is never compared.
        if (repeats) Assert.True(TextSketch.ShareBand(first.BandKeys, second.BandKeys) && StoryRule.MayRepeat(first.Gist, second.Gist));
        return repeats;
    }

    [Theory]
    [InlineData("UPDATE 1-Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("UPDATE 2-Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("BRIEF-Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe - Reuters")]
    [InlineData("Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe | The Daily Ledger")]
    [InlineData("(Reuters) - Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("RT @desk: Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe https://t.co/abc")]
    [InlineData("Acme's second-quarter profit jumped 12 pct to $1.2B on strong cloud demand in Europe")]
    [InlineData("ACME Q2 PROFIT RISES 12 PERCENT TO $1,200 MLN ON STRONG CLOUD DEMAND IN EUROPE")]
    [InlineData("On strong cloud demand in Europe, Acme Q2 profit rises 12% to $1.2 billion")]
    [InlineData("Acme Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe; shares up after the bell")]
    public void A_rewrite_repeats_its_story(string rewrite) => Assert.True(Repeats(Base, rewrite));

    [Theory]
    [InlineData("Acme Q2 profit falls 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q2 profit rises 15% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q2 profit rises 12% to $1.4 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q3 profit rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q2 loss rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q2 profit rises 12% to $1.2 billion on weak cloud demand in Europe")]
    [InlineData("Zenith Q2 profit rises 12% to $1.2 billion on strong cloud demand in Europe")]
    [InlineData("Acme Q2 profit rises 12% to $1.2 million on strong cloud demand in Europe")]
    [InlineData("Acme says no Q2 profit rise of 12% to $1.2 billion on strong cloud demand in Europe")]
    public void Another_number_name_period_or_direction_is_another_story(string other) => Assert.False(Repeats(Base, other));

    [Theory]
    [InlineData("Wells Fargo Maintains Overweight on Acme Technologies, Raises Price Target to $95", "SVB Leerink Maintains Outperform on Acme Technologies, Raises Price Target to $95")]
    [InlineData("UBS Maintains Buy on Acme, Raises Price Target to $95", "UBS Maintains Sell on Acme, Raises Price Target to $95")]
    [InlineData("Acme supplier Foxwell cuts full-year revenue outlook, citing weak demand", "Acme supplier Luxbrook cuts full-year revenue outlook, citing weak demand")]
    [InlineData("Acme revenue rises while margins fall in the March quarter", "Acme revenue falls while margins rise in the March quarter")]
    [InlineData("Acme shares trade 2.5% higher in early New York session", "Acme shares trade 2.5% lower in early New York session")]
    [InlineData("Acme to appeal ruling of the court in patent case", "Acme not to appeal ruling of the court in patent case")]
    [InlineData("Acme sales for March beat estimates of analysts again", "Acme sales for April beat estimates of analysts again")]
    [InlineData("Acme sues Zenith over patents for phones in California", "Zenith sues Acme over patents for phones in California")]
    [InlineData("Acme Hires Zenith Engineer To Lead Its Car Project", "Zenith Hires Acme Engineer To Lead Its Car Project")]
    [InlineData("Acme beats Zenith in race for contract of the navy", "Zenith beats Acme in race for contract of the navy")]
    [InlineData("Acme in talks to buy studio Foxwell", "Acme ends talks to buy studio Foxwell")]
    [InlineData("Acme in talks to buy studio Foxwell", "Acme resumes talks to buy studio Foxwell")]
    [InlineData("$ACME up", "$ACME down")]
    [InlineData("$ACME +3.1% pre-market", "$ACME -3.1% pre-market")]
    [InlineData("buying $ACME here", "selling $ACME here")]
    public void Alike_in_words_and_not_in_meaning_is_another_story(string a, string b) => Assert.False(Repeats(a, b));

    [Fact]
    public void In_a_longer_text_one_number_may_be_brought_up_to_date()
    {
        const string text = """
            Shares of Acme were up {0} in afternoon trading after the maker of industrial robots said its order book had grown to 4.5 billion euros, the most since 2018, and that it
            would build a second plant in Poland with 1,200 workers. Analysts had expected 4.1 billion. The chief executive told investors that deliveries would start next spring.
            """;
        Assert.True(Repeats(text.Replace("{0}", "3.1%"), text.Replace("{0}", "3.4%")));
        Assert.False(Repeats(text.Replace("up {0}", "up 3.1%"), text.Replace("up {0}", "down 3.1%").Replace("grown", "shrunk")));
    }

    [Fact]
    public void The_title_counts_where_the_text_does_not_begin_with_it()
    {
        const string boilerplate = "Read the full story on our site. All rights reserved by the publisher of this page.";
        Assert.Equal(0, StoryRule.Likeness(TextSketch.Of("Acme opens a plant in Poland with robots", boilerplate).View, TextSketch.Of("Regulator fines Acme over late safety filings", boilerplate).View));
        Assert.Equal(1, StoryRule.Likeness(TextSketch.Of(Base, Base).View, TextSketch.Of(null, Base).View));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("🚀🚀🚀", "🚀")]
    [InlineData("https://t.co/a", "https://t.co/b")]
    public void Texts_that_say_nothing_repeat_nothing(string? a, string? b) => Assert.Equal(0, StoryRule.Likeness(TextSketch.Of(null, a).View, TextSketch.Of(null, b).View));

    [Fact]
    public void Any_text_has_a_sketch()
    {
        var random = new Random(7);
        for (var i = 0; i < 3_000; i++)
        {
            var text = string.Create(random.Next(200), random, (span, r) =>
            {
                for (var c = 0; c < span.Length; c++) span[c] = r.Next(4) == 0 ? (char)r.Next(char.MaxValue + 1) : Odd[r.Next(Odd.Length)];
            });
            var sketch = TextSketch.Of(i % 3 == 0 ? text[..(text.Length / 2)] : null, text);
            Assert.Equal(sketch.View.Features.ToArray(), TextSketch.Of(i % 3 == 0 ? text[..(text.Length / 2)] : null, text).View.Features.ToArray());
            if (sketch.View.Shared.Length > 0) Assert.Equal(1, StoryRule.Likeness(sketch.View, sketch.View));
        }
    }

    [Fact]
    public void A_gist_tells_off_no_text_that_repeats_and_nearly_all_others()
    {
        var sketches = RealHeadlineTests.Headlines().Take(500).SelectMany(h => new[] { h.Title, $"UPDATE 1-{h.Title}", $"{h.Title}; shares rise 3% to $17" })
            .Concat(Enumerable.Range(0, 300).Select(i => string.Concat(Enumerable.Repeat($"Acme {i % 7} profit of ${i % 5}.2 bln in Q{i % 4 + 1}. ", i % 40 + 1))))
            .Select(text => TextSketch.Of(null, text)).ToArray();
        var (let, repeats) = (0, 0);
        for (var i = 0; i < sketches.Length; i++)
            for (var j = i + 1; j < sketches.Length; j++)
            {
                var may = StoryRule.MayRepeat(sketches[i].Gist, sketches[j].Gist);
                if (may != StoryRule.MayRepeat(sketches[j].Gist, sketches[i].Gist)) Assert.Fail($"{i} and {j} are not told off both ways");
                if (may) let++;
                if (may && j - i > 3) continue;
                if (StoryRule.Likeness(sketches[i].View, sketches[j].View) == 0) continue;
                repeats++;
                if (!may) Assert.Fail($"{i} and {j} are alike and told off");
            }
        Assert.InRange(repeats, 500, int.MaxValue);
        Assert.InRange(let, repeats, sketches.Length * sketches.Length / 20);
    }

    [Fact]
    public void Of_many_texts_in_one_form_the_same_is_found()
    {
        string[] forms = ["Acme is upgraded to overweight, target raised to ${0} from ${1}", "Acme sells {0} trucks to {1} towns", "Acme names {0} chiefs of desk {1}"];
        var index = new ChainIndex();
        var texts = Enumerable.Range(0, 4_000).Select(i => string.Format(null, forms[i % 3], i * 7 % 61 + 11, i * 13 % 53 + 101)).Distinct().ToArray();
        var (found, wrong) = (0, 0);
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Null(index.Find(TextSketch.Of(null, texts[i]), i, i, long.MaxValue).Head);
            index.Add(new(TextSketch.Of(null, texts[i]), i, (ulong)i, i));
            var asked = (int)(i * 7919L % (i + 1));
            if (index.Find(TextSketch.Of(null, $"UPDATE 1-{texts[asked]}"), i, i, long.MaxValue).Head is not { } head) continue;
            if (head.Chain == (ulong)asked) found++;
            else wrong++;
        }
        Assert.Equal((texts.Length, 0), (found, wrong));
    }
}
