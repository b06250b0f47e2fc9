using System.CommandLine;
using Bellwether.Feeds;
using Bellwether.Market.Import;

namespace Bellwether.App.Commands;

/// <summary>
/// A file that a command was given, or standard input or a pipe as one: what is read twice, or by an engine that wants a path, has to lie
/// somewhere.
/// </summary>
sealed class GivenFile : IAsyncDisposable
{
    public const string StandardInputName = "standard input";

    readonly string _name;
    readonly string? _spool;

    GivenFile(string name, string path, string? spool) => (_name, Path, _spool) = (name, path, spool);

    public string Path { get; }

    /// <exception cref="FeedException">There is no such file, or a folder.</exception>
    public static async Task<GivenFile> OpenAsync(string given, CancellationToken cancellationToken)
    {
        await using var input = given == "-" ? new StandardInput() : (Stream)InputFile.Open(given);
        if (input.CanSeek) return new(given, given, null);
        var spool = Directory.CreateTempSubdirectory("bellwether-input-").FullName;
        var path = System.IO.Path.Combine(spool, "input");
        var file = new GivenFile(given == "-" ? StandardInputName : given, path, spool);
        try
        {
            await using var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            await input.CopyToAsync(output, cancellationToken);
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads it; what is wrong is told of what the user gave.</summary>
    public async Task<T> ReadAsync<T>(Func<string, Task<T>> read)
    {
        try
        {
            return await read(Path);
        }
        catch (FeedException error) when (_spool is not null && error.Origin == Path)
        {
            throw new FeedException(_name, error.Problem, error.Mend, error.Line, error);
        }
    }

    /// <summary>How files write their dates.</summary>
    public static Option<DateOrder?> DateFormat() => new("--date-format")
    {
        Description = "Whether the day or the month comes first in dates such as 03/04/2024 [default: as the file's own rows tell]",
        HelpName = "dmy|mdy|ymd",
        CustomParser = result =>
        {
            if (DateText.TryParseOrder(result.Tokens[0].Value, out var order)) return order;
            result.AddError($"--date-format: '{result.Tokens[0].Value}' is not known. Write dmy, mdy or ymd.");
            return null;
        },
    };

    public ValueTask DisposeAsync()
    {
        if (_spool is not null) Directory.Delete(_spool, recursive: true);
        return ValueTask.CompletedTask;
    }
}
