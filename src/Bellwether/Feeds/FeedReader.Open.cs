using System.Net;
using System.Net.Http.Headers;

namespace Bellwether.Feeds;

public static partial class FeedReader
{
    static readonly Lazy<HttpClient> SharedHttp = new(() => new HttpClient(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxAutomaticRedirections = 5,
    })
    {
        // The limit of the options covers the body too, which this one would not.
        Timeout = Timeout.InfiniteTimeSpan,
    });

    /// <summary>Null when a server says that nothing has changed.</summary>
    static async ValueTask<Stream?> OpenAsync(FeedSource source, FeedOptions options, CancellationToken cancellationToken)
    {
        if (source.Url is not null) return await FetchAsync(source, options, cancellationToken).ConfigureAwait(false);
        Stream stream;
        long? length = null;
        if (source.Open is { } open) stream = open();
        else if (source.IsStandardInput) stream = Console.OpenStandardInput();
        else
        {
            var file = InputFile.Open(source.Location, source.Origin, bufferSize: 0);
            stream = file;
            if (file.CanSeek) length = file.Length;
        }
        options.Progress?.Begin(length);
        return new CountedStream(stream, source.Origin, options.Progress, long.MaxValue);
    }

    static async Task<Stream?> FetchAsync(FeedSource source, FeedOptions options, CancellationToken cancellationToken)
    {
        var deadline = new CancellationTokenSource(options.HttpTimeout, options.Clock);
        var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        HttpResponseMessage? response = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, source.Url);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Bellwether",
                typeof(FeedReader).Assembly.GetName().Version?.ToString(3)));
            if (options.HttpState is { } state)
            {
                state.NotModified = false;
                if (state.ETag is { } tag) request.Headers.TryAddWithoutValidation("If-None-Match", tag);
                if (state.LastModified is { } since) request.Headers.IfModifiedSince = since;
            }
            response = await (options.Http ?? SharedHttp.Value).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token)
                .ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotModified && options.HttpState is not null)
            {
                options.HttpState.NotModified = true;
                Release();
                return null;
            }
            if (!response.IsSuccessStatusCode)
                throw new FeedException(source.Origin, $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}",
                    Mend(response));
            if (response.Content.Headers.ContentLength > options.MaxDownloadBytes)
                throw new FeedException(source.Origin, $"is larger than {options.MaxDownloadBytes:N0} bytes",
                    "Raise the download limit or fetch a smaller page.");
            options.Progress?.Begin(response.Content.Headers.ContentLength);
            var body = await response.Content.ReadAsStreamAsync(linked.Token).ConfigureAwait(false);
            var counted = new CountedStream(body, source.Origin, options.Progress, options.MaxDownloadBytes);
            return new HttpBody(counted, source.Origin, options, response, deadline, linked, cancellationToken);
        }
        catch (Exception error)
        {
            Release();
            if (error is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw TooSlow(source.Origin, options, error);
            if (error is HttpRequestException)
                throw new FeedException(source.Origin, $"cannot be fetched: {error.Message.TrimEnd('.')}",
                    "Check the address and the network.", inner: error);
            throw;
        }

        void Release()
        {
            response?.Dispose();
            linked.Dispose();
            deadline.Dispose();
        }
    }

    static string Mend(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "Check the credentials in the address.",
        HttpStatusCode.TooManyRequests when response.Headers.RetryAfter is { } after =>
            $"Fetch less often; it may be asked again after {after}.",
        HttpStatusCode.TooManyRequests => "Fetch less often.",
        _ => "Check the address, or repeat later.",
    };

    static FeedException TooSlow(string origin, FeedOptions options, Exception error) =>
        new(origin, $"was not transferred within {options.HttpTimeout.TotalSeconds:N0} s",
            "Repeat, or raise the HTTP timeout; what was read is recognised.", inner: error);

    /// <summary>The body of a response: within the time limit, and remembering the validators once it was read to its end.</summary>
    sealed class HttpBody(
        Stream inner, string origin, FeedOptions options, HttpResponseMessage response, CancellationTokenSource deadline,
        CancellationTokenSource linked, CancellationToken caller) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                var count = await inner.ReadAsync(buffer, linked.Token).ConfigureAwait(false);
                if (count == 0 && buffer.Length > 0) Remember();
                return count;
            }
            catch (OperationCanceledException error) when (!caller.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw TooSlow(origin, options, error);
            }
        }

        // Not before: a feed that broke off must be transferred again.
        void Remember()
        {
            if (options.HttpState is not { } state) return;
            state.ETag = response.Headers.ETag?.ToString();
            state.LastModified = response.Content.Headers.LastModified;
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync().ConfigureAwait(false);
            response.Dispose();
            linked.Dispose();
            deadline.Dispose();
        }
    }
}
