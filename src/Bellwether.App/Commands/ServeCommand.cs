using System.CommandLine;
using Bellwether.App.Api;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether serve</c>: API, scoring workers, lake writer and scheduler in one process, until it is told to stop.</summary>
static class ServeCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var urls = new Option<string[]>("--urls") { Description = $"Addresses to listen on; port 0 takes a free one; else ${UrlsVariable}, separated by semicolons [default: {DefaultUrl}]", HelpName = "URL", AllowMultipleArgumentsPerToken = true };
        var tokenFile = new Option<string?>("--token-file")
        {
            Description = $"File with the secret that requests must carry; else ${TokenVariable}. Needed for addresses that other machines can reach",
            HelpName = "FILE",
        };
        var roles = new Option<string?>("--roles") { Description = "Parts to run: api, worker, lake, scheduler [default: all]", HelpName = "api,worker,…" };
        var maxRequest = new Option<int?>("--max-request-bytes") { Description = "Longest request body [default: 33554432]", HelpName = "N" };
        var rate = new Option<int?>("--requests-per-second") { Description = "Limit for one client address [default: 5000]", HelpName = "N" };
        var databaseTimeout = Seconds("--database-timeout", "Seconds that a request waits for the database before it is sent back [default: 5]");
        var sqlTimeout = Seconds("--sql-timeout", "Seconds that a query of POST /sql may take [default: 30]");
        var sqlRows = new Option<int?>("--sql-max-rows") { Description = "Most rows of an answer of POST /sql [default: 100000]", HelpName = "N" };
        var sqlBytes = new Option<int?>("--sql-max-bytes") { Description = "Most bytes of an answer of POST /sql [default: 33554432]", HelpName = "N" };
        roles.CompletionSources.Add("api", "worker", "lake", "scheduler");
        return new Verb("serve", "Run the API, the scoring workers, the lake writer and the scheduler until stopped",
                "serve", "serve --urls http://127.0.0.1:8080 --roles api,worker", "serve --urls http://0.0.0.0:5080 --token-file /run/secrets/bellwether")
                { urls, tokenFile, roles, maxRequest, rate, databaseTimeout, sqlTimeout, sqlRows, sqlBytes }
            .Runs(screen, globals, (session, cancellationToken) =>
            {
                var options = new ServeOptions
                {
                    Urls = session.Get(urls) is { Length: > 0 } named ? named : null,
                    TokenFile = session.Get(tokenFile),
                    Roles = session.Get(roles) is { } text ? Roles(text) : ServeRoles.All,
                };
                if (session.Get(maxRequest) is { } bytes) options = options with { MaxRequestBytes = bytes };
                if (session.Get(rate) is { } limit) options = options with { RequestsPerSecond = limit };
                if (session.Get(databaseTimeout) is { } patience) options = options with { DatabaseTimeout = TimeSpan.FromSeconds(patience) };
                if (session.Get(sqlTimeout) is { } time) options = options with { SqlTimeout = TimeSpan.FromSeconds(time) };
                if (session.Get(sqlRows) is { } most) options = options with { SqlMaxRows = most };
                if (session.Get(sqlBytes) is { } size) options = options with { SqlMaxBytes = size };
                return RunAsync(session, options, cancellationToken);
            });
    }

    // Beyond a day no number is meant as seconds, and far beyond it none can be held.
    static Option<double?> Seconds(string name, string description)
    {
        var option = new Option<double?>(name) { Description = description, HelpName = "SECONDS" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is { } value && !(value is > 0 and <= 86_400)) result.AddError($"{name} must be above 0 and at most 86400 seconds.");
        });
        return option;
    }

    static async Task<int> RunAsync(Session session, ServeOptions options, CancellationToken cancellationToken)
    {
        // A wrong setting or an address in use should cost no database.
        try
        {
            ListenCheck.Require(options.Resolve().Listen);
        }
        catch (IOException error)
        {
            throw Taken(error);
        }
        using var loggers = ServerLogging.Create(session.Json, session.Verbose);
        await using var desk = await session.OpenAsync(cancellationToken, loggers: loggers);
        await HalfLifeNote.WriteAsync(session, desk, cancellationToken);
        return await ServeAsync(session, desk, options, cancellationToken);
    }

    /// <summary>Serves an open desk. To be stopped is how a server ends, so that is success.</summary>
    public static async Task<int> ServeAsync(Session session, Desk desk, ServeOptions options, CancellationToken cancellationToken)
    {
        BellwetherServer server;
        try
        {
            server = await BellwetherServer.StartAsync(desk, options, cancellationToken);
        }
        catch (IOException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw Taken(error);
        }
        await using (server)
        {
            if (session.Json) session.WriteJson(new(server.Urls), CommandJson.Relaxed.ServeAnswer);
            else foreach (var url in server.Urls) session.Screen.Out.WriteLine($"listening on {url} (Ctrl-C stops)");
            await session.Screen.Out.FlushAsync(cancellationToken);
            if (await server.WaitAsync(cancellationToken)) return ExitCode.Ok;
        }
        throw new CommandException(ExitCode.Failure, "server", "The server ended by itself because a part of it failed; its log says why.");
    }

    static CommandException Taken(IOException error) =>
        new(ExitCode.Unavailable, "address", error.Message, "Choose another with --urls, for example http://127.0.0.1:0.", error);

    static ServeRoles Roles(string text)
    {
        var roles = ServeRoles.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            roles |= name.ToLowerInvariant() switch
            {
                "api" => ServeRoles.Api,
                "worker" => ServeRoles.Worker,
                "lake" => ServeRoles.Lake,
                "scheduler" => ServeRoles.Scheduler,
                "all" => ServeRoles.All,
                _ => throw CommandException.Usage($"--roles: '{name}' is not a role.", "Roles are api, worker, lake and scheduler."),
            };
        return roles == ServeRoles.None ? throw CommandException.Usage("--roles names no role.") : roles;
    }

    // Written out: reading them from the server's options would load the web server for every --help.
    const string DefaultUrl = "http://127.0.0.1:5080", TokenVariable = "BELLWETHER_TOKEN", UrlsVariable = "BELLWETHER_URLS";
}

sealed record ServeAnswer(IReadOnlyList<string> Urls);
