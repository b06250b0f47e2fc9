using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Storage.Objects;

public sealed class S3ObjectStoreTests(S3Server server) : ObjectStoreContract
{
    FaultyS3 _proxy = null!;
    S3Location _location = null!;
    S3StoreOptions _options = null!;

    /// <summary>By way of the proxy, which does no harm until it is told to.</summary>
    protected override async Task<IObjectStore> CreateAsync()
    {
        _proxy = await FaultyS3.BeforeAsync(server);
        _location = await server.BucketAsync();
        _options = S3Server.Options(_proxy.Endpoint);
        return new S3ObjectStore(_location, _options, TimeProvider.System);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    protected override Task<int> UnfinishedAsync() => Task.FromResult(_proxy.OpenUploads);

    S3ObjectStore With(Func<S3StoreOptions, S3StoreOptions> change) => new(_location, change(_options), TimeProvider.System);

    static S3StoreOptions Hasty(S3StoreOptions options) => options with { Timeout = TimeSpan.FromMilliseconds(300), RetryFor = TimeSpan.Zero };

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(503, "SlowDown")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(400, "RequestTimeout")]
    public async Task Passing_failure_is_tried_again(int status, string code)
    {
        var bytes = Bytes(6 << 20);
        var file = FileWith(bytes);
        _proxy.Next(3, "^(PUT|POST) ", Fault.Status(status, code));
        await Store.PutAsync("k", file, Token);
        _proxy.Next(3, "^(GET|HEAD) ", Fault.Status(status, code));
        Assert.Equal(bytes, await GetAsync("k", HashOf(bytes)));
        // The answer to HEAD has no body that could tell one 400 from another.
        _proxy.Next(2, status == 400 ? "^$" : "^HEAD ", Fault.Status(status, code));
        Assert.Equal(HashOf(bytes), (await Store.HeadAsync("k", Token))!.Sha256);
        _proxy.Next(2, "", Fault.Status(status, code));
        await Store.DeleteAsync(["k"], Token);
        Assert.Null(await Store.HeadAsync("k", Token));
    }

