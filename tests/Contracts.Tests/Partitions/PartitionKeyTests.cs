using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Partitions;

namespace OrleansMetrics.Contracts.Tests.Partitions;

public sealed class PartitionKeyTests
{
    [Theory]
    [InlineData("cpu", 16, 14)]
    [InlineData("http.requests", 16, 9)]
    [InlineData("temperatur.außen", 16, 5)]
    [InlineData("cpu", 7, 2)]
    [InlineData("cpu", 1, 0)]
    public void A_metric_never_moves_to_another_partition(string metric, int partitions, int partition) =>
        Assert.Equal(partition, PartitionKey.Of(Encoding.UTF8.GetBytes(metric), partitions));

    [Fact]
    public void Metrics_spread_evenly()
    {
        var counts = new int[16];
        for (var i = 0; i < 16_000; i++)
        {
            counts[PartitionKey.Of(Encoding.UTF8.GetBytes("metric." + i.ToString(CultureInfo.InvariantCulture)), counts.Length)]++;
        }

        Assert.All(counts, static count => Assert.InRange(count, 850, 1_150));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(15, "15")]
    [InlineData(1_023, "1023")]
    public void The_key_of_a_partition_is_its_number(int partition, string key)
    {
        Assert.Equal(key, PartitionKey.Format(partition));
        Assert.Equal(partition, PartitionKey.Parse(key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("1,000")]
    [InlineData("x")]
    public void Other_keys_are_a_format_error(string key) => Assert.Throws<FormatException>(() => PartitionKey.Parse(key));
}
