namespace Bellwether.App.Commands;

/// <summary>Says when the half-life was changed and the live states were not: they go on with the old one until they are rebuilt.</summary>
static class HalfLifeNote
{
    public static async Task WriteAsync(Session session, Desk desk, CancellationToken cancellationToken)
    {
        var others = await desk.Reader.WithOtherHalfLifeAsync(cancellationToken);
        if (others > 0)
            session.Note($"warning: {others:n0} tickers keep a half-life other than the configured {desk.Options.Scoring.HalfLifeSeconds:n0} s; "
                + $"{CommandLine.ProgramName} sentiment rebuild gives all of them this one");
    }
}
