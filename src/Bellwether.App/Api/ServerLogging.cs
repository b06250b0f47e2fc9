using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Bellwether.App.Api;

/// <summary>Logs of the server: lines for people on standard error, or one JSON object a line on standard output.</summary>
public static class ServerLogging
{
    public static ILoggerFactory Create(bool json, bool verbose) => LoggerFactory.Create(logs =>
    {
        logs.SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Information);
        // The frameworks tell every request and query at Information, with addresses whose query strings may hold secrets.
        logs.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Npgsql", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
        if (json)
            logs.AddJsonConsole(console =>
            {
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                console.UseUtcTimestamp = true;
                console.IncludeScopes = true;
            });
        else
            logs.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
                console.UseUtcTimestamp = true;
                console.ColorBehavior = LoggerColorBehavior.Default;
            });
        if (!json) logs.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
