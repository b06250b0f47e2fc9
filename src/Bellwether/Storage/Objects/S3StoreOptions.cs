using System.ComponentModel.DataAnnotations;

namespace Bellwether.Storage.Objects;

/// <summary>What the store does to objects at rest.</summary>
public enum S3Encryption
{
    /// <summary>Whatever the bucket has set.</summary>
    Bucket,

    /// <summary>Keys that S3 keeps (SSE-S3).</summary>
    Aes256,

    /// <summary>A key of the key management service (SSE-KMS).</summary>
    Kms,
}

/// <summary>How to reach a bucket. Secrets may come from options, from a file, or from where AWS programs look; they are never printed.</summary>
public sealed record S3StoreOptions
{
    /// <summary>Address of a server that speaks S3; null for AWS.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Region of the bucket; null for what the AWS settings of this machine say, and us-east-1 at an endpoint.</summary>
    public string? Region { get; init; }

    /// <summary>The bucket as a folder of the address (<c>host/bucket/key</c>) and not as a part of the name; null: so at an endpoint, not so at AWS.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>Plain http is refused to other machines, because it shows them all data.</summary>
    public bool AllowPlainHttp { get; init; }

    public string? AccessKeyId { get; init; }

    public string? SecretAccessKey { get; init; }

    /// <summary>Goes with temporary keys.</summary>
    public string? SessionToken { get; init; }

    /// <summary>A file in the form of <c>~/.aws/credentials</c>.</summary>
    public string? CredentialsFile { get; init; }

    /// <summary>Section of the credentials file.</summary>
    [Required] public string Profile { get; init; } = "default";

    public S3Encryption Encryption { get; init; }

    /// <summary>Identifier of the key for <see cref="S3Encryption.Kms"/>; null for the account's own.</summary>
    public string? KmsKey { get; init; }

    /// <summary>Larger objects go up in parts of this size, of which a failure costs only one.</summary>
    [Range(5, 1024)] public int PartMegabytes { get; init; } = 16;

    /// <summary>Parts, or objects, on the way at once.</summary>
    [Range(1, 64)] public int Parallel { get; init; } = 4;

    /// <summary>A request on which nothing moves for so long is given up, and tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A request that keeps failing in ways that may pass is tried again for so long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan RetryFor { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>First pause before another try; doubles, with jitter, up to 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")] public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Without secrets.</summary>
    public override string ToString() => $"{nameof(S3StoreOptions)} {{ Endpoint = {Endpoint ?? "AWS"}, Region = {Region} }}";
}

/// <summary>The name of a bucket and of what stands before every key in it.</summary>
public sealed record S3Location(string Bucket, string Prefix)
{
    const string Scheme = "s3://";

    public static bool IsS3(string place) => place.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>s3://bucket/prefix</c>.</summary>
    /// <exception cref="FormatException">It is none; the message tells why.</exception>
    public static S3Location Parse(string place)
    {
        var parts = IsS3(place) ? place[Scheme.Length..].Split('/', 2) : throw new FormatException($"'{place}' does not begin with {Scheme}");
        var (bucket, prefix) = (parts[0], parts.Length > 1 ? parts[1].TrimEnd('/') : "");
        if (bucket.Length is < 3 or > 63 || !bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'))
            throw new FormatException($"'{bucket}' in '{place}' cannot be a bucket: 3 to 63 lower-case letters, digits, dots and hyphens");
        try
        {
            if (prefix.Length > 0) ObjectKey.Check(prefix);
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"what stands behind the bucket in '{place}' is no prefix: {error.Message}", error);
        }
        return new(bucket, prefix);
    }

    public override string ToString() => Prefix.Length == 0 ? $"{Scheme}{Bucket}" : $"{Scheme}{Bucket}/{Prefix}";
}
