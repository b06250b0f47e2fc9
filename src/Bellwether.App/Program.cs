using Bellwether.App.Commands;

using var signals = new StopSignals();
return await CommandLine.RunAsync(args, Screen.OfConsole(), signals.Token);
