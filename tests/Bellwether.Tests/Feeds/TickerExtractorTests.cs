using System.Text;
using Bellwether.Feeds;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Feeds;

public sealed class TickerExtractorTests(ITestOutputHelper output)
{
    // Own sentences; what stands behind the bar is what a careful reader would file the text under.
    const string Labelled =
        """
        Loading up on $AAPL before the split|AAPL
        $aapl and $msft look strong today|AAPL MSFT
        $BRK.B hits an all-time high|BRK.B
        Sold my $BRK-B shares this morning|BRK.B
        The bag cost $5 and the deal $1B|
        They raised $300M at a $2B valuation|
        Paid U$D 250 for a phone|
        Holding $USD and $EUR until the Fed speaks|
        $TSLA, $GM: who wins the truck race?|GM TSLA
        ($NVDA) breaks out again|NVDA
        $XYZQ is not a name anybody lists, yet it is a cashtag|XYZQ
        Shares of AT&T (NYSE: T) fell two percent|T
        Vodafone ("LSE: VOD") cut its dividend|VOD
        Alphabet Inc. (NASDAQ: GOOG, GOOGL) reports after the close|GOOG GOOGL
        Acme Robotics (OTCMKTS: ACMR) announced a contract|ACMR
        (NYSE:F) raises its outlook|F
        NYSE Arca: SPY saw record volume|SPY
        The NYSE: a short history of trading floors|
        Tencent (HKG: 0700) gained in early trade|0700
        Apple unveils a cheaper iPhone|AAPL
        Apple's margins surprised everyone|AAPL
        Analysts expect Apple to beat estimates this quarter|AAPL
        She baked an apple pie for the party|
        Apple pie recipes for the holidays|
        Sales grew 3M in 3m, 3M users joined|
        The Big Apple wakes up to snow|
        Microsoft and Google announce a joint standard|GOOGL MSFT
        microsoft office is slow again|
        Why the target audience matters more than reach|
        Analyst raises price target on Nvidia to $900|NVDA
        UBS Maintains Neutral on Agilent Technologies, Raises Price Target to $87|A
        Target misses earnings estimates, shares slide|TGT
        Target Practice: five drills for beginners|
        Walmart and Target report next week, retail investors brace|TGT WMT
        Inflation remains above Target, Fed officials warn|
        Gap Up in the morning, fade in the afternoon|
        Gap shares jump after strong holiday sales|GPS
        The gender gap in pay widened|
        Visa and Mastercard face a new antitrust lawsuit|MA V
        Visa requirements for tourists were eased|
        She applied for a student Visa last week|
        Ford recalls 40,000 trucks|F
        Harrison Ford turns eighty|
        Gerald Ford became president in 1974|
        Rivals of Ford cut prices as well|F
        Amazon.com Inc. opens a second headquarters|AMZN
        The Amazon rainforest lost a record area of trees|
        Amazon raises wages for warehouse workers|AMZN
        Fires along the Amazon River burned for weeks|
        Delta variant cases are rising|
        Delta Air Lines orders forty jets|DAL
        Delta reports record quarterly revenue|DAL
        Meta analysis of sleep studies|
        Meta Platforms lays off thousands|META
        Oracle beats on revenue, stock up|ORCL
        The oracle of Delphi spoke in riddles|
        Block party this Saturday on Elm Street|
        Bank of America and Wells Fargo raise dividends|BAC WFC
        JPMorgan Chase & Co. names a new CFO|JPM
        J.P. Morgan reels in expectations on Beyond Meat|BYND JPM
        Morgan Stanley Upgrades Boeing to Overweight|BA
        Qualcomm upgraded to buy by Goldman Sachs|QCOM
        Citigroup Raises PT on Halliburton to $40|HAL
        RBC Upgrades Morgan Stanley to Outperform|MS
        Goldman Sachs posts record trading revenue|GS
        Nasdaq and Dow close at records|
        American Capital sells its stake in a pump maker|
        European Goldfields - News Release|
        Johnson & Johnson settles talc claims|JNJ
        Coca-Cola raises prices again|KO
        Procter & Gamble warns on costs|PG
        McDonald's to open 1,500 stores|MCD
        Lowe's tops forecasts; Home Depot cautious|HD LOW
        T-Mobile completes the merger|TMUS
        Warren Buffett's Berkshire Hathaway buys more Occidental Petroleum|BRK.B OXY
        AAPL TSLA and NVDA lead the rally|AAPL NVDA TSLA
        BUY NOW OR CRY LATER|
        ALL OF IT IS ON YOU|
        IT departments are hiring for AI roles|
        The CEO and CFO left the USA|
        Jerome Powell said the FED will wait|
        A new day for us all|
        ARE WE THERE YET|
        SO WHAT IS NEXT FOR THE US|
        Nothing to see here, just a quiet Sunday|
        QQQ and SPY calls printing today|QQQ SPY
        General Electric to split into three; General Motors invests|GE GM
        eBay sells its classifieds unit|EBAY
        Read more at https://example.com/AAPL/MSFT?id=TSLA|
        @AAPL_fan says hello|
        Goldman Sachs Upgrades Caterpillar To Buy|CAT
        A caterpillar ate my cabbage|
        Shell plc and BP plc book record profit|BP SHEL
        He found a shell on the beach|
        Best Buy cuts its outlook|BBY
        The best buy of the week is a toaster|
        Snap shares crater on weak guidance|SNAP
        It happened in a Snap|
        Zoom earnings preview: what investors should watch|ZM
        Zoom in on the picture to see the detail|
        Nike, Under Armour Slip Following Foot Locker Results|FL NKE UAA
        """;

