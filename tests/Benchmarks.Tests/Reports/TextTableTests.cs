using OrleansMetrics.Benchmarks.Reports;

namespace OrleansMetrics.Benchmarks.Tests.Reports;

public sealed class TextTableTests
{
    [Fact]
    public void Cells_line_up_below_their_headings()
    {
        var table = new TextTable("a", "long heading");
        table.Add("longer", "1", "no heading");
        table.Add("x");

        Assert.Equal(
            """
            | a      | long heading |
            |--------|--------------|
            | longer | 1            |
            | x      |              |

            """.ReplaceLineEndings("\n"),
            table.ToString());
    }
}
