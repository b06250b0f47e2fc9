namespace Bellwether.App.Demo;

/// <summary>
/// Sentences of the generated day, by kind of publication and by mood: bad, neutral, good. In them {N} is the name, {T} the ticker, {S} the
/// sector, {P} a price, {Q} a higher one, {R} a percentage, {M} millions, {E} earnings a share, {F} lower ones, {B} a bank.
/// </summary>
static class DemoTexts
{
    public static readonly string[][] News =
    [
        [
            "{N} shares fall {R}% after the company cuts its full-year guidance",
            "{N} misses estimates: earnings of ${F} a share against ${E} expected",
            "{N} recalls {M} million units over a safety defect",
            "{N} warns of weaker demand as orders decline {R}%",
            "{N} loses a ${M} million contract to a rival",
            "Regulators open a probe into {N}, shares slump {R}%",
            "{N} to lay off {R}% of its staff as costs rise",
            "{N} delays its flagship launch, citing supply problems",
        ],
        [
            "{N} to present at an industry conference next week",
            "{N} names a new head of investor relations",
            "{N} trades near ${P} in quiet dealings",
            "{N} schedules its annual meeting of shareholders",
            "What to watch in {N} as {S} stocks await data",
            "{N} completes the move of its regional offices",
        ],
        [
            "{N} beats estimates with earnings of ${E} a share, ${F} was expected",
            "{N} raises full-year guidance, shares jump {R}%",
            "{N} wins a ${M} million order and lifts its outlook",
            "{N} announces a ${M} million share buyback and a higher dividend",
            "{N} posts record revenue as demand surges {R}%",
            "{N} gains {R}% after a strong quarter and an upbeat forecast",
            "{N} receives approval for its newest product, shares rally",
            "{N} margins improve as costs fall {R}%",
        ],
    ];

    public static readonly string[][] Notes =
    [
        [
            "{B} downgrades {N} to sell, cuts price target to ${P} from ${Q}",
            "{B} lowers its price target on {N} to ${P} from ${Q}, sees downside risk to margins",
            "{B} cuts {N} estimates on weak channel checks",
        ],
        [
            "{B} reiterates hold on {N}, price target unchanged at ${Q}",
            "{B} starts coverage of {N} at neutral with a target of ${P}",
            "{B} hosts a call with the management of {N}",
        ],
        [
            "{B} upgrades {N} to buy, raises price target to ${Q} from ${P}",
            "{B} raises its price target on {N} to ${Q} from ${P}, cites strong demand",
            "{B} adds {N} to its best ideas, sees upside of {R}%",
        ],
    ];

    public static readonly string[][] Tweets =
    [
        [
            "${T} breaking down below {P}, this looks ugly 📉",
            "out of ${T} here, bad guidance and worse margins. bearish",
            "${T} puts printing today, down {R}% and no bounce",
            "not touching ${T}, balance sheet is a disaster",
            "${T} dumping again. bagholders everywhere",
            "sold half of my ${T}, weak volume and a failed breakout",
        ],
        [
            "${T} around {P}, waiting for the close",
            "anyone watching ${T} into the print?",
            "${T} volume about average so far",
            "${T} levels for today: {P} and {Q}",
            "what is the next date that matters for ${T}?",
        ],
        [
            "${T} breaking out above {P} 🚀",
            "loaded more ${T} on the dip, great quarter coming. bullish",
            "${T} calls up {R}% on the day, what a move",
            "${T} looks strong here, new highs soon 📈",
            "love how ${T} holds {P}. buyers in control",
            "huge beat for ${T}, raising my target to {Q}",
        ],
    ];

    public static readonly string[][] Posts =
    [
        [
            "Why I closed my ${T} position|Revenue growth is slowing, margins fell {R}% and management keeps missing its own targets. I took the loss at {P} and moved on.",
            "${T}: the bear case|Debt is up, demand is weak and a rival undercuts them on price. I see it below {P} by spring.",
            "${T} down {R}% and I think it gets worse|Inventory is piling up and guidance was terrible. No catalyst in sight.",
        ],
        [
            "${T} discussion thread|Post your levels and questions here. It trades at {P} as I write.",
            "How do you value ${T}?|I get anything between {P} and {Q} depending on the growth rate. Curious what others use.",
            "${T} earnings date moved|They now report a day later than planned. Nothing else changed in the calendar.",
        ],
        [
            "${T} is undervalued and here is why|Free cash flow grew {R}%, they buy back stock and the new product sells out everywhere. My target is {Q}.",
            "Up {R}% on ${T}, still holding|Great execution, strong guidance and margins keep improving. I am adding on every dip below {P}.",
            "${T}: best quarter in years|Record revenue, raised outlook and happy customers. Very bullish from here to {Q}.",
        ],
    ];

    public static readonly string[][] Filings =
    [
        [
            "8-K: {N} reports an impairment charge of ${M} million|Item 2.06. {N} concluded that a material charge of ${M} million for impairment is required and expects a loss for the quarter.",
            "8-K: {N} discloses the departure of its chief financial officer|Item 5.02. The officer resigned. {N} also withdrew its guidance for the year, citing weak demand.",
        ],
        [
            "8-K: {N} amends its bylaws|Item 5.03. The board of {N} approved amendments to the bylaws that concern notice periods.",
            "8-K: {N} furnishes presentation material|Item 7.01. {N} furnished slides for meetings with investors.",
        ],
        [
            "8-K: {N} reports results above its guidance|Item 2.02. {N} reported record revenue and earnings of ${E} a share, above its guidance, and raised its outlook.",
            "8-K: {N} enters into a material definitive agreement|Item 1.01. {N} won an agreement worth ${M} million, which it expects to improve earnings.",
        ],
    ];

    /// <summary>Posts that speak of no security.</summary>
    public static readonly string[] Aimless =
    [
        "good morning traders, coffee first",
        "the market feels strange today",
        "patience pays, always has",
        "anyone else just watching from the side?",
        "lunch break, back for the close",
    ];

    public static readonly string[] Banks = ["Northgate Research", "Harbor Lane Securities", "Alder & Pine", "Meridian Desk", "Quayside Markets"];
}
