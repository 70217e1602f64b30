using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class SeriesTextTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        string[] texts = ["a", "=", ",", "\\", "a=b,c\\", "\\=\\,", "\"x\" y", "ä;\n"];
        var tags = texts.SelectMany(name => texts.Select(value => (name, value))).ToArray();
        Assert.Equal(tags, SeriesText.TryRead(SeriesText.Write(tags)));
        Assert.Equal([], SeriesText.TryRead(SeriesText.Write([]))!);
        Assert.Equal("a\\=b=c\\,d", SeriesText.Write([("a=b", "c,d")]));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("host=a,")]
    [InlineData(",host=a")]
    [InlineData("host=a=b")]
    [InlineData("host=a,,rack=b")]
    [InlineData("host=a\\")]
    public void What_is_no_series_is_not_read(string text) => Assert.Null(SeriesText.TryRead(text));
}
