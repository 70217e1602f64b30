using System.Xml.Linq;
using OrleansMetrics.Benchmarks.Reports;

namespace OrleansMetrics.Benchmarks.Tests.Reports;

public sealed class LinePlotTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_plot_is_well_formed_and_keeps_its_lines_within_the_picture()
    {
        var svg = XDocument.Parse(Plot([new PlotLine("a < b & \"c\"", [(1_000, 10), (100_000, 700)]), new PlotLine("d", [(1_000, 0), (100_000, double.NaN)])]).Render());

        Assert.Equal(Svg + "svg", svg.Root!.Name);
        Assert.Contains(svg.Descendants(Svg + "text"), static text => text.Value == "a < b & \"c\"");
        Assert.Equal([2, 1], svg.Descendants(Svg + "polyline").Select(static line => line.Attribute("points")!.Value.Split(' ').Length));
        Assert.All(svg.Descendants(Svg + "circle"), static circle =>
        {
            Assert.InRange((double)circle.Attribute("cx")!, 0, 720);
            Assert.InRange((double)circle.Attribute("cy")!, 0, 400);
        });
    }

    [Fact]
    public void More_is_higher_and_further_right()
    {
        var points = XDocument.Parse(Plot([new PlotLine("a", [(100, 5), (1_000, 10)])]).Render()).Descendants(Svg + "polyline").Single()
            .Attribute("points")!.Value.Split(' ').Select(static point => point.Split(',').Select(double.Parse).ToArray()).ToArray();

        Assert.True(points[1][0] > points[0][0]);
        Assert.True(points[1][1] < points[0][1]);
    }

    [Theory]
    [InlineData(7, 8)]
    [InlineData(1_234, 1_500)]
    [InlineData(0.03, 0.03)]
    [InlineData(0, 1)]
    public void A_linear_axis_ends_at_a_round_number(double most, double end)
    {
        var axis = PlotAxis.Spanning([most / 3, most], isLogarithmic: false);

        Assert.Equal((0.0, end), (axis.Marks[0], Math.Round(axis.Marks[^1], 9)));
        Assert.InRange(axis.Marks.Count, 3, 7);
        Assert.Equal((0.0, 1.0), (axis.Place(0), axis.Place(axis.Marks[^1])));
    }

    [Fact]
    public void A_logarithmic_axis_spans_powers_of_ten()
    {
        var axis = PlotAxis.Spanning([0, 30, 20_000], isLogarithmic: true);

        Assert.Equal([10, 100, 1_000, 10_000, 100_000], axis.Marks.Select(static mark => Math.Round(mark, 6)));
        Assert.Equal(0.5, axis.Place(1_000), 9);
        Assert.Equal(["0.01", "500", "20k", "1.5M"], new[] { 0.01, 500, 20_000, 1.5e6 }.Select(PlotAxis.Label));
    }

    private static LinePlot Plot(PlotLine[] lines) => new() { Title = "t", XTitle = "x", YTitle = "y", XIsLogarithmic = true, Lines = lines };
}
