using System.Globalization;
using System.Text;

namespace OrleansMetrics.Benchmarks.Protocols;

/// <summary>Lines of about 71 bytes, as in docs/benchmarks.md: a hundredth of the series per metric, in random order.</summary>
internal static class LineProtocolWorkload
{
    public const int PieceBytes = 4096;

    public static byte[] Lines(int series, int lines)
    {
        var random = new Random(1);
        var order = Enumerable.Range(0, lines).Select(i => i % series).ToArray();
        random.Shuffle(order);
        var body = new StringBuilder();
        foreach (var i in order)
        {
            body.Append(CultureInfo.InvariantCulture, $"cpu_usage_{i % 100:00},host=server-{i / 100:000},region=eu ")
                .Append(CultureInfo.InvariantCulture, $"value={random.NextDouble() * 100:0.000} 17000000{random.Next(10, 99)}000000000\n");
        }

        return Encoding.UTF8.GetBytes(body.ToString());
    }

    public static byte[] Json(int series, int points)
    {
        var random = new Random(1);
        var body = new StringBuilder("[");
        for (var i = 0; i < points; i++)
        {
            var s = random.Next(series);
            body.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{{\"metric\":\"cpu_usage_{s % 100:00}\",\"value\":{random.NextDouble() * 100:0.000},")
                .Append(CultureInfo.InvariantCulture, $"\"timestamp\":17000000{random.Next(10, 99)}000,\"tags\":{{\"host\":\"server-{s / 100:000}\",\"region\":\"eu\"}}}}");
        }

        return Encoding.UTF8.GetBytes(body.Append(']').ToString());
    }
}
