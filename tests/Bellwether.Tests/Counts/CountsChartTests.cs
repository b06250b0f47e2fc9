using System.Globalization;
using System.Xml.Linq;
using Bellwether.Plots;

namespace Bellwether.Tests.Counts;

/// <summary>Charts as they are read: signs, places and words.</summary>
public sealed class CountsChartTests
{
    static readonly TimeZoneInfo York = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");

    [Fact]
    public void Median_of_zero_lies_above_the_axis_and_its_interval_has_a_height()
    {
        var from = CountsLab.At("2025-06-30T04:00Z");
        var chart = Fan(TimeZoneInfo.Utc, new FanPoint(from, from.AddHours(1), 0, [(0, 300), (0, 0)], null), new FanPoint(from.AddHours(1), from.AddHours(2), 0, [(0, 1), (0, 0)], 0));
        var axis = Elements(chart, "line").Where(l => Value(l, "x2") - Value(l, "x1") > 500).Max(l => Value(l, "y1"));
        var medians = Elements(chart, "line").Where(l => (string?)l.Attribute("stroke-width") == "2.5").ToArray();
        Assert.Equal(2, medians.Length);
        Assert.All(medians, m => Assert.True(axis - Value(m, "y1") > 3, "the median touches the axis"));
        Assert.All(Elements(chart, "rect").Where(r => r.HasElements), r => Assert.True(Value(r, "height") >= 2));
        Assert.True(Value(Elements(chart, "circle").Single(c => c.HasElements), "cy") < axis - 3);
    }

    [Fact]
    public void Labels_are_those_of_the_clock_of_the_zone_also_on_days_of_23_hours()
    {
        var noon = CountsLab.At("2025-03-08T05:00Z");
        var days = new[] { (0, 24), (24, 47), (47, 71) }.Select(d => new FanPoint(noon.AddHours(d.Item1), noon.AddHours(d.Item2), 5, [(1, 9)], null)).ToArray();
        var texts = Elements(Fan(York, days), "text").Select(t => t.Value).ToArray();
        Assert.Superset(new HashSet<string> { "Sat 2025-03-08", "Sun 2025-03-09", "Mon 2025-03-10", "time (America/New_York)", "posts a day" }, texts.ToHashSet());
        var week = new FanPoint(noon.AddHours(12), noon.AddHours(12 + 167), 5, [(1, 9)], null);
        Assert.Contains("03-08 12:00 to 03-15 12:00", Elements(Fan(York, week), "text").Select(t => t.Value));
        Assert.Contains("03-08 00:00", Elements(Fan(York, days[0] with { To = noon.AddHours(1) }), "text").Select(t => t.Value));
    }

    [Fact]
    public void Legend_explains_what_is_drawn_and_nothing_else()
    {
        var from = CountsLab.At("2025-06-30");
        Assert.DoesNotContain("what came", Fan(York, new FanPoint(from, from.AddDays(1), 5, [(1, 9)], null)));
        Assert.Contains("what came", Fan(York, new FanPoint(from, from.AddDays(1), 5, [(1, 9)], 4)));
        var bars = BarChart.Svg("a < b", "from \"there\"", [new("panel", ("x unit", "y unit"), ["0-9", "10+"], [new("forecast", PlotStyle.Forecast, [0.25, 0.75]), new("market", PlotStyle.Market, [0.5, 0.5])],
            Marks: [new(1.5, "came: 12", PlotStyle.Actual)])]);
        Assert.Superset(new HashSet<string> { "a < b", "from \"there\"", "forecast", "market", "came: 12", "x unit", "y unit", "0-9", "10+" }, Elements(bars, "text").Select(t => t.Value).ToHashSet());
        var boxes = Elements(bars, "rect").Where(r => r.HasElements).ToArray();
        Assert.Equal(4, boxes.Length);
        // Bars of one range stand side by side.
        Assert.Equal(boxes.Length, boxes.Select(b => Value(b, "x")).Distinct().Count());
        Assert.Equal(Value(boxes[0], "height") * 3, Value(boxes[2], "height"), 0.05);
    }

    [Fact]
    public void Charts_of_nothing_are_whole_documents()
    {
        Assert.Equal("svg", XDocument.Parse(FanChart.Svg("nothing", "at all", ["95 %"], [], York)).Root!.Name.LocalName);
        Assert.Equal("svg", XDocument.Parse(BarChart.Svg("nothing", "at all", [])).Root!.Name.LocalName);
    }

    static string Fan(TimeZoneInfo zone, params FanPoint[] points) => FanChart.Svg("ann", "reference", ["95 %"], [new("panel", "posts a day", points)], zone);

    static IEnumerable<XElement> Elements(string svg, string name) => XDocument.Parse(svg).Descendants().Where(e => e.Name.LocalName == name);

    static double Value(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
}
