using System.CommandLine;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether counts</c>: how many posts an account will write, from their times alone.</summary>
static class CountsCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("counts", "Forecast how many posts an account will write: import their times, count, train, forecast, backtest",
            "counts import posts.csv.gz --account elonmusk", "counts forecast --account elonmusk",
            "counts window --account elonmusk --from \"2025-06-06 12:00\" --to \"2025-06-13 12:00\" --tz America/New_York --ranges 0-99,100-149,150+",
            "counts backtest --account elonmusk --from 2024-07-01 --to 2025-06-30 --horizons 1h,1d,7d --json");
        command.Add(CountsImport.Create(screen, globals));
        command.Add(CountsImport.Mark(screen, globals, deleted: true));
        command.Add(CountsImport.Mark(screen, globals, deleted: false));
        command.Add(CountsGaps.Create(screen, globals));
        command.Add(CountsBuckets.Create(screen, globals));
        command.Add(CountsEvents.Create(screen, globals));
        command.Add(CountsFeatures.Create(screen, globals));
        command.Add(CountsTrain.Create(screen, globals));
        command.Add(CountsTrain.Models(screen, globals));
        command.Add(CountsForecast.Create(screen, globals));
        command.Add(CountsWindow.Create(screen, globals));
        command.Add(CountsBacktest.Create(screen, globals));
        command.Add(CountsStatusCommand.Create(screen, globals));
        return command;
    }
}

/// <summary>The share of long work that is done: drawn for a person, told by tens of percents elsewhere.</summary>
sealed class ShareGauge(Session session, string what) : IGauge, IProgress<double>
{
    double _share;
    int _told;

    public string Text => what;

    public double? Fraction => Volatile.Read(ref _share);

    public void Report(double value)
    {
        Volatile.Write(ref _share, value);
        var tenth = (int)(value * 10);
        if (tenth <= _told) return;
        _told = tenth;
        if (!session.Screen.ErrorIsTerminal || session.Verbose) session.Note($"{what}: {tenth * 10} %");
    }
}
