namespace Bellwether.Sentiment.Lexicon;

/// <summary>How a term acts on its neighbours.</summary>
enum Modifier : byte
{
    None,
    Negate,
    Scale,
    Contrast,
    Concede,
    Hedge,

    /// <summary>Something comes to its end: good of a burden, bad of a boon.</summary>
    End,
}

/// <summary>What the lexicon knows of a term. It may be several things at once (loss: bad in itself, and bad to have more of).</summary>
record struct LexiconEntry
{
    /// <summary>Weight in itself, −4 to 4.</summary>
    public float Weight { get; set; }

    /// <summary>Strength of a movement, positive for up.</summary>
    public float Direction { get; set; }

    /// <summary>The subject of the movement is looked for after this word first.</summary>
    public bool SubjectFollows { get; set; }

    /// <summary>+1 where more is good, −1 where more is bad, 0 where it is no subject.</summary>
    public sbyte Polarity { get; set; }

    /// <summary>−1 a burden that can be lifted (ban, strike, lawsuit), +1 a boon that can be lost (approval, contract), 0 neither.</summary>
    public sbyte Event { get; set; }

    public Modifier Modifier { get; set; }

    public float Factor { get; set; }

    /// <summary>Words in the longest term that begins with this word; 0 unless this is a single word.</summary>
    public byte LongestTerm { get; set; }

    /// <summary>Is a term, not only the first word of one.</summary>
    public bool IsTerm { get; set; }
}
