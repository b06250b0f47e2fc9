using System.Text;

namespace Bellwether.Storage.Objects;

/// <summary>Names of objects: relative paths with slashes that mean the same in a folder and in a bucket.</summary>
public static class ObjectKey
{
    const int MaxBytes = 900, MaxSegmentBytes = 240;

    /// <summary>
    /// Segments between slashes, none of them empty or beginning with a dot (those names belong to the store), without backslashes and
    /// control characters; at most 900 bytes of UTF-8, 240 a segment.
    /// </summary>
    /// <exception cref="ArgumentException">It is none; the message tells why.</exception>
    public static string Check(string key)
    {
        if (Problem(key) is { } problem) throw new ArgumentException($"'{key}' cannot be the key of an object: it {problem}", nameof(key));
        return key;
    }

    /// <summary>The same for the beginning of keys, which may be empty or end with a slash.</summary>
    public static string CheckPrefix(string prefix)
    {
        if (prefix.Length > 0 && Problem(prefix.EndsWith('/') ? prefix[..^1] : prefix) is { } problem)
            throw new ArgumentException($"'{prefix}' cannot be the beginning of keys: it {problem}", nameof(prefix));
        return prefix;
    }

    static string? Problem(string key)
    {
        if (key.Length == 0) return "is empty";
        if (key[0] == '/') return "is absolute";
        if (Encoding.UTF8.GetByteCount(key) > MaxBytes) return $"has more than {MaxBytes} bytes";
        foreach (var range in key.AsSpan().Split('/'))
        {
            var segment = key.AsSpan()[range];
            if (segment.IsEmpty) return "has an empty segment";
            if (segment[0] == '.') return $"has the segment '{segment}', which begins with a dot";
            if (Encoding.UTF8.GetByteCount(segment) > MaxSegmentBytes) return $"has a segment of more than {MaxSegmentBytes} bytes";
            foreach (var c in segment)
                if (c == '\\' || char.IsControl(c)) return $"has the character U+{(int)c:X4}";
        }
        for (var i = 0; i < key.Length; i++)
            if (char.IsSurrogate(key[i]) && !(char.IsHighSurrogate(key[i]) && i + 1 < key.Length && char.IsLowSurrogate(key[++i])))
                return "is not Unicode";
        return null;
    }
}
