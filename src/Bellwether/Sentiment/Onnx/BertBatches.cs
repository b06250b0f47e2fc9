namespace Bellwether.Sentiment.Onnx;

/// <summary>Which pieces are computed together.</summary>
static class BertBatches
{
    // Shorter ones would be filled up by more than a quarter; what little that is for very short ones costs less than another run.
    const int Slack = 4;

    /// <summary>Indexes by batch, longest first: of about the same length, and no more than the limits allow.</summary>
    public static IEnumerable<int[]> Plan(IReadOnlyList<TextWindow> windows, int mostTexts, int mostTokens)
    {
        var order = Enumerable.Range(0, windows.Count).OrderByDescending(i => windows[i].Tokens.Length).ThenBy(i => i).ToArray();
        for (var start = 0; start < order.Length;)
        {
            var longest = windows[order[start]].Tokens.Length;
            var most = Math.Clamp(mostTokens / longest, 1, mostTexts);
            var end = start + 1;
            while (end < order.Length && end - start < most && windows[order[end]].Tokens.Length >= longest * 3 / 4 - Slack) end++;
            yield return order[start..end];
            start = end;
        }
    }
}
