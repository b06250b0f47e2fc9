using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Support;

/// <summary>Sends warnings and errors of the program to the output of the running test.</summary>
sealed class TestLog : ILoggerFactory, ILogger
{
    public void AddProvider(ILoggerProvider provider) { }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) TestContext.Current.SendDiagnosticMessage($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose() { }
}
