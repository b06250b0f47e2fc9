namespace Bellwether.App.Commands;

/// <summary>Where a command writes: answers to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
/// <param name="Raw">Answers as bytes, for large results and for Parquet.</param>
/// <param name="OutIsTerminal">A person reads the answer: tables may be drawn and coloured.</param>
/// <param name="ErrorIsTerminal">A person watches: progress may be drawn over itself.</param>
public sealed record Screen(TextWriter Out, TextWriter Error, Func<Stream> Raw, bool OutIsTerminal = false, bool ErrorIsTerminal = false)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static Screen OfConsole()
    {
        var dumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        return new(Console.Out, Console.Error, Console.OpenStandardOutput, !dumb && !Console.IsOutputRedirected, !dumb && !Console.IsErrorRedirected);
    }
}
