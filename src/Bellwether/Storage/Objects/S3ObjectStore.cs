using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Bellwether.Storage.Objects;

/// <summary>Objects in a bucket of Amazon S3 or of a server that speaks the same.</summary>
public sealed partial class S3ObjectStore : IObjectStore
{
    const string HashMetadata = "sha256";
    const int MostDeletedAtOnce = 1000;

    readonly S3Location _location;
    readonly S3StoreOptions _options;
    readonly TimeProvider _time;
    readonly AmazonS3Client _client;
    readonly S3Requests _requests;

    /// <exception cref="ObjectStoreException">The options cannot be used.</exception>
    public S3ObjectStore(S3Location location, S3StoreOptions options, TimeProvider time)
    {
        (_location, _options, _time) = (location, options, time);
        _client = S3Client.Create(location, options);
        _requests = new(location, options, time);
    }

    public string Place => _location.ToString();

    public string? FileOf(string key) => null;

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var name = Name(key);
        return _requests.SendAsync<ObjectInfo?>("looking up", key, async guard =>
        {
            try
            {
                var found = await _client.GetObjectMetadataAsync(new() { BucketName = _location.Bucket, Key = name }, guard.Token).ConfigureAwait(false);
                return new(key, found.ContentLength, Hash(found.Metadata), found.ETag ?? "", At(found.LastModified));
            }
            catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }
        }, cancellationToken);
    }

    public Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var (source, target) = (Name(from), Name(to));
        return _requests.SendAsync("copying", from, guard => _client.CopyObjectAsync(new()
        {
            SourceBucket = _location.Bucket,
            SourceKey = source,
            DestinationBucket = _location.Bucket,
            DestinationKey = target,
            ServerSideEncryptionMethod = Encryption,
            ServerSideEncryptionKeyManagementServiceKeyId = KmsKey,
        }, guard.Token), cancellationToken);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request
        {
            BucketName = _location.Bucket,
            Prefix = Root + ObjectKey.CheckPrefix(prefix),
            StartAfter = after is null ? null : Name(after),
        };
        do
        {
            var page = await _requests.SendAsync("listing", null, guard => _client.ListObjectsV2Async(request, guard.Token), cancellationToken).ConfigureAwait(false);
            // A name that ends with a slash is a console's folder, and one of ours never does.
            foreach (var found in page.S3Objects ?? [])
                if (!found.Key.EndsWith('/'))
                    yield return new(found.Key[Root.Length..], found.Size ?? 0, null, found.ETag ?? "", At(found.LastModified));
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        foreach (var some in keys.Select(Name).Chunk(MostDeletedAtOnce))
        {
            await _requests.SendAsync("removing", some.Length == 1 ? keys.First() : null, guard => _client.DeleteObjectsAsync(new()
            {
                BucketName = _location.Bucket,
                Objects = [.. some.Select(name => new KeyVersion { Key = name })],
                Quiet = true,
            }, guard.Token), cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<int> RemoveUnfinishedAsync(TimeSpan? olderThan, CancellationToken cancellationToken)
    {
        var before = _time.GetUtcNow() - olderThan;
        var request = new ListMultipartUploadsRequest { BucketName = _location.Bucket, Prefix = Root };
        var removed = 0;
        ListMultipartUploadsResponse page;
        do
        {
            page = await _requests.SendAsync("cleaning", null, guard => ListUploadsAsync(request, guard.Token), cancellationToken).ConfigureAwait(false);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                if (before is not null && At(upload.Initiated) >= before) continue;
                await AbortAsync(upload.Key, upload.UploadId, cancellationToken).ConfigureAwait(false);
                removed++;
            }
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
        return removed;
    }

    async Task<ListMultipartUploadsResponse> ListUploadsAsync(ListMultipartUploadsRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.ListMultipartUploadsAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotImplemented)
        {
            // Some servers cannot tell; they remove them by rules of their own.
            return new();
        }
    }

    public void Dispose() => _client.Dispose();

    string Root => _location.Prefix.Length == 0 ? "" : _location.Prefix + "/";

    string Name(string key) => Root + ObjectKey.Check(key);

    ServerSideEncryptionMethod? Encryption => _options.Encryption switch
    {
        S3Encryption.Aes256 => ServerSideEncryptionMethod.AES256,
        S3Encryption.Kms => ServerSideEncryptionMethod.AWSKMS,
        _ => null,
    };

    string? KmsKey => _options.Encryption == S3Encryption.Kms ? _options.KmsKey : null;

    static string? Hash(MetadataCollection metadata) => metadata[HashMetadata] is { Length: 64 } hash ? hash : null;

    static DateTimeOffset At(DateTime? time) => time is { } known ? new(known.ToUniversalTime()) : DateTimeOffset.UnixEpoch;
}
