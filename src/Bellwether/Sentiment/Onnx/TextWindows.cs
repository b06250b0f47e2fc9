namespace Bellwether.Sentiment.Onnx;

/// <summary>A piece of a text as a model reads it.</summary>
/// <param name="Text">Which text.</param>
/// <param name="Order">Which piece of it, from 0.</param>
/// <param name="Tokens">With the special ones.</param>
readonly record struct TextWindow(int Text, int Order, int[] Tokens);

/// <summary>Texts cut into pieces of the length that a model reads, between words where that is possible.</summary>
sealed class TextWindows(WordPieceTokenizer tokenizer, int maxTokens, int maxWindows)
{
    readonly int _room = maxTokens - 2;

    public void Add(int index, string text, List<int> scratch, List<TextWindow> windows)
    {
        scratch.Clear();
        tokenizer.Encode(text, _room * maxWindows, scratch);
        var (start, order) = (0, 0);
        do
        {
            var end = Math.Min(start + _room, scratch.Count);
            // A word that would be cut goes to the next piece as a whole, unless it fills more than this one.
            if (end < scratch.Count)
            {
                var cut = end;
                while (cut > start && tokenizer.Vocabulary.IsContinuation(scratch[cut])) cut--;
                if (cut > start) end = cut;
            }
            windows.Add(new(index, order++, [tokenizer.Vocabulary.Begin, .. scratch[start..end], tokenizer.Vocabulary.End]));
            start = end;
        }
        while (start < scratch.Count && order < maxWindows);
    }
}
