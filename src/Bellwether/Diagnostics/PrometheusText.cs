using System.Globalization;
using System.Text;

namespace Bellwether.Diagnostics;

/// <summary>
/// Writes metric families in the Prometheus text exposition format 0.0.4.
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
/// </summary>
public sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly StringBuilder _text = new();

    /// <summary>Begins a family; its samples follow.</summary>
    /// <param name="type">counter, gauge or histogram.</param>
    public void Family(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    /// <param name="labels">As <see cref="Labels"/> writes them, without braces; empty for none.</param>
    public void Sample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0) _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A family of one sample.</summary>
    public void Single(string name, string type, string help, double value)
    {
        Family(name, type, help);
        Sample(name, "", value);
    }

    public override string ToString() => _text.ToString();

    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary><c>name="value",…</c> with values escaped.</summary>
    public static string Labels(IEnumerable<(string Name, string Value)> labels) =>
        string.Join(',', labels.Select(l => $"{NameOf(l.Name)}=\"{Escape(l.Value)}\""));

    static string Escape(string value) =>
        value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    /// <summary>A name in which everything that Prometheus does not allow is an underscore.</summary>
    public static string NameOf(string name)
    {
        var allowed = string.Create(name.Length, name, static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++) target[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
        });
        return char.IsAsciiDigit(allowed[0]) ? "_" + allowed : allowed;
    }
}
