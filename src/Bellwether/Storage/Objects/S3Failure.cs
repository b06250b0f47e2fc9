using System.Net;
using Amazon.Runtime;

namespace Bellwether.Storage.Objects;

/// <summary>Tells what a failed request means and what mends it.</summary>
static class S3Failure
{
    const string Rights = "s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads";

    public static ObjectStoreException Of(Exception error, string operation, S3Location location, string? key, int tries)
    {
        var (fault, problem, mend) = error is AmazonServiceException service && (service.StatusCode != 0 || service.ErrorCode is { Length: > 0 })
            ? Answered(service, location) : Unanswered(error, location);
        if (tries > 1) problem += $" (the last of {tries} tries)";
        return new(fault, operation, location.ToString(), key, problem, mend, error);
    }

    static (ObjectStoreFault Fault, string Problem, string Mend) Answered(AmazonServiceException error, S3Location location)
    {
        var told = $"{(int)error.StatusCode} {error.ErrorCode}".Trim();
        return error.ErrorCode switch
        {
            "NoSuchBucket" => (ObjectStoreFault.NoPlace, $"there is no bucket {location.Bucket}",
                "Create it, or correct the name of the bucket, the region and the endpoint."),
            "NoSuchKey" or "NotFound" => (ObjectStoreFault.NotFound, "there is no such object",
                "Restore it from a backup, or look whether bucket and prefix are the right ones."),
            "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired" or "AuthorizationHeaderMalformed" =>
                (ObjectStoreFault.Credentials, $"the store does not accept the keys ({told})", "Renew the access key and its secret, and look whether the region is right."),
            "RequestTimeTooSkewed" => (ObjectStoreFault.Credentials, "the clock of this machine is wrong", "Set it, and keep it set by NTP."),
            "PermanentRedirect" or "IllegalLocationConstraintException" => (ObjectStoreFault.NoPlace, $"the bucket {location.Bucket} is in another region ({told})",
                "Set LakeObjects:Region to it."),
            "BadDigest" or "XAmzContentSHA256Mismatch" => (ObjectStoreFault.Corrupt, $"the bytes that arrived are not those that were sent ({told})",
                "The network or the disk changes data; nothing was stored. Look at both, and try again."),
            _ => error.StatusCode switch
            {
                HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => (ObjectStoreFault.AccessDenied, $"access is denied ({told})",
                    $"Give these keys {Rights} on the bucket {location.Bucket}."),
                HttpStatusCode.NotFound => (ObjectStoreFault.NotFound, $"there is no such object or bucket ({told})", "Look whether bucket and prefix are the right ones."),
                >= HttpStatusCode.InternalServerError => (ObjectStoreFault.Unavailable, $"the store answers {told}",
                    "It has trouble of its own; nothing is lost, try again later."),
                HttpStatusCode.TooManyRequests => (ObjectStoreFault.Unavailable, $"the store wants fewer requests ({told})",
                    "Lower LakeObjects:Parallel, or try again later."),
                _ => (ObjectStoreFault.Other, $"the store refuses ({told}: {error.Message})", "Look whether the server at the endpoint speaks S3."),
            },
        };
    }

    static (ObjectStoreFault Fault, string Problem, string Mend) Unanswered(Exception error, S3Location location)
    {
        var cause = error;
        while (cause is AmazonServiceException or AmazonClientException && cause.InnerException is { } inner) cause = inner;
        return cause switch
        {
            TimeoutException => (ObjectStoreFault.Unreachable, cause.Message, "Look at the network and the endpoint, or raise LakeObjects:Timeout."),
            ObjectCutException => (ObjectStoreFault.Unreachable, cause.Message, "Something on the way cuts connections; try again later."),
            HttpRequestException or HttpIOException or IOException { InnerException: System.Net.Sockets.SocketException } =>
                (ObjectStoreFault.Unreachable, $"the store cannot be reached ({cause.Message})", "Look at the network and the endpoint."),
            IOException { HResult: PosixFiles.NoSpace or PosixFiles.OverQuota or PosixFiles.FileTooBig } =>
                (ObjectStoreFault.DiskFull, "the disk of this machine is full", "Make room, or put the cache elsewhere; the store is unharmed."),
            IOException or UnauthorizedAccessException => (ObjectStoreFault.AccessDenied, $"a file of this machine cannot be used ({cause.Message})", "Look at its folder and rights."),
            _ => (ObjectStoreFault.Credentials, $"no request could be made ({cause.Message})",
                $"Set the keys for {location} in the LakeObjects options, in a credentials file, or in the environment."),
        };
    }
}
