using Microsoft.Extensions.Logging;

namespace Bellwether.App.Commands;

/// <summary>Logs of commands that work in the background, on stderr: warnings, and everything with --verbose.</summary>
static class StderrLog
{
    public static ILoggerFactory Create(Session session) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(session.Verbose ? LogLevel.Debug : LogLevel.Warning)
        // Npgsql tells every statement below this.
        .AddFilter("Npgsql", LogLevel.Warning)
        .AddProvider(new Provider(session)));

    sealed class Provider(Session session) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Logger(session, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

        public void Dispose() { }
    }

    sealed class Logger(Session session, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            session.Note($"{logLevel.ToString().ToLowerInvariant()}: {category}: {formatter(state, exception)}"
                + (exception is null ? "" : session.Verbose ? Environment.NewLine + exception : $": {exception.Message}"));
    }
}
