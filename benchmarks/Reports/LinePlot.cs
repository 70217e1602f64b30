using System.Globalization;
using System.Xml.Linq;

namespace OrleansMetrics.Benchmarks.Reports;

/// <summary>Lines over two axes as SVG 1.1, without scripts or fonts of its own, readable on light and dark pages.</summary>
internal sealed class LinePlot
{
    private const int Width = 720;
    private const int Height = 400;
    private const int Left = 64;
    private const int Right = 176;
    private const int Top = 40;
    private const int Bottom = 52;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>Colours that people with colour-blindness can tell apart (Okabe and Ito, 2008).</summary>
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

    /// <summary>Above the plot.</summary>
    public required string Title { get; init; }

    /// <summary>What runs to the right.</summary>
    public required string XTitle { get; init; }

    /// <summary>What runs up, with its unit.</summary>
    public required string YTitle { get; init; }

    /// <summary>Powers of ten at equal distances; values that are not above zero lie at the left edge.</summary>
    public bool XIsLogarithmic { get; init; }

    /// <summary>The same upwards.</summary>
    public bool YIsLogarithmic { get; init; }

    /// <summary>The lines.</summary>
    public required IReadOnlyList<PlotLine> Lines { get; init; }

    /// <summary>Writes the file; folders that are missing are made.</summary>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, Render() + "\n");
    }

    /// <summary>The SVG document.</summary>
    public string Render()
    {
        var x = PlotAxis.Spanning(Lines.SelectMany(static line => line.Points).Select(static point => point.X), XIsLogarithmic);
        var y = PlotAxis.Spanning(Lines.SelectMany(static line => line.Points).Select(static point => point.Y), YIsLogarithmic);
        return new XElement(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Width} {Height}"),
            new XAttribute("width", Width),
            new XAttribute("height", Height),
            new XAttribute("role", "img"),
            new XAttribute("font-family", "sans-serif"),
            new XAttribute("font-size", 12),
            new XElement(Svg + "title", Title),
            new XElement(Svg + "rect", new XAttribute("width", Width), new XAttribute("height", Height), new XAttribute("fill", "#ffffff")),
            Text(Left, 22, "start", Title, bold: true),
            x.Marks.Select(mark => XMark(mark, Across(x.Place(mark)))),
            y.Marks.Select(mark => YMark(mark, Up(y.Place(mark)))),
            Text(Across(0.5), Height - 12, "middle", XTitle),
            Turned(Text(16, Up(0.5), "middle", YTitle), 16, Up(0.5)),
            Lines.Select((line, number) => Draw(line, number, x, y))).ToString();
    }

    private static XElement Draw(PlotLine line, int number, PlotAxis x, PlotAxis y)
    {
        var colour = Colours[number % Colours.Length];
        var points = line.Points.Where(static point => double.IsFinite(point.Y)).OrderBy(static point => point.X)
            .Select(point => (X: Across(Math.Clamp(x.Place(point.X), 0, 1)), Y: Up(Math.Clamp(y.Place(point.Y), 0, 1)))).ToList();
        var legend = Top + 10 + (number * 20);
        return new XElement(
            Svg + "g",
            new XElement(
                Svg + "polyline",
                new XAttribute("points", string.Join(' ', points.Select(static point => $"{Number(point.X)},{Number(point.Y)}"))),
                new XAttribute("fill", "none"),
                new XAttribute("stroke", colour),
                new XAttribute("stroke-width", 2)),
            points.Append((X: Width - Right + 20.0, Y: legend)).Select(point => new XElement(
                Svg + "circle",
                new XAttribute("cx", Number(point.X)),
                new XAttribute("cy", Number(point.Y)),
                new XAttribute("r", 3.5),
                new XAttribute("fill", colour))),
            Text(Width - Right + 30, legend + 4, "start", line.Name));
    }

    private static XElement[] XMark(double value, double x) =>
        [GridLine(x, Height - Bottom, x, Top), Text(x, Height - Bottom + 18, "middle", PlotAxis.Label(value))];

    private static XElement[] YMark(double value, double y) => [GridLine(Left, y, Width - Right, y), Text(Left - 8, y + 4, "end", PlotAxis.Label(value))];

    private static XElement GridLine(double x1, double y1, double x2, double y2) => new(
        Svg + "line",
        new XAttribute("x1", Number(x1)),
        new XAttribute("y1", Number(y1)),
        new XAttribute("x2", Number(x2)),
        new XAttribute("y2", Number(y2)),
        new XAttribute("stroke", "#d0d0d0"));

    private static XElement Text(double x, double y, string anchor, string text, bool bold = false) => new(
        Svg + "text", new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("text-anchor", anchor), new XAttribute("fill", "#202020"),
        bold ? new XAttribute("font-weight", "bold") : null, text);

    private static XElement Turned(XElement element, double x, double y)
    {
        element.SetAttributeValue("transform", $"rotate(-90 {Number(x)} {Number(y)})");
        return element;
    }

    private static double Across(double place) => Left + (place * (Width - Left - Right));

    private static double Up(double place) => Height - Bottom - (place * (Height - Top - Bottom));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
