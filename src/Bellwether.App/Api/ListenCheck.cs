using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Bellwether.App.Api;

/// <summary>Looks whether addresses are free, before anything is started that would have to be stopped again.</summary>
static class ListenCheck
{
    /// <exception cref="IOException">An address is taken, or is none of this machine.</exception>
    public static void Require(IEnumerable<string> urls)
    {
        foreach (var url in urls)
        {
            var address = BindingAddress.Parse(url);
            if (address.IsUnixPipe || address.Port == 0) continue;
            var host = address.Host.Trim('[', ']');
            // A name listens on every address of the machine, as do * and +.
            var ip = IPAddress.TryParse(host, out var given) ? given
                : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.Any;
            try
            {
                using var probe = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                probe.Bind(new IPEndPoint(ip, address.Port));
                probe.Listen();
            }
            catch (SocketException error)
            {
                throw new IOException(error.SocketErrorCode switch
                {
                    SocketError.AddressAlreadyInUse => $"{url} is in use by another program.",
                    SocketError.AddressNotAvailable => $"{url} is no address of this machine.",
                    SocketError.AccessDenied => $"{url} may not be listened on by this user; ports below 1024 need a right of their own.",
                    _ => $"{url} cannot be listened on: {error.Message}.",
                }, error);
            }
        }
    }
}
