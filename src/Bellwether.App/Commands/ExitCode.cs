namespace Bellwether.App.Commands;

/// <summary>What the program tells the shell. Stable: scripts depend on it.</summary>
public static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int BadInput = 3;
    public const int Unavailable = 4;
    public const int Refused = 5;
    public const int Interrupted = 130;

    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "done"),
        (Failure, "unexpected failure"),
        (Usage, "wrong usage: unknown option, value out of range, bad setting"),
        (BadInput, "bad input data: a file that could not be read to its end, an unknown ticker"),
        (Unavailable, "engine, database or address unavailable"),
        (Refused, "refused: SQL that does more than read"),
        (Interrupted, "interrupted; nothing is half done"),
    ];
}

/// <summary>A command ends here, with one sentence for the user and what mends it.</summary>
/// <param name="kind">Short stable name of the kind of error, for scripts.</param>
public sealed class CommandException(int exitCode, string kind, string message, string? mend = null, Exception? inner = null)
    : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    public string Kind { get; } = kind;

    public string? Mend { get; } = mend;

    public static CommandException Usage(string message, string? mend = null) => new(Commands.ExitCode.Usage, "usage", message, mend);
}
