using System.Text;
using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// The rows that the two heads are trained on: texts with one class, and texts with the class of one of their entities. The fold of a row
/// follows from its text, so that no text is in two folds, whichever set it comes from.
/// </summary>
sealed class TrainingRows
{
    readonly HashSet<string> _texts = new(StringComparer.Ordinal);
    readonly List<(string Text, byte Label, int Fold)> _labelled = [];
    readonly List<EntityText> _measuredEntities = [];
    readonly List<string> _measured = [];
    readonly uint[] _room = new uint[FeatureBuffer.Room];
    readonly int[] _counts = new int[FeatureBuffer.Groups];

    public TrainingRows(ClassifierTrainingOptions options)
    {
        Options = options;
        Text = new(options.TextBits, (int)FeatureGroup.Near);
        Entity = new(options.EntityBits, FeatureBuffer.Groups);
    }

    public ClassifierTrainingOptions Options { get; }

    public FeatureRows Text { get; }

    public FeatureRows Entity { get; }

    /// <summary>
    /// Fold of each row of a head; −1 for made-up sentences, which are trained on in every fold, and −2 − n for the variants of texts of fold n,
    /// which are held out with them and not measured.
    /// </summary>
    public List<int> TextFolds { get; } = [];

    /// <inheritdoc cref="TextFolds"/>
    public List<int> EntityFolds { get; } = [];

    /// <summary>What is measured of the head for texts; what was made up comes behind it.</summary>
    public HeldOutRows HeldOutTexts => new(Text, TextFolds, row => new(_measured[row], [], []), byEntity: false);

    /// <summary>What is measured of the head for entities.</summary>
    public HeldOutRows HeldOutEntities => new(Entity, EntityFolds, row => _measuredEntities[row], byEntity: true);

    /// <summary>How many variants of texts were made.</summary>
    public int Variants { get; private set; }

    /// <summary>Adds the rows of a set; returns the first and the behind-last row of texts, and of entities.</summary>
    public (Range Texts, Range Entities) Add(LabelledSet set)
    {
        var (texts, entities) = (Text.Count, Entity.Count);
        foreach (var row in set.Rows.Where(r => r.Entity is not null)) AddEntity(row);
        foreach (var same in set.Rows.GroupBy(r => r.Text, StringComparer.Ordinal))
            // A text whose entities fare differently has no class as a whole.
            if (same.First() is { Label: { } label } first && same.All(r => r.Label == label) && _texts.Add(KeyOf(first.Text)))
                AddLabelled(first.Text, label);
        return (texts..Text.Count, entities..Entity.Count);
    }

    /// <summary>True where a row may not be trained on when the fold is held out.</summary>
    public static bool IsHeldOut(int foldOfRow, int fold) => foldOfRow == fold || foldOfRow == -2 - fold;

    /// <summary>Adds what is made up beside the labelled texts: their variants, and sentences from templates.</summary>
    public void AddMadeUp()
    {
        var random = new SplitMix(Options.Seed);
        foreach (var (text, label, fold) in _labelled)
            for (var i = 0; i < Options.Variants; i++)
                if (SynonymTexts.BuiltIn.Vary(text, random) is { } varied) AddText(varied, label, Options.VariantWeight, -2 - fold);
        Variants = TextFolds.Count(f => f < -1);
        foreach (var (text, label) in TemplateTexts.BuiltIn.Make(Options.Templates, Options.Seed)) AddText(text, label, Options.TemplateWeight, -1);
    }

    /// <summary>Adds made-up texts of two securities to the rows of entities.</summary>
    public void AddMadeUpPairs()
    {
        foreach (var row in TemplateTexts.BuiltIn.MakePairs(Options.Pairs, Options.Seed)) AddEntity(row, Options.PairWeight, -1);
    }

    public void AddLabelled(string text, byte label)
    {
        var fold = FoldOf(text);
        _measured.Add(text);
        AddText(text, label, 1, fold);
        _labelled.Add((text, label, fold));
    }

    void AddText(string text, byte label, float weight, int fold)
    {
        var features = new FeatureBuffer(_room, _counts, Options.TextBits);
        TextFeatures.Read(ClassifierTerms.Table, text, features);
        AddGroups(Text, features);
        Text.EndRow(label, weight);
        TextFolds.Add(fold);
    }

    // Several entities are what this head is for; those with one are many more.
    void AddEntity(LabelledRow row) => AddEntity(row, row.Entity!.Others.Count > 0 ? 1 : Options.SingleEntityWeight, FoldOf(row.Text));

    void AddEntity(LabelledRow row, float weight, int fold)
    {
        var features = new FeatureBuffer(_room, _counts, Options.EntityBits);
        TextFeatures.ReadFor(ClassifierTerms.Table, row.Text, [.. row.Entity!.Target], [.. row.Entity.Others], features);
        AddGroups(Entity, features);
        Entity.EndRow(row.Label!.Value, weight);
        EntityFolds.Add(fold);
        _measuredEntities.Add(row.Entity);
    }

    static void AddGroups(FeatureRows rows, FeatureBuffer features)
    {
        for (var g = 0; g < rows.Groups; g++) rows.AddGroup(features.Of((FeatureGroup)g), features.Scale((FeatureGroup)g));
    }

    int FoldOf(string text) => (int)(FeatureHash.Bucket(FeatureHash.Word(KeyOf(text)) ^ (uint)Options.Seed * 0x9E3779B1, 24) % (uint)Options.Folds);

    /// <summary>The same for texts that differ only in links, capitals, blanks and punctuation: one message is sent many times with other links.</summary>
    internal static string KeyOf(string text)
    {
        var key = new StringBuilder(text.Length);
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.StartsWith("http", StringComparison.OrdinalIgnoreCase) || word.StartsWith("www.", StringComparison.OrdinalIgnoreCase)) continue;
            if (key.Length > 0 && key[^1] != ' ') key.Append(' ');
            foreach (var c in word)
                if (char.IsLetterOrDigit(c)) key.Append(char.ToLowerInvariant(c));
        }
        // Of a text without a letter its marks are all there is.
        return key.Length > 0 ? key.ToString().TrimEnd() : text;
    }
}
