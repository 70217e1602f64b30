using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>The servers that others are compared with, each in a process of its own.</summary>
internal static class FloorHost
{
    /// <summary>Role: Kestrel drains the bodies.</summary>
    public const string Drain = "drain";

    /// <summary>Role: Kestrel, and a <see cref="PlainAggregator"/>.</summary>
    public const string Count = "count";

    /// <summary>Serves until it is killed.</summary>
    public static async Task<int> RunAsync(string role, int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        app.Urls.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var aggregator = new PlainAggregator();
        app.Run(role switch
        {
            Drain => DrainAsync,
            Count => context => CountAsync(context, aggregator),
            _ => throw new ArgumentException($"No such role: {role}", nameof(role)),
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task DrainAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }
        }
    }

    private static async Task CountAsync(HttpContext context, PlainAggregator aggregator)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var consumed = aggregator.Add(read.Buffer);
            reader.AdvanceTo(consumed, read.Buffer.End);
            if (read.IsCompleted)
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }
        }
    }
}
