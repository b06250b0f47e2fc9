using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;

namespace Bellwether.Storage.Objects;

/// <summary>Makes the client of a store from its options. Retries, timeouts and hashes are the store's own, so the client has none.</summary>
static class S3Client
{
    /// <exception cref="ObjectStoreException">The options cannot be used together.</exception>
    public static AmazonS3Client Create(S3Location location, S3StoreOptions options)
    {
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 0,
            ThrottleRetries = false,
            Timeout = Timeout.InfiniteTimeSpan,
            ConnectTimeout = options.Timeout,
            MaxConnectionsPerServer = options.Parallel * 2,
            BufferSize = 128 * 1024,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            UseDualstackEndpoint = false,
        };
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = Address(location, endpoint, options).AbsoluteUri;
            config.AuthenticationRegion = options.Region ?? "us-east-1";
            config.ForcePathStyle = options.PathStyle ?? true;
        }
        else
        {
            if (options.Region is { } region) config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
            else if (config.RegionEndpoint is null)
                throw Unusable(location, "the region is not known", "Set LakeObjects:Region, or AWS_REGION in the environment.");
            config.ForcePathStyle = options.PathStyle ?? false;
        }
        try
        {
            return Credentials(location, options) is { } credentials ? new(credentials, config) : new(config);
        }
        catch (AmazonClientException error)
        {
            throw Unusable(location, error.Message, "Set the keys in the LakeObjects options, in a credentials file, or in the environment.", error);
        }
    }

    static Uri Address(S3Location location, string endpoint, S3StoreOptions options)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
            throw Unusable(location, "the endpoint is not an address that begins with https:// or http://, without a user", "Set LakeObjects:Endpoint to one.");
        if (uri.Scheme == "http" && !options.AllowPlainHttp && !IsLoopback(uri))
            throw Unusable(location, $"the endpoint {uri.Scheme}://{uri.Authority} would send all data over the network unencrypted",
                "Use https, or set LakeObjects:AllowPlainHttp to true if you mean it.");
        return uri;
    }

    static bool IsLoopback(Uri uri) =>
        uri.IsLoopback || IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);

    /// <summary>Null: the chain of AWS programs, from the environment to the machine's own role.</summary>
    static AWSCredentials? Credentials(S3Location location, S3StoreOptions options)
    {
        if (options.AccessKeyId is null != options.SecretAccessKey is null)
            throw Unusable(location, "of AccessKeyId and SecretAccessKey one is missing", "Set both, or neither.");
        if (options is { AccessKeyId: { } id, SecretAccessKey: { } secret })
            return options.SessionToken is { } token ? new SessionAWSCredentials(id, secret, token) : new BasicAWSCredentials(id, secret);
        if (options.CredentialsFile is not { } file) return null;
        if (!File.Exists(file)) throw Unusable(location, $"the credentials file {file} is missing", "Write it, or correct LakeObjects:CredentialsFile.");
        if (!new CredentialProfileStoreChain(file).TryGetAWSCredentials(options.Profile, out var found))
            throw Unusable(location, $"the credentials file {file} has no usable section [{options.Profile}]",
                "It needs aws_access_key_id and aws_secret_access_key there.");
        return found;
    }

    static ObjectStoreException Unusable(S3Location location, string problem, string mend, Exception? inner = null) =>
        new(ObjectStoreFault.Credentials, "opening", location.ToString(), null, problem, mend, inner);
}
