using System.Globalization;
using System.Text;

namespace OrleansMetrics.Faults.Load;

/// <summary>A request in the two protocols.</summary>
internal static class RequestBody
{
    public static string PathOf(SentRequest request) => request.IsJson ? "/api/points" : "/write";

    public static string TypeOf(SentRequest request) => request.IsJson ? "application/json" : "text/plain";

    /// <summary>The same bytes each time.</summary>
    public static byte[] Encode(SentRequest request)
    {
        var body = new StringBuilder();
        foreach (var point in request.Points)
        {
            if (request.IsJson)
            {
                body.Append(CultureInfo.InvariantCulture, $$"""{"metric":"{{point.Metric}}","value":{{point.Value}}""");
                if (point.Time is { } time)
                {
                    body.Append(CultureInfo.InvariantCulture, $",\"timestamp\":{time}");
                }

                body.Append(CultureInfo.InvariantCulture, $$$""","tags":{"{{{point.TagName}}}":"{{{point.TagValue}}}"}}""").Append('\n');
            }
            else
            {
                body.Append(CultureInfo.InvariantCulture, $"{point.Metric},{point.Series} value={point.Value}");
                if (point.Time is { } time)
                {
                    body.Append(CultureInfo.InvariantCulture, $" {time}000000");
                }

                body.Append('\n');
            }
        }

        return Encoding.UTF8.GetBytes(body.ToString());
    }
}
