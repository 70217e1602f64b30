using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Tests.Stats;

namespace OrleansMetrics.Gateway.Tests.Ingest;

public sealed class SeriesOverflowTests
{
    [Fact]
    public async Task A_sender_is_told_which_of_its_metrics_have_too_many_series()
    {
        await using var server = await IngestServer.StartAsync();
        var overflow = server.Services.GetRequiredService<SeriesOverflow>();
        Assert.Null(await PostAsync(server, "cpu value=1"));

        overflow.Update([Node("cpu", "größe, m²"), Node("disk", "cpu")]);
        Assert.Equal("cpu", await PostAsync(server, "cpu value=1\nmem value=1"));
        Assert.Equal("gr%C3%B6%C3%9Fe%2C%20m%C2%B2, cpu", await PostAsync(server, "größe\\,\\ m² value=1\ncpu value=1"));
        Assert.Null(await PostAsync(server, "mem value=1"));

        // Also when some of the points were rejected.
        using var response = await server.PostAsync("/write", "cpu value=1\ncpu value=oops");
        Assert.Equal((HttpStatusCode.BadRequest, "cpu"), (response.StatusCode, response.Headers.GetValues(SeriesOverflow.Header).Single()));

        overflow.Update([Node()]);
        Assert.Null(await PostAsync(server, "cpu value=1"));
    }

    [Fact]
    public async Task A_header_names_ten_metrics_at_most()
    {
        await using var server = await IngestServer.StartAsync();
        server.Services.GetRequiredService<SeriesOverflow>().Update([Node([.. Enumerable.Range(0, 30).Select(static i => $"m{i}")])]);
        var header = await PostAsync(server, string.Join('\n', Enumerable.Range(5, 20).Select(static i => $"m{i} value=1")));
        Assert.Equal(string.Join(", ", Enumerable.Range(5, 10).Select(static i => $"m{i}")), header);
    }

    private static async Task<string?> PostAsync(IngestServer server, string lines)
    {
        using var response = await server.PostAsync("/write", lines);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        return response.Headers.TryGetValues(SeriesOverflow.Header, out var values) ? values.Single() : null;
    }

    private static NodeStats Node(params string[] overflowing) => ReportedNode.Named("n") with { Overflowing = overflowing };
}
