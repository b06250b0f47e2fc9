using System.CommandLine;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

/// <summary>Where rows of the lake go, and in what form.</summary>
sealed record LakeOutput(LakeFormat Format, string? File)
{
    /// <summary>The option that names the file.</summary>
    public static Option<string?> Place(string description)
    {
        var file = new Option<string?>("--out") { Description = description, HelpName = "FILE" };
        OutputPlace.Guard(file);
        return file;
    }

    /// <param name="named">As asked for; null goes by --json and by the ending of the file.</param>
    public static LakeOutput Of(Session session, string? named, string? file)
    {
        var format = FormatOf(session, named, file);
        return format == LakeFormat.Parquet && file is null
            ? throw CommandException.Usage("Parquet is written to a file.", "Name it with --out FILE.")
            : new(format, file);
    }

    public async Task WriteAsync(Session session, LakeQuery query, LakeOptions lake, CancellationToken cancellationToken)
    {
        if (File is not null)
        {
            var rows = await WriteFileAsync(query, Format, Path.GetFullPath(File), lake, cancellationToken);
            session.Note($"{rows:n0} rows written to {File}");
            return;
        }
        await session.Screen.Out.FlushAsync(cancellationToken);
        await using var output = session.Screen.Raw();
        await LakeQueryWriter.WriteAsync(query, Format, output, cancellationToken);
        if (Format == LakeFormat.Json) output.WriteByte((byte)'\n');
    }

    static LakeFormat FormatOf(Session session, string? named, string? file) =>
        named is not null ? Enum.Parse<LakeFormat>(named, ignoreCase: true)
        : file is null ? session.Json ? LakeFormat.Json : LakeFormat.Table
        : Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".csv" => LakeFormat.Csv,
            ".json" => LakeFormat.Json,
            ".parquet" => LakeFormat.Parquet,
            ".txt" => LakeFormat.Table,
            _ when session.Json => LakeFormat.Json,
            _ => throw CommandException.Usage($"--out: the ending of '{file}' does not tell how to write it.",
                "Give --format, or let the name end with .csv, .json, .parquet or .txt."),
        };

    // Beside its place, then renamed: whoever looks sees the old file or the whole new one.
    static async Task<long> WriteFileAsync(LakeQuery query, LakeFormat format, string path, LakeOptions lake, CancellationToken cancellationToken)
    {
        var beside = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            long rows;
            if (format == LakeFormat.Parquet)
            {
                rows = await LakeQueryWriter.WriteParquetAsync(query, beside, lake, cancellationToken);
            }
            else
            {
                await using var output = System.IO.File.Create(beside);
                rows = await LakeQueryWriter.WriteAsync(query, format, output, cancellationToken);
            }
            System.IO.File.Move(beside, path, overwrite: true);
            return rows;
        }
        finally
        {
            System.IO.File.Delete(beside);
        }
    }
}