    [Fact]
    public void Extract_of_labelled_sentences_is_precise()
    {
        var (hits, wrong, missed) = (0, 0, 0);
        foreach (var line in Labelled.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var bar = line.LastIndexOf('|');
            var expected = line[(bar + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var found = TickerExtractor.Default.Extract(line.AsSpan(0, bar));
            hits += found.Intersect(expected).Count();
            wrong += found.Except(expected).Count();
            missed += expected.Except(found).Count();
            if (!expected.Order(StringComparer.Ordinal).SequenceEqual(found))
                output.WriteLine($"{line[..bar]}: expected {string.Join(' ', expected)}, found {string.Join(' ', found)}");
        }
        var (precision, recall) = ((double)hits / (hits + wrong), (double)hits / (hits + missed));
        output.WriteLine($"precision {precision:P1}, recall {recall:P1}");
        Assert.True(precision >= 0.95, $"precision {precision:P1}");
        Assert.True(recall >= 0.9, $"recall {recall:P1}");
    }

    [Fact]
    public void Extract_of_any_text_gives_sorted_distinct_valid_tickers()
    {
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000), Prop.ForAll(Texts(), text =>
        {
            var found = TickerExtractor.Default.Extract(text);
            Assert.Equal(found.Distinct().Order(StringComparer.Ordinal), found);
            Assert.True(TickerList.TryParse(found, out var parsed, out _));
            Assert.Equal(found, parsed);
        }));
    }

    [Fact]
    public void Extract_of_a_cashtag_in_any_surroundings_finds_it()
    {
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000), Prop.ForAll(Texts(), Texts(), (before, after) =>
            Assert.Contains("QZJX", TickerExtractor.Default.Extract($"{before} $QZJX {after}"))));
    }

    [Fact]
    public void Extract_of_lower_case_text_finds_no_names()
    {
        foreach (var name in SymbolList.BuiltIn.Symbols.Select(s => s.Name).Where(n => !char.IsLower(n[0])))
            Assert.True(TickerExtractor.Default.Extract($"some {name.ToLowerInvariant()} thing").Count == 0, name);
    }

    [Fact]
    public void Extract_of_every_full_name_finds_its_symbol()
    {
        var claimed = new HashSet<string>();
        foreach (var listed in SymbolList.BuiltIn.Symbols)
            if (claimed.Add(listed.Name) && listed.Name.Contains(' ') && char.IsUpper(listed.Name[0]))
                Assert.True(TickerExtractor.Default.Extract($"a note about {listed.Name}, dated today").Count >= 1, listed.Name);
    }

    [Fact]
    public void Extract_over_title_and_text_joins_both() =>
        Assert.Equal(["INTC", "MSFT"], TickerExtractor.Default.Extract("Microsoft beats", "and $INTC does not"));

    [Fact]
    public void Extract_of_a_long_text_grows_its_buffers()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 5000; i++) text.Append("some words without meaning, ");
        Assert.Equal(["AMD"], TickerExtractor.Default.Extract(text.Append("and $AMD").ToString()));
    }

    [Fact]
    public void SymbolList_of_a_user_wins_over_the_built_in_one()
    {
        var path = Path.Combine(Path.GetTempPath(), $"symbols-{Guid.NewGuid():N}.csv");
        try
        {
            File.WriteAllText(path, "symbol,exchange,name,aliases\nZZTP,NASDAQ,Zeta Pumps Inc,Zeta Pumps|Microsoft\n");
            var extractor = new TickerExtractor(SymbolList.BuiltIn.With(SymbolList.Read(path)));
            Assert.Equal(["AAPL", "ZZTP"], extractor.Extract("Zeta Pumps sues Apple Inc"));
            Assert.Equal(["ZZTP"], extractor.Extract("Microsoft beats"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void SymbolList_with_a_bad_symbol_names_file_and_line()
    {
        var path = Path.Combine(Path.GetTempPath(), $"symbols-{Guid.NewGuid():N}.csv");
        try
        {
            File.WriteAllText(path, "symbol,exchange,name,aliases\nOK,NASDAQ,Fine Inc,\n'; DROP,NASDAQ,Bad Inc,\n");
            var error = Assert.Throws<FeedException>(() => SymbolList.Read(path));
            Assert.Equal(3, error.Line);
            Assert.Equal(path, error.Origin);
        }
        finally
        {
            File.Delete(path);
        }
    }

    static Arbitrary<string> Texts() => Gen.OneOf(
            ArbMap.Default.GeneratorFor<string>().Where(s => s is not null),
            Gen.Elements("$", "$$", "$AAPL", "NYSE:", "(NASDAQ: ", "A", "IT", "Apple", "'s", ".", "&", "AT&T", "\ud800", "é", " ", "\n",
                "://", "BRK.B", "-", "Target Price", "$BRK.")
                .ListOf().Select(parts => string.Concat(parts)))
        .ToArbitrary();
}
