using System.Collections.Frozen;

namespace Bellwether.Sentiment.Novelty;

/// <summary>What a word does in a sketch.</summary>
enum WordRole : byte
{
    Content,
    Stop,
    /// <summary>Counts the versions of a story: a number behind it is none of the story's.</summary>
    Version,
    Up,
    Down,
    /// <summary>One of two opposites; the payload tells which two.</summary>
    Plus,
    Minus,
    Not,
    /// <summary>first, second …; the payload is the number.</summary>
    Ordinal,
    Quarter,
    Month,
    Weekday,
    Percent,
    /// <summary>thousand, million …; the payload is the power of ten.</summary>
    Scale,
}

/// <summary>The words that a sketch treats in another way than by their hash.</summary>
static class SketchWords
{
    const string Stops = """
        a an the and or but of in on at to for from by with as is are was were be been being it its this that these those he she they we you
        i his her their our your my has have had do does did will would can could may might shall should must than then so if while when
        where who which what how why also just very more most much about after before into over under again amid among between during per
        via up-to out off here there now still yet only own same such some any all each other both said say saying says tell told according
        report reported reporting today yesterday tomorrow inc corp co ltd plc llc company stock share ticker nyse nasdaq amp nbsp rt fy mr
        mrs ms reuters bloomberg benzinga marketwatch cnbc wsj zacks prnewswire newswire globenewswire businesswire accesswire seekingalpha
        thestreet investing barron forbe fool motley yahoo afp dow jone newswire ap pr press release newsroom read full story click link
        source breaking exclusive alert flash brief wrapup rpt refile corrected correct correction factbox recap live video photo watch just
        """;

    const string Versions = "update updated version take part";

    const string Ups = """
        up rise rises rising rose risen jump jumped jumping climb climbed climbing gain gained gaining surge surged surging soar soared
        soaring rally rallied rallies rallying grow grew grows growing grown increase increased increasing higher raise raised raising lift
        lifted lifting boost boosted boosting hike hiked hiking widen widened beat beaten beating topped topping exceed exceeded exceeding
        surpass surpassed surpassing upgrade upgraded upgrading outperform outperformed climb spike spiked spiking rebound rebounded
        rebounding recover recovered recovering accelerate accelerated expand expanded expanding improve improved improving skyrocket
        skyrocketed double doubled
        """;

    const string Downs = """
        down fall falls falling fell fallen drop dropped dropping decline declined declining slide slid sliding sink sank sinking sunk
        plunge plunged plunging tumble tumbled tumbling lower lowered lowering cut cuts cutting slash slashed slashing trim trimmed trimming
        reduce reduced reducing shrink shrank shrinking slip slipped slipping dip dipped dipping miss missed missing misses downgrade
        downgraded downgrading underperform underperformed crash crashed crashing narrow narrowed narrowing ease eased easing slump slumped
        slumping lose lost losing slow slowed slowing retreat retreated decrease decreased decreasing worsen worsened weaken weakened
        weakening halve halved tank tanked plummet plummeted contract contracted
        """;

    const string Opposites = """
        profit/loss buy/sell bought/sold long/short above/below bull/bear bullish/bearish call/put overweight/underweight approve/reject
        approved/rejected accept/refuse strong/weak stronger/weaker high/low positive/negative support/oppose win/lose won/lost enter/exit
        hire/fire open/close opens/closes guilty/innocent join/leave start/stop buyer/seller inflow/outflow
        surplus/deficit success/failure pass/fail passed/failed launch/recall accretive/dilutive gainer/loser
        """;

    const string Nots = """
        not no never without deny denied denies denying cannot cant wont dont doesnt didnt isnt arent wasnt werent hasnt havent unlikely fail
        failed refuse refused nor neither end ends ended halt halts halted resume resumes resumed scrap scraps scrapped abandon abandons
        abandoned withdraw withdraws withdrew withdrawn cancel cancels canceled cancelled suspend suspends suspended terminate terminates
        terminated pause pauses paused postpone postpones postponed
        """;

    // May is a verb, too.
    static readonly string[] Months =
    [
        "january jan", "february feb", "march mar", "april apr", "", "june jun", "july jul", "august aug", "september sep sept", "october oct",
        "november nov", "december dec",
    ];


    static readonly string[] Weekdays =
        ["monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri", "saturday sat", "sunday sun"];

    static readonly FrozenDictionary<uint, (WordRole Role, byte Payload)> Roles = Build();

    public static (WordRole Role, byte Payload) Of(uint hash) => Roles.TryGetValue(hash, out var role) ? role : default;

    /// <summary>Hash of a word in lower case, without a plural's s.</summary>
    public static uint Hash(ReadOnlySpan<char> lower)
    {
        if (lower.Length > 3 && lower[^1] == 's' && lower[^2] is not ('s' or 'u' or 'i')) lower = lower[..^1];
        var hash = HashStart;
        foreach (var c in lower) hash = (hash ^ c) * HashFactor;
        return TextSketch.Mix(hash);
    }

    // FNV-1a.
    const uint HashStart = 2166136261, HashFactor = 16777619;

    static FrozenDictionary<uint, (WordRole, byte)> Build()
    {
        var roles = new Dictionary<uint, (WordRole, byte)>();
        void Add(string words, WordRole role, byte payload = 0)
        {
            foreach (var word in words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)) roles[Hash(word)] = (role, payload);
        }
        Add(Stops, WordRole.Stop);
        Add(Versions, WordRole.Version);
        var pairs = Opposites.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < pairs.Length; i++)
        {
            var sides = pairs[i].Split('/');
            Add(sides[0], WordRole.Plus, (byte)(i + 1));
            Add(sides[1], WordRole.Minus, (byte)(i + 1));
        }
        Add(Nots, WordRole.Not);
        Add(Ups, WordRole.Up);
        Add(Downs, WordRole.Down);
        string[] ordinals = ["first", "second", "third", "fourth"];
        for (var i = 0; i < ordinals.Length; i++) Add(ordinals[i], WordRole.Ordinal, (byte)(i + 1));
        Add("quarter quarterly qtr", WordRole.Quarter);
        for (var i = 0; i < Months.Length; i++) Add(Months[i], WordRole.Month, (byte)(i + 1));
        for (var i = 0; i < Weekdays.Length; i++) Add(Weekdays[i], WordRole.Weekday, (byte)(i + 1));
        Add("percent pct percentage", WordRole.Percent);
        Add("k thousand", WordRole.Scale, 3);
        Add("m mn mln mm million mio", WordRole.Scale, 6);
        Add("b bn bln billion", WordRole.Scale, 9);
        Add("t tn trln trillion", WordRole.Scale, 12);
        Add("lakh", WordRole.Scale, 5);
        Add("crore cr", WordRole.Scale, 7);
        return roles.ToFrozenDictionary();
    }
}
