using System.Collections.Concurrent;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Win32.SafeHandles;

namespace Bellwether.Storage.Objects;

public sealed partial class S3ObjectStore
{
    const int MostParts = 10_000;
    static readonly TimeSpan AbortWithin = TimeSpan.FromSeconds(15);

    public async Task<ObjectInfo> PutAsync(string key, string file, CancellationToken cancellationToken) =>
        await PutAsync(key, file, null, cancellationToken).ConfigureAwait(false);

    /// <summary>The length and the hash must be known before the first byte goes up, so it is written to a file first.</summary>
    public async Task<ObjectInfo> PutAsync(string key, Stream content, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        var spool = Path.Combine(Path.GetTempPath(), $"bellwether-{Guid.NewGuid():N}.upload");
        await using var held = new FileStream(spool, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            Options = FileOptions.DeleteOnClose,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await content.CopyToAsync(held, cancellationToken).ConfigureAwait(false);
        await held.FlushAsync(cancellationToken).ConfigureAwait(false);
        return await PutAsync(key, spool, null, cancellationToken).ConfigureAwait(false);
    }

    public async Task PutManyAsync(IReadOnlyList<ObjectUpload> files, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files, parallel, async (upload, token) =>
            await PutAsync(upload.Key, upload.File, upload.Sha256, token).ConfigureAwait(false)).ConfigureAwait(false);
        foreach (var upload in files) File.Delete(upload.File);
    }

    async Task<ObjectInfo> PutAsync(string key, string file, string? sha256, CancellationToken cancellationToken)
    {
        var name = Name(key);
        using var handle = File.OpenHandle(file);
        var size = RandomAccess.GetLength(handle);
        sha256 ??= await Task.Run(() => ContentHash.OfFile(handle, cancellationToken), cancellationToken).ConfigureAwait(false);
        var etag = size <= _options.PartMegabytes << 20
            ? await PutWholeAsync(key, name, handle, size, sha256, cancellationToken).ConfigureAwait(false)
            : await PutInPartsAsync(key, name, handle, size, sha256, cancellationToken).ConfigureAwait(false);
        return new(key, size, sha256, etag, _time.GetUtcNow());
    }

    Task<string> PutWholeAsync(string key, string name, SafeFileHandle file, long size, string sha256, CancellationToken cancellationToken) =>
        _requests.SendAsync("storing", key, async guard =>
        {
            await using var window = new FileWindow(file, 0, size, guard.Moved);
            var request = new PutObjectRequest
            {
                BucketName = _location.Bucket,
                Key = name,
                InputStream = window,
                AutoCloseStream = false,
                // Chunks with trailing checksums are what servers other than AWS understand least.
                UseChunkEncoding = false,
                ChecksumSHA256 = Convert.ToBase64String(Convert.FromHexString(sha256)),
                ServerSideEncryptionMethod = Encryption,
                ServerSideEncryptionKeyManagementServiceKeyId = KmsKey,
                DisablePayloadSigning = Unsigned,
            };
            request.Metadata[HashMetadata] = sha256;
            var stored = await _client.PutObjectAsync(request, guard.Token).ConfigureAwait(false);
            RequireSame(key, request.ChecksumSHA256, stored.ChecksumSHA256);
            return stored.ETag ?? "";
        }, cancellationToken);

