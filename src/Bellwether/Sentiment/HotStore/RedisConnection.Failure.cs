using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

sealed partial class RedisConnection
{
    const string ToReach = "Check that it runs and that HotStore:Redis:Connection, and :Tls if it wants that, are right.";

    HotStoreException Failure(Exception error) => error switch
    {
        TimeoutException => new(HotStoreProblem.Timeout, $"Redis at {Address} gave no answer within {options.Timeout.TotalMilliseconds:0} ms.",
            "Check its load and the network, or raise HotStore:Redis:Timeout.", error),
        RedisServerException server => Refusal(server),
        _ => new(HotStoreProblem.Unreachable, $"Redis at {Address} cannot be reached.", ToReach, error),
    };

    async Task<bool> IsTurnedDownAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        return await RedisGreeting.IsTurnedDownAsync(RedisSettings.Of(options), options, bounded.Token);
    }

    HotStoreException Refusal(RedisServerException error)
    {
        var text = error.Message;
        if (text.StartsWith("FOREIGN ", StringComparison.Ordinal) && text.Split(' ', 3) is [_, var kind, var key])
            return Foreign(key, $"a {kind}", error);
        var word = text.Split(' ', 2)[0];
        return word switch
        {
            "WRONGTYPE" => Foreign(options.KeyPrefix + HotStoreKeys.Tickers, "something", error),
            "NOAUTH" or "WRONGPASS" => Authentication(error),
            "OOM" => new(HotStoreProblem.Refused, $"Redis at {Address} is out of memory.",
                "Raise its maxmemory, set maxmemory-policy allkeys-lru, or set HotStore:Redis:Encoding to compact.", error),
            "READONLY" => new(HotStoreProblem.Refused, $"Redis at {Address} is a read-only replica.", "Name the primary in HotStore:Redis:Connection.", error),
            "LOADING" => new(HotStoreProblem.Refused, $"Redis at {Address} is still loading its data.", "Wait; it is tried again by itself.", error),
            "NOPERM" => new(HotStoreProblem.Refused, $"Redis at {Address} does not allow its user this: {text}",
                "Allow that user the keys and the commands GET, MGET, SET, DEL, SADD, SREM, SMEMBERS, SCAN, EVAL, EVALSHA, MEMORY and INFO.", error),
            _ => new(HotStoreProblem.Refused, $"Redis at {Address} refused: {text}", "See its log.", error),
        };
    }

    HotStoreException Authentication(Exception error) => new(HotStoreProblem.Authentication, $"Redis at {Address} refused the password.",
        "Set HotStore:Redis:PasswordFile, or the environment variable BELLWETHER__HOTSTORE__REDIS__PASSWORD.", error);

    public static HotStoreException Foreign(string key, string found, Exception? inner = null) => new(HotStoreProblem.ForeignData,
        $"The Redis key {key} holds {found} that this program has not written; it is left alone.",
        "Set HotStore:Redis:KeyPrefix or :Database to one of its own, or delete that key if nothing needs it.", inner);
}
