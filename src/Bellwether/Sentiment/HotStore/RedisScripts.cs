using System.Security.Cryptography;
using System.Text;

namespace Bellwether.Sentiment.HotStore;

/// <summary>A script with the hash by which a server knows it.</summary>
sealed class RedisScript(string text)
{
    public string Text { get; } = text;

    public byte[] Hash { get; } = SHA1.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>
/// What must happen at one moment on the server. KEYS[1] is the set of tickers, the others are snapshots. A value is ours when it is
/// packed (first byte 1) or a JSON object with a score; one without a revision was written by a program that knew none, and loses.
/// </summary>
static class RedisScripts
{
    public const char Won = '1', Lost = '0', Foreign = 'x';

    // Revisions are compared as decimal text in two parts: a number in Lua is a double, exact to 2^53 only.
    const string Common = """
        local function above(a, b)
          local am, bm = a:sub(1, 1) == '-', b:sub(1, 1) == '-'
          if am ~= bm then return bm end
          if am then a, b = b:sub(2), a:sub(2) end
          local ah, bh = tonumber(a:sub(1, -10)) or 0, tonumber(b:sub(1, -10)) or 0
          if ah ~= bh then return ah > bh end
          return tonumber(a:sub(-9)) > tonumber(b:sub(-9))
        end
        local function revision(value)
          if type(value) ~= 'string' then return nil end
          if value:byte(1) == 1 then return value:match('^.(%-?%d+);%d+;') end
          if value:byte(1) ~= 123 then return nil end
          local last = value:match('.*"revision":%s*(%-?%d+)')
          if last then return last end
          local read, object = pcall(cjson.decode, value)
          return read and type(object.score) == 'number' and 'none' or nil
        end
        local set = redis.call('TYPE', KEYS[1]).ok
        if set ~= 'none' and set ~= 'set' then
          return redis.error_reply('FOREIGN ' .. set .. ' ' .. KEYS[1])
        end

        """;

    /// <summary>
    /// Stores what is newer. ARGV: ticker, revision, lifetime in ms and value of each; answers a character for each. The set lives as long
    /// as the last of its snapshots, so that a desk that is given up leaves nothing behind.
    /// </summary>
    public static readonly RedisScript Set = new(Common + """
        local answer, longest = {}, 0
        for i = 2, #KEYS do
          local at = (i - 2) * 4
          local stored = redis.pcall('GET', KEYS[i])
          local known = stored and revision(stored)
          if stored and not known then
            answer[i - 1] = 'x'
          elseif not known or known == 'none' or above(ARGV[at + 2], known) then
            redis.call('SET', KEYS[i], ARGV[at + 4], 'PX', ARGV[at + 3])
            redis.call('SADD', KEYS[1], ARGV[at + 1])
            longest = math.max(longest, tonumber(ARGV[at + 3]))
            answer[i - 1] = '1'
          else
            answer[i - 1] = '0'
          end
        end
        if longest > 0 and redis.call('PTTL', KEYS[1]) < longest then redis.call('PEXPIRE', KEYS[1], longest) end
        return table.concat(answer)
        """);

    /// <summary>Forgets a ticker. ARGV: ticker; answers a character.</summary>
    public static readonly RedisScript Remove = new(Common + """
        local stored = redis.pcall('GET', KEYS[2])
        if stored and not revision(stored) then return 'x' end
        redis.call('SREM', KEYS[1], ARGV[1])
        return redis.call('DEL', KEYS[2]) == 1 and '1' or '0'
        """);

    /// <summary>
    /// Bytes of the JSON of each snapshot, 0 for what is not there; tickers whose snapshot has expired leave the set. ARGV: tickers.
    /// </summary>
    public static readonly RedisScript Sizes = new(Common + """
        local sizes = {}
        for i = 2, #KEYS do
          local head = redis.pcall('GETRANGE', KEYS[i], 0, 31)
          local size = 0
          if head == '' then
            redis.call('SREM', KEYS[1], ARGV[i - 1])
          elseif type(head) == 'string' then
            size = tonumber(head:match('^\1%-?%d+;(%d+);')) or redis.call('STRLEN', KEYS[i])
          end
          sizes[i - 1] = size
        end
        return sizes
        """);
}
