using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Win32.SafeHandles;

namespace Bellwether.Storage.Objects;

public sealed partial class S3ObjectStore
{
    public async Task<ObjectInfo> GetAsync(string key, string file, string? sha256, CancellationToken cancellationToken)
    {
        var name = Name(key);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var beside = $"{file}.{Guid.NewGuid():N}.partial";
        try
        {
            ObjectInfo found;
            using (var target = File.OpenHandle(beside, FileMode.CreateNew, FileAccess.Write))
            using (var download = new Download(target))
            {
                found = await _requests.SendAsync("reading", key, guard => ReceiveCheckedAsync(key, name, sha256, download, guard), cancellationToken).ConfigureAwait(false);
                RandomAccess.FlushToDisk(target);
            }
            File.Move(beside, file, overwrite: true);
            return found;
        }
        finally
        {
            File.Delete(beside);
        }
    }

    /// <summary>The client too compares with the ETag where that is a hash, and tells so as late as when the answer is closed.</summary>
    async Task<ObjectInfo> ReceiveCheckedAsync(string key, string name, string? sha256, Download download, StallGuard guard)
    {
        try
        {
            return await ReceiveAsync(key, name, sha256, download, guard).ConfigureAwait(false);
        }
        catch (Exception error) when (download.ETag is not null
            && error is ObjectStoreException { Fault: ObjectStoreFault.Corrupt } or AmazonClientException { InnerException: null })
        {
            // Which of the bytes are wrong cannot be told.
            download.Restart();
            throw error as ObjectStoreException ?? Corrupt(key, error.Message, error);
        }
    }

    /// <summary>Goes on where the try before was cut off, as long as the object is still the same.</summary>
    async Task<ObjectInfo> ReceiveAsync(string key, string name, string? sha256, Download download, StallGuard guard)
    {
        var request = new GetObjectRequest { BucketName = _location.Bucket, Key = name };
        if (download.Length > 0)
        {
            request.ByteRange = new($"bytes={download.Length}-");
            request.EtagToMatch = download.ETag;
        }
        GetObjectResponse response;
        try
        {
            response = await _client.GetObjectAsync(request, guard.Token).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (download.Length > 0
            && error.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            download.Restart();
            throw new ObjectCutException("the object was replaced while it was read");
        }
        using (response)
        {
            // A server that does not know ranges begins again.
            if (download.Length > 0 && response.HttpStatusCode != HttpStatusCode.PartialContent) download.Restart();
            var size = download.Length + response.ContentLength;
            download.ETag = response.ETag;
            await download.ReceiveAsync(response.ResponseStream, size, guard).ConfigureAwait(false);
            var found = download.Hash();
            foreach (var wanted in (string?[])[Hash(response.Metadata), sha256])
            {
                if (wanted is not null && wanted != found) throw Corrupt(key, $"its content has SHA-256 {found}, not {wanted}");
            }
            return new(key, size, found, response.ETag ?? "", At(response.LastModified));
        }
    }

    ObjectStoreException Corrupt(string key, string problem, Exception? inner = null) => new(ObjectStoreFault.Corrupt, "reading", Place, key, problem,
        "Something changed the object, or its bytes on the way; restore it from a backup if that stays so.", inner);

    public Task<int> ReadAsync(string key, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var name = Name(key);
        return buffer.Length == 0 ? Task.FromResult(0) : _requests.SendAsync("reading", key, async guard =>
        {
            try
            {
                using var response = await _client.GetObjectAsync(
                    new() { BucketName = _location.Bucket, Key = name, ByteRange = new(offset, offset + buffer.Length - 1) }, guard.Token).ConfigureAwait(false);
                if (response.HttpStatusCode != HttpStatusCode.PartialContent && offset > 0)
                    throw new ObjectStoreException(ObjectStoreFault.Other, "reading", Place, key, "the server does not know ranges", "Use one that speaks all of S3.");
                var wanted = (int)Math.Min(buffer.Length, response.ContentLength);
                var total = 0;
                while (total < wanted)
                {
                    var read = await response.ResponseStream.ReadAsync(buffer[total..wanted], guard.Token).ConfigureAwait(false);
                    if (read == 0) throw new ObjectCutException($"the answer ended after {total} of {wanted} bytes");
                    guard.Moved();
                    total += read;
                }
                return total;
            }
            catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                // Behind the end.
                return 0;
            }
        }, cancellationToken);
    }

    /// <summary>What has arrived of an object, over several tries.</summary>
    sealed class Download(SafeFileHandle target) : IDisposable
    {
        readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Length { get; private set; }

        public string? ETag { get; set; }

        public string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash());

        public void Restart()
        {
            Length = 0;
            ETag = null;
            _hash.GetHashAndReset();
            RandomAccess.SetLength(target, 0);
        }

        public async Task ReceiveAsync(Stream body, long size, StallGuard guard)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(ContentHash.BufferBytes);
            try
            {
                while (Length < size)
                {
                    var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - Length)), guard.Token).ConfigureAwait(false);
                    if (read == 0) throw new ObjectCutException($"the answer ended after {Length} of {size} bytes");
                    guard.Moved();
                    RandomAccess.Write(target, buffer.AsSpan(0, read), Length);
                    _hash.AppendData(buffer, 0, read);
                    Length += read;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        public void Dispose() => _hash.Dispose();
    }
}
