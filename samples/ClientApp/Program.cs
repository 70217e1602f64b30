using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansMetrics.ClientApp;
using OrleansMetrics.Contracts.Ingest;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

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

// Publish: when the call returns without Overloaded, the accepted points are durable.
var points = Enumerable.Range(1, 30)
    .Select(i => new MetricPoint { Metric = Metric, Value = i, Tags = [new Tag("shop", i % 2 == 0 ? "berlin" : "paris")] })
    .ToArray();
var result = await cluster.GetGrain<IPointIngestGrain>(0).Publish(points);
Console.WriteLine($"published: {result.Accepted} accepted, {result.RejectedCount} rejected, overloaded: {result.Overloaded}");

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
