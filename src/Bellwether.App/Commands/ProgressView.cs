using Spectre.Console;

namespace Bellwether.App.Commands;

/// <summary>What a piece of long work can tell about itself at any moment, from another thread.</summary>
interface IGauge
{
    string Text { get; }

    /// <summary>0 to 1, or null when the end is not known.</summary>
    double? Fraction { get; }
}

/// <summary>Draws how far work has come while it runs, where a person watches; otherwise just runs it.</summary>
static class ProgressView
{
    static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    public static Task<T> RunAsync<TGauge, T>(
        Session session, TGauge gauge, Func<TGauge, CancellationToken, Task<T>> work, CancellationToken cancellationToken) where TGauge : IGauge =>
        session.Screen.ErrorIsTerminal && !session.Verbose
            ? DrawAsync(session, gauge, work(gauge, cancellationToken))
            : work(gauge, cancellationToken);

    // Apart, so that Spectre is loaded only where something is drawn.
    static async Task<T> DrawAsync<T>(Session session, IGauge gauge, Task<T> work)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(session.Screen.Error) });
        await console.Progress().AutoClear(true)
            .Columns(new SpinnerColumn(), new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async drawing =>
            {
                var bar = drawing.AddTask("", maxValue: 1);
                do
                {
                    bar.IsIndeterminate = gauge.Fraction is null;
                    bar.Value = gauge.Fraction ?? 0;
                    bar.Description = Markup.Escape(gauge.Text);
                    await Task.WhenAny(work, Task.Delay(Refresh, session.Time));
                }
                while (!work.IsCompleted);
            });
        return await work;
    }
}
