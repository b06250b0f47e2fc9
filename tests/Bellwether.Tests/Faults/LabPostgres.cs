using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;
using Bellwether.Tests.Engines;
using Npgsql;

namespace Bellwether.Tests.Faults;

/// <summary>A PostgreSQL server that belongs to the lab, on a loopback port, with real waits for the disk.</summary>
static class LabPostgres
{
    const string Role = "bellwether";

    // Below those that the system hands out to clients, so that a port is still free when its server is started again.
    const int FirstPort = 20_000, LastPort = 31_000;

    public static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(FirstPort, LastPort);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // taken
            }
        }
    }

    public static async Task<(LabProcess Process, string Connection)> StartAsync(EngineFolder folder, EngineTemplate template, FaultShim shim)
    {
        var (cluster, program) = (folder["postgres"], await template.ServerProgramAsync());
        var owner = OsUser.ByUid(Posix.Stat(cluster)!.Value.Uid)!;
        var (port, password) = (FreePort(), Convert.ToHexString(RandomNumberGenerator.GetBytes(16)));
        var result = await ServerCommand.RunAsync(
            owner, program, ["--single", "-D", cluster, "postgres"], $"ALTER ROLE {Role} PASSWORD '{password}'\n", TestContext.Current.CancellationToken);
        Assert.False(result.ExitCode != 0 || result.Output.Contains("ERROR:", StringComparison.Ordinal), result.Output);
        var access = folder["lab_hba.conf"];
        await File.WriteAllTextAsync(access, "host all all 127.0.0.1/32 scram-sha-256\n");

        var faults = shim.SwitchFor("postgres", cluster);
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"port={port}", "unix_socket_directories=", $"hba_file={access}", "max_connections=150", "shared_buffers=64MB",
            // A disk that is full stops the server at once, not after a minute of tries.
            "restart_after_crash=on", "log_min_messages=warning", "superuser_reserved_connections=3",
        ];
        var process = new LabProcess("postgres", folder["postgres.log"], () =>
        {
            var start = new ProcessStartInfo("setsid", [program, "-D", cluster, .. settings.SelectMany(s => new[] { "-c", s })]) { WorkingDirectory = "/" };
            if (owner.Uid != Posix.EffectiveUser()) start.UserName = owner.Name;
            foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
            start.Environment["LC_ALL"] = "C.UTF-8";
            faults.AddTo(start.Environment);
            return start;
        })
        { Switch = faults };
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = Role,
            Password = password,
            Database = Role,
            MaxPoolSize = 20,
            Timeout = 5,
        };
        return (process, connection.ConnectionString);
    }
}
