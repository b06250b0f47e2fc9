namespace Bellwether.App.Commands;

static class ServeCommand
{
    internal static Task<int> ServeAsync(Session session, Desk desk, object options, CancellationToken cancellationToken) => Task.FromResult(0);
}