    async Task<string> PutInPartsAsync(string key, string name, SafeFileHandle file, long size, string sha256, CancellationToken cancellationToken)
    {
        var partSize = Math.Max((long)_options.PartMegabytes << 20, (size + MostParts - 1) / MostParts);
        var begun = await _requests.SendAsync("storing", key, guard =>
        {
            var request = new InitiateMultipartUploadRequest
            {
                BucketName = _location.Bucket,
                Key = name,
                ChecksumAlgorithm = ChecksumAlgorithm.SHA256,
                ServerSideEncryptionMethod = Encryption,
                ServerSideEncryptionKeyManagementServiceKeyId = KmsKey,
            };
            request.Metadata[HashMetadata] = sha256;
            return _client.InitiateMultipartUploadAsync(request, guard.Token);
        }, cancellationToken).ConfigureAwait(false);
        try
        {
            var parts = new ConcurrentBag<PartETag>();
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(Enumerable.Range(1, (int)((size + partSize - 1) / partSize)), parallel, async (number, token) =>
            {
                var offset = (number - 1) * partSize;
                parts.Add(await PutPartAsync(key, name, begun.UploadId, number, file, offset, Math.Min(partSize, size - offset), token).ConfigureAwait(false));
            }).ConfigureAwait(false);
            return await CompleteAsync(key, name, begun.UploadId, sha256, [.. parts.OrderBy(part => part.PartNumber)], cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Parts that nobody completes are stored, and paid for, until somebody removes them.
            using var soon = new CancellationTokenSource(AbortWithin, _time);
            try
            {
                await AbortAsync(name, begun.UploadId, soon.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (error is ObjectStoreException or OperationCanceledException)
            {
                // What brought the upload down is on its way to the caller; RemoveUnfinishedAsync comes by later.
            }
            throw;
        }
    }

    async Task<PartETag> PutPartAsync(
        string key, string name, string upload, int number, SafeFileHandle file, long offset, long size, CancellationToken cancellationToken)
    {
        var hash = Convert.ToBase64String(await Task.Run(() => ContentHash.Of(file, offset, size, cancellationToken), cancellationToken).ConfigureAwait(false));
        return await _requests.SendAsync("storing", key, async guard =>
        {
            await using var window = new FileWindow(file, offset, size, guard.Moved);
            var stored = await _client.UploadPartAsync(new()
            {
                BucketName = _location.Bucket,
                Key = name,
                UploadId = upload,
                PartNumber = number,
                PartSize = size,
                InputStream = window,
                UseChunkEncoding = false,
                ChecksumSHA256 = hash,
                DisablePayloadSigning = Unsigned,
            }, guard.Token).ConfigureAwait(false);
            RequireSame(key, hash, stored.ChecksumSHA256);
            return new PartETag(number, stored.ETag) { ChecksumSHA256 = hash };
        }, cancellationToken).ConfigureAwait(false);
    }

    Task<string> CompleteAsync(string key, string name, string upload, string sha256, List<PartETag> parts, CancellationToken cancellationToken) =>
        _requests.SendAsync("storing", key, async guard =>
        {
            try
            {
                return (await _client.CompleteMultipartUploadAsync(
                    new() { BucketName = _location.Bucket, Key = name, UploadId = upload, PartETags = parts }, guard.Token).ConfigureAwait(false)).ETag ?? "";
            }
            catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchUpload")
            {
                // An earlier try may have succeeded, and its answer been lost: on the network, or where the connection was silently made anew.
                var found = await _client.GetObjectMetadataAsync(new() { BucketName = _location.Bucket, Key = name }, guard.Token).ConfigureAwait(false);
                if (Hash(found.Metadata) == sha256) return found.ETag ?? "";
                throw;
            }
        }, cancellationToken);

    Task AbortAsync(string name, string upload, CancellationToken cancellationToken) => _requests.SendAsync("cleaning", null, async guard =>
    {
        try
        {
            return await _client.AbortMultipartUploadAsync(new() { BucketName = _location.Bucket, Key = name, UploadId = upload }, guard.Token).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchUpload")
        {
            return new();
        }
    }, cancellationToken);

    // TLS guards the bytes on the way and the checksum at the end of it; hashing them once more for the signature would only cost time.
    bool Unsigned => _client.Config.ServiceURL?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) != true;

    /// <summary>A server that knows the checksum answers with the one it computed itself.</summary>
    void RequireSame(string key, string sent, string? stored)
    {
        if (stored is { Length: > 0 } && stored != sent)
            throw new ObjectStoreException(ObjectStoreFault.Corrupt, "storing", Place, key, $"the store has SHA-256 {stored} (base64), sent was {sent}",
                "The network or the server changes data. Look at both, and try again.");
    }
}
