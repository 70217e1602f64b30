using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansMetrics.ClientApp;
using OrleansMetrics.Contracts.Ingest;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using Orleans.Runtime;

const string Metric = "sample.orders";

// --gateway-port: the "Orleans clients" port that a node prints when it starts.
var builder = Host.CreateApplicationBuilder(args);
var gatewayPort = int.Parse(builder.Configuration["gateway-port"] ?? "30000", CultureInfo.InvariantCulture);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.UseOrleansClient(client => client.UseLocalhostClustering(gatewayPort, serviceId: "orleans-metrics", clusterId: "standalone"));
using var host = builder.Build();
await host.StartAsync();
var cluster = host.Services.GetRequiredService<IClusterClient>();

// Subscribe first, so that no window is missed. The reference is weak: keep the observer alive. A subscription lives for five minutes.
var aggregator = cluster.GetGrain<IAggregatorGrain>(Metric);
var observer = new WindowPrinter();
var reference = cluster.CreateObjectReference<IWindowObserver>(observer);
await aggregator.Subscribe(reference);

// Publish: when the call returns without Overloaded, the accepted points are durable. Producer and sequence are the call's name: after a
// failure it is sent again, to any silo, and its points are counted once.
var producer = $"sample-{Guid.NewGuid():N}";
const long Sequence = 1;
var points = Enumerable.Range(1, 30)
    .Select(i => new MetricPoint { Metric = Metric, Value = i, Tags = [new Tag("shop", i % 2 == 0 ? "berlin" : "paris")] })
    .ToArray();
var ingest = cluster.GetGrain<IPointIngestGrain>(0);
var result = await PublishOnceAsync();
Console.WriteLine($"published: {result.Accepted} accepted, {result.RejectedCount} rejected, overloaded: {result.Overloaded}");
result = await PublishOnceAsync();
Console.WriteLine($"published again: {result.Accepted} accepted, repeated: {result.Repeated}");

// Read: aggregates follow within milliseconds.
MetricAggregates? aggregates;
do
{
    await Task.Delay(TimeSpan.FromMilliseconds(20));
    aggregates = await aggregator.GetAggregates(new AggregatesQuery());
}
while (aggregates is null || aggregates.Series.Sum(series => series.Total.Count) < result.Accepted);
foreach (var series in aggregates.Series)
{
    Console.WriteLine($"total: {WindowPrinter.Format(series.Tags)} count {series.Total.Count}, sum {series.Total.Sum}, min {series.Total.Min}, max {series.Total.Max}");
}

Console.WriteLine("waiting for the windows to become final: window size and allowed lateness, 20 s by default ...");
await observer.Told.WaitAsync(TimeSpan.FromMinutes(2));
await aggregator.Unsubscribe(reference);
await host.StopAsync();

async Task<PublishResult> PublishOnceAsync()
{
    for (var tries = 1; ; tries++)
    {
        try
        {
            var answer = await ingest.PublishOnce(producer, Sequence, points);
            if (!answer.Overloaded || tries == 5)
            {
                return answer;
            }
        }
        catch (Exception exception) when (tries < 5 && exception is IOException or TimeoutException or OrleansException)
        {
            // The log failed, or the answer got lost: nobody knows what was counted, and nobody has to.
        }

        await Task.Delay(TimeSpan.FromSeconds(1));
    }
}
