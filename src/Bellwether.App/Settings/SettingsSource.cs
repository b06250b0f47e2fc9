using System.Collections;
using System.Text;
using System.Text.Json;
using Bellwether.Feeds;
using Bellwether.Retention;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace Bellwether.App.Settings;

/// <summary>Where settings came from, so that an error can name the place at which it is mended.</summary>
sealed class SettingsSource(IConfigurationRoot root, string file, string environmentPrefix)
{
    readonly Lazy<Dictionary<string, int>> _lines = new(() => LinesOf(file));

    /// <summary>Where a setting was set, for people; null where it was not. Of a section: the first of its settings.</summary>
    public string? Of(string path)
    {
        foreach (var provider in root.Providers.Reverse())
            if (provider.TryGet(path, out _) || provider.GetChildKeys([], path).Any())
                return provider switch
                {
                    JsonConfigurationProvider => _lines.Value.TryGetValue(path, out var line) ? $"{file}, line {line}" : file,
                    EnvironmentVariablesConfigurationProvider => Variable(path),
                    _ => RetentionVariables.NameOf(path) is { } variable && Environment.GetEnvironmentVariable(variable) is { Length: > 0 }
                        ? $"environment variable {variable}" : "command line",
                };
        return null;
    }

    string Variable(string path)
    {
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            if (entry.Key is string name && name.StartsWith(environmentPrefix, StringComparison.OrdinalIgnoreCase)
                && IsAtOrIn(name[environmentPrefix.Length..].Replace("__", ":"), path))
                return $"environment variable {name}";
        return "environment";
    }

    static bool IsAtOrIn(string key, string path) => key.StartsWith(path, StringComparison.OrdinalIgnoreCase)
        && (key.Length == path.Length || key[path.Length] == ':');

    /// <summary>What is wrong with the file as JSON, with its line.</summary>
    public static DeskOptionsException NoJson(string file, JsonException error) =>
        new($"{file}{(error.LineNumber is { } line ? $", line {line + 1}" : "")}: this is not JSON: {JsonProblem.ReasonOf(error)}.");

    /// <summary>On which line of the file each setting stands.</summary>
    static Dictionary<string, int> LinesOf(string file)
    {
        var lines = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        try
        {
            var bytes = File.ReadAllBytes(file).AsSpan();
            if (bytes.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
            var reader = new Utf8JsonReader(bytes, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (reader.Read()) Walk(ref reader, bytes, "", lines);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            // Then places are told without a line.
        }
        return lines;
    }

    static void Walk(ref Utf8JsonReader reader, ReadOnlySpan<byte> bytes, string path, Dictionary<string, int> lines)
    {
        if (path.Length > 0) lines.TryAdd(path, 1 + bytes[..(int)reader.TokenStartIndex].Count((byte)'\n'));
        var prefix = path.Length == 0 ? "" : path + ":";
        if (reader.TokenType == JsonTokenType.StartObject)
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                Walk(ref reader, bytes, prefix + name, lines);
            }
        else if (reader.TokenType == JsonTokenType.StartArray)
            for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                Walk(ref reader, bytes, $"{prefix}{i}", lines);
    }
}
