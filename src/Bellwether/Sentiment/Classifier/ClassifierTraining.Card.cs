using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

public static partial class ClassifierTraining
{
    static ModelCard CardOf(
        IReadOnlyList<(LabelledSet Set, string Licence)> sets, List<(Range Texts, Range Entities)> ranges, int variants, ClassifierTrainingOptions options, List<ModelMetric> metrics)
    {
        var settings = SettingsOf(options);
        var inputs = string.Join('\n', sets.Select(s => s.Set.Sha256)
            .Append($"templates {TemplateTexts.BuiltIn.Hash}").Append($"synonyms {SynonymTexts.BuiltIn.Hash}").Append($"lexicon {ClassifierTerms.Table.Hash}").Append($"format {ClassifierFile.Format}")
            .Concat(settings.Select(s => $"{s.Key}={s.Value}")));
        return new()
        {
            Name = ClassifierModel.ModelName,
            Description = "Multinomial logistic regression over hashed words, pairs of words, characters, terms of the lexicon, negation, and "
                + "directions read from numbers; a second head scores one entity of a text. Probabilities are calibrated by temperature.",
            Seed = options.Seed,
            InputHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(inputs))),
            Data = [.. sets.Select((s, i) => new ModelData(NameOf(s.Set), s.Set.Sha256, s.Set.FileRows, s.Licence) { Texts = LengthOf(ranges[i].Texts), Entities = LengthOf(ranges[i].Entities) }),
                new("made-up sentences", TemplateTexts.BuiltIn.Hash, options.Templates, "part of this program") { Texts = options.Templates },
                .. LengthOf(ranges[^1].Entities) + ranges[^1].Entities.Start.Value == 0 ? Array.Empty<ModelData>()
                    : [new ModelData("made-up texts of two securities", TemplateTexts.BuiltIn.Hash, options.Pairs, "part of this program") { Entities = options.Pairs * 2 }],
                new("variants of the texts by synonyms", SynonymTexts.BuiltIn.Hash, variants, "part of this program; the texts' licence") { Texts = variants }],
            Settings = settings,
            Metrics = metrics,
            Licence = $"whoever trained it decides; its data is under {string.Join(", ", sets.Select(s => s.Licence).Distinct())}",
            Limits =
            [
                "English only. Other languages and images give scores near the average of the training data.",
                $"Trained on texts of {LengthsOf(sets)}. Of a text of more than {ClassifierModel.WholeCharacters} characters each sentence is scored by itself.",
                "Irony, comparisons of several companies and what readers know from elsewhere are often missed.",
                "It says how a text reads, not whether it is true, and nothing about prices to come.",
            ],
        };

        static int LengthOf(Range range) => range.End.Value - range.Start.Value;
    }

    // What the file was the user knows; what lengths it has tells where the model is at home.
    static string LengthsOf(IReadOnlyList<(LabelledSet Set, string Licence)> sets)
    {
        int[] lengths = [.. sets.SelectMany(s => s.Set.Rows).Select(r => r.Text.Length).Order()];
        return lengths.Length == 0 ? "no length"
            : $"{lengths[lengths.Length / 20]} to {lengths[^(lengths.Length / 20 + 1)]} characters (nine in ten), {lengths[lengths.Length / 2]} in the middle";
    }

    static SortedDictionary<string, string> SettingsOf(ClassifierTrainingOptions options)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["seed"] = $"{options.Seed}",
            ["folds"] = $"{options.Folds}",
            ["templates"] = $"{options.Templates}",
            ["template_weight"] = Text(options.TemplateWeight),
            ["pairs"] = $"{options.Pairs}",
            ["pair_weight"] = Text(options.PairWeight),
            ["variants"] = $"{options.Variants}",
            ["variant_weight"] = Text(options.VariantWeight),
            ["single_entity_weight"] = Text(options.SingleEntityWeight),
            ["text_bits"] = $"{options.TextBits}",
            ["entity_bits"] = $"{options.EntityBits}",
        };
        foreach (var (head, o) in new[] { ("text", options.Text), ("entity", options.Entity) })
        {
            settings[$"{head}.epochs"] = $"{o.Epochs}";
            settings[$"{head}.learning_rate"] = Text(o.LearningRate);
            settings[$"{head}.l2"] = Text(o.L2);
            settings[$"{head}.ratio_power"] = Text(o.RatioPower);
            settings[$"{head}.min_rows"] = $"{o.MinRows}";
            settings[$"{head}.group_dropout"] = Text(o.GroupDropout);
            settings[$"{head}.balance"] = Text(o.Balance);
        }
        return settings;

        static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);
    }
}
