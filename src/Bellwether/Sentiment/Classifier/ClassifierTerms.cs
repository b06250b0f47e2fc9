using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>The terms that the classifier knows: those of the lexicon, and <c>terms.txt</c>. The lexicon as a model of its own stays as it is calibrated.</summary>
static class ClassifierTerms
{
    static readonly Lazy<LexiconTable> Built = new(() => LexiconTable.Load("classifier/terms.txt"));

    public static LexiconTable Table => Built.Value;
}