    [Fact]
    public async Task Lasting_failure_ends_with_the_number_of_tries_when_the_time_is_up()
    {
        _proxy.Decide = _ => Fault.Status(503, "SlowDown");
        using var store = With(options => options with { RetryFor = TimeSpan.FromMilliseconds(100) });
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("a/b", new MemoryStream([1]), Token));
        Assert.Equal(ObjectStoreFault.Unavailable, error.Fault);
        Assert.Matches($"^storing a/b in s3://{_location.Bucket}/some/prefix failed: the store answers 503 SlowDown \\(the last of \\d+ tries\\)$", error.Message);
    }

    [Theory]
    [InlineData(403, "AccessDenied", ObjectStoreFault.AccessDenied, "s3:PutObject")]
    [InlineData(403, "InvalidAccessKeyId", ObjectStoreFault.Credentials, "access key")]
    [InlineData(403, "SignatureDoesNotMatch", ObjectStoreFault.Credentials, "access key")]
    [InlineData(403, "RequestTimeTooSkewed", ObjectStoreFault.Credentials, "NTP")]
    [InlineData(404, "NoSuchBucket", ObjectStoreFault.NoPlace, "Create it")]
    [InlineData(301, "PermanentRedirect", ObjectStoreFault.NoPlace, "LakeObjects:Region")]
    [InlineData(405, "MethodNotAllowed", ObjectStoreFault.Other, "speaks S3")]
    public async Task Lasting_refusal_is_told_at_once_with_what_to_do(int status, string code, ObjectStoreFault fault, string mend)
    {
        _proxy.Decide = _ => Fault.Status(status, code);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync("k", new MemoryStream([1]), Token));
        Assert.Equal((fault, "storing", "k"), (error.Fault, error.Operation, error.Key));
        Assert.Contains(mend, error.Mend);
        Assert.Single(_proxy.Requests);
    }

    [Fact]
    public async Task Missing_bucket_is_named()
    {
        using var store = new S3ObjectStore(new("no-such-bucket", ""), _options, TimeProvider.System);
        foreach (var act in (Func<Task>[])[() => store.PutAsync("k", new MemoryStream([1]), Token), () => store.GetAsync("k", Path.Combine(Folder, "x"), null, Token)])
        {
            var error = await Assert.ThrowsAsync<ObjectStoreException>(act);
            Assert.Equal(ObjectStoreFault.NoPlace, error.Fault);
            Assert.Contains("no bucket no-such-bucket", error.Message);
        }
    }

    [Fact]
    public async Task Server_that_is_not_there_is_told_as_unreachable()
    {
        using var store = With(options => options with { Endpoint = "http://127.0.0.1:1", RetryFor = TimeSpan.Zero });
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.HeadAsync("k", Token));
        Assert.Equal(ObjectStoreFault.Unreachable, error.Fault);
    }

    [Fact]
    public async Task Silence_is_not_waited_for_longer_than_the_timeout()
    {
        _proxy.Decide = _ => Fault.Stall;
        using var store = With(Hasty);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("k", new MemoryStream([1]), Token));
        Assert.Equal(ObjectStoreFault.Unreachable, error.Fault);
        Assert.Contains("nothing moved for 0.3 s", error.Message);
        error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.GetAsync("k", Path.Combine(Folder, "x"), null, Token));
        Assert.Contains("nothing moved", error.Message);
        using var retrying = With(options => Hasty(options) with { RetryFor = TimeSpan.FromSeconds(20) });
        _proxy.Next(2, "", Fault.Stall);
        await retrying.PutAsync("k", new MemoryStream([1]), Token);
    }

    [Fact]
    public async Task Cancellation_ends_a_silent_request()
    {
        using var cancel = new CancellationTokenSource();
        _proxy.Decide = _ =>
        {
            cancel.Cancel();
            return Fault.Stall;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("k", new MemoryStream([1]), cancel.Token));
    }

    [Fact]
    public async Task Cut_download_goes_on_where_it_stopped()
    {
        var bytes = Bytes(1_000_000);
        await Store.PutAsync("k", FileWith(bytes), Token);
        var cuts = 0;
        _proxy.Decide = request => request.StartsWith("GET ", StringComparison.Ordinal) && cuts++ < 4 ? Fault.CutAfter(200_000) : null;
        Assert.Equal(bytes, await GetAsync("k", HashOf(bytes)));
        // Four times 200,000 bytes arrived and the rest at the fifth: had it begun anew, every try would have been cut at the same place.
        Assert.Equal(5, _proxy.Requests.Count(request => request.StartsWith("GET ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Stalled_download_is_taken_up_again()
    {
        var bytes = Bytes(1_000_000);
        await Store.PutAsync("k", FileWith(bytes), Token);
        using var store = With(options => Hasty(options) with { RetryFor = TimeSpan.FromSeconds(20) });
        _proxy.Next(1, "^GET ", Fault.StallAfter(300_000));
        var path = Path.Combine(Folder, "target");
        await store.GetAsync("k", path, null, Token);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Token));
    }

    [Fact]
    public async Task Object_replaced_between_two_tries_is_read_anew()
    {
        var (old, fresh) = (Bytes(500_000, 1), Bytes(400_000, 2));
        await Store.PutAsync("k", FileWith(old), Token);
        using var direct = new S3ObjectStore(_location, await server.OptionsAsync(), TimeProvider.System);
        var gets = 0;
        _proxy.Decide = request =>
        {
            if (!request.StartsWith("GET ", StringComparison.Ordinal)) return null;
            if (++gets == 2) direct.PutAsync("k", FileWith(fresh), Token).GetAwaiter().GetResult();
            return gets == 1 ? Fault.CutAfter(100_000) : null;
        };
        Assert.Equal(fresh, await GetAsync("k"));
    }

    [Fact]
    public async Task Wrong_bytes_are_fetched_again_and_never_shown()
    {
        var bytes = Bytes(300_000);
        await Store.PutAsync("k", FileWith(bytes), Token);
        _proxy.Next(2, "^GET ", Fault.WrongByte(123_456));
        Assert.Equal(bytes, await GetAsync("k"));

        _proxy.Decide = request => request.StartsWith("GET ", StringComparison.Ordinal) ? Fault.WrongByte(0) : null;
        var target = Path.Combine(Folder, "target");
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetAsync("k", target, null, Token));
        Assert.Equal(ObjectStoreFault.Corrupt, error.Fault);
        Assert.Contains("reading k in s3://", error.Message);
        Assert.Empty(Directory.EnumerateFiles(Folder, "target*"));
    }

    [Fact]
    public async Task Upload_that_fails_midway_is_aborted_and_the_old_object_stays()
    {
        await Store.PutAsync("k", new MemoryStream([1]), Token);
        _proxy.Decide = request => request.Contains("partNumber=2") ? Fault.Status(403, "AccessDenied") : null;
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync("k", FileWith(Bytes(12 << 20)), Token));
        Assert.Equal(ObjectStoreFault.AccessDenied, error.Fault);
        Assert.Equal(0, _proxy.OpenUploads);
        Assert.Contains(_proxy.Requests, request => request.StartsWith("DELETE ", StringComparison.Ordinal));
        Assert.Equal([1], await GetAsync("k"));
    }

    [Fact]
    public async Task Upload_cancelled_midway_is_aborted()
    {
        using var cancel = new CancellationTokenSource();
        _proxy.Decide = request =>
        {
            if (!request.Contains("partNumber=3")) return null;
            cancel.Cancel();
            return Fault.Stall;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("k", FileWith(Bytes(16 << 20)), cancel.Token));
        Assert.Equal(0, _proxy.OpenUploads);
        Assert.Null(await Store.HeadAsync("k", Token));
    }

    [Fact]
    public async Task Uploads_that_nobody_ended_are_removed_when_old()
    {
        _proxy.Decide = request => request.Contains("partNumber=1") || request.StartsWith("DELETE ", StringComparison.Ordinal) ? Fault.Status(403, "AccessDenied") : null;
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync("k", FileWith(Bytes(11 << 20)), Token));
        Assert.Equal(1, _proxy.OpenUploads);
        _proxy.Decide = _ => null;
        Assert.Equal(0, await Store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), Token));
        _proxy.Age(TimeSpan.FromHours(2));
        _proxy.Next(1, "uploads", Fault.Status(501, "NotImplemented"));
        Assert.Equal(0, await Store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), Token));
        Assert.Equal(1, await Store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), Token));
        Assert.Equal(0, _proxy.OpenUploads);
    }

    [Theory]
    [InlineData("^PUT .*/k\\?")]
    [InlineData("partNumber=2")]
    [InlineData("^POST .*uploadId=")]
    public async Task Lost_answer_costs_nothing(string pattern)
    {
        var bytes = Bytes(11 << 20);
        _proxy.Next(1, pattern, Fault.LoseAnswer);
        await Store.PutAsync("k", FileWith(bytes), Token);
        _proxy.Decide = _ => null;
        Assert.Equal(bytes, await GetAsync("k", HashOf(bytes)));
    }

    [Theory]
    [InlineData("http://example.org", "unencrypted")]
    [InlineData("http://10.0.0.1:9000", "unencrypted")]
    [InlineData("ftp://127.0.0.1", "address that begins with")]
    [InlineData("127.0.0.1:9000", "address that begins with")]
    [InlineData("https://user:secret@example.org", "without a user")]
    public void Endpoint_that_would_give_data_away_is_refused(string endpoint, string problem)
    {
        var error = Assert.Throws<ObjectStoreException>(() => With(options => options with { Endpoint = endpoint }));
        Assert.Contains(problem, error.Message);
        Assert.DoesNotContain("secret", error.Message + error.Mend);
    }

    [Theory]
    [InlineData("https://example.org", false)]
    [InlineData("http://example.org", true)]
    [InlineData("http://localhost:9000", false)]
    [InlineData("http://[::1]:9000", false)]
    public void Endpoint_that_is_safe_or_meant_is_taken(string endpoint, bool allow) => With(options => options with { Endpoint = endpoint, AllowPlainHttp = allow }).Dispose();

    [Fact]
    public async Task Keys_come_from_a_file_and_are_never_printed()
    {
        var file = Path.Combine(Folder, "credentials");
        await File.WriteAllTextAsync(file, "[desk]\naws_access_key_id = someone\naws_secret_access_key = hush-hush\n", Token);
        using (var store = With(options => options with { AccessKeyId = null, SecretAccessKey = null, CredentialsFile = file, Profile = "desk" }))
            await store.PutAsync("k", new MemoryStream([1]), Token);
        var missing = Assert.Throws<ObjectStoreException>(() => With(options => options with { AccessKeyId = null, SecretAccessKey = null, CredentialsFile = file, Profile = "other" }));
        Assert.Contains("[other]", missing.Message);
        Assert.Equal(ObjectStoreFault.Credentials, missing.Fault);
        var half = Assert.Throws<ObjectStoreException>(() => With(options => options with { SecretAccessKey = null }));
        Assert.Contains("one is missing", half.Message);
        Assert.DoesNotContain("a secret of the tests", $"{_options} {missing} {half}");
    }

    [Fact]
    public async Task Encryption_is_asked_for_when_chosen()
    {
        // The server behind takes the header and forgets it; what counts is that it is sent.
        var seen = new List<string>();
        _proxy.Look = headers => seen.Add($"{headers["x-amz-server-side-encryption"]} {headers["x-amz-server-side-encryption-aws-kms-key-id"]}".Trim());
        using (var kms = With(options => options with { Encryption = S3Encryption.Kms, KmsKey = "a-key" })) await kms.PutAsync("k", new MemoryStream([1]), Token);
        using (var aes = With(options => options with { Encryption = S3Encryption.Aes256 })) await aes.PutAsync("k", new MemoryStream([1]), Token);
        await Store.PutAsync("k", new MemoryStream([1]), Token);
        Assert.Equal(["aws:kms a-key", "AES256", ""], seen);
    }

    [Theory]
    [InlineData("s3://bucket", "bucket", "")]
    [InlineData("s3://bucket/", "bucket", "")]
    [InlineData("s3://my.bucket-1/a/b/", "my.bucket-1", "a/b")]
    public void Location_is_read(string place, string bucket, string prefix) => Assert.Equal(new(bucket, prefix), S3Location.Parse(place));

    [Theory]
    [InlineData("s3://")]
    [InlineData("s3://ab")]
    [InlineData("s3://Bucket")]
    [InlineData("s3://bucket/../x")]
    [InlineData("s3://bucket//x")]
    [InlineData("/a/folder")]
    public void Wrong_location_is_refused(string place) => Assert.Throws<FormatException>(() => S3Location.Parse(place));
}
