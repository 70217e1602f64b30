using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Landing;
using OrleansMetrics.Gateway.OpenApi;
using OrleansMetrics.Gateway.Queries;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Gateway.Telemetry;

namespace OrleansMetrics.Gateway.Tests.Queries;

/// <summary>Everything that reads, on a real Kestrel at a free port, over fake grains.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;

    private GatewayServer()
    {
        Grains.Add<ICatalogueGrain>(0L, Catalogue);
        Grains.Add<IClusterStatsGrain>(0L, ClusterStats);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddSingleton<IGrainFactory>(Grains)
            .AddSingleton<INodeReporter>(Reporter)
            .AddSingleton<TimeProvider>(Time)
            .AddQueries()
            .AddHealth()
            .AddTelemetry()
            .AddOpenApiDocument();
        _app = builder.Build();
        _app.MapQueries().MapHealth().MapTelemetry().MapOpenApiDocument().MapLanding();
    }

    public HttpClient Client { get; } = new();

    public FakeGrainFactory Grains { get; } = new();

    public FakeCatalogueGrain Catalogue { get; } = new();

    public FakeClusterStatsGrain ClusterStats { get; } = new();

    public FakeNodeReporter Reporter { get; } = new();

    public FakeTimeProvider Time { get; } = new(Epoch.AddHours(1));

    public IServiceProvider Services => _app.Services;

    public static async Task<GatewayServer> StartAsync()
    {
        var server = new GatewayServer();
        await server._app.StartAsync();
        server.Client.BaseAddress = new Uri(server._app.Urls.First());
        return server;
    }

    /// <summary>Adds a metric.</summary>
    public FakeAggregatorGrain AddMetric(string name, params SeriesAggregates[] series) => AddMetric(name, MetricKind.Gauge, series);

    /// <summary>Adds a metric.</summary>
    public FakeAggregatorGrain AddMetric(string name, MetricKind kind, params SeriesAggregates[] series)
    {
        var grain = new FakeAggregatorGrain(new MetricAggregates { Metric = name, Kind = kind, Series = series });
        Grains.Add<IAggregatorGrain>(name, grain);
        Grains.Add<IHistoryGrain>(name, new FakeHistoryGrain(series, grain));
        return grain;
    }

    /// <summary>Adds a metric.</summary>
    public FakeHistoryGrain AddHistory(string name, params SeriesAggregates[] series)
    {
        var history = new FakeHistoryGrain(series, AddMetric(name, series));
        Grains.Add<IHistoryGrain>(name, history);
        return history;
    }

    /// <summary>A series whose windows are the first of the day, ten seconds each, all final but the last.</summary>
    public static SeriesAggregates Series(int number, int windows = 1) => new()
    {
        Tags = [new Tag("host", $"server-{number}")],
        Total = new SeriesTotal { Count = 5000, Sum = 1, Min = 0, Max = 1 },
        Windows = [.. Enumerable.Range(0, windows).Select(i => Window(i, final: i < windows - 1 || windows == 1))],
    };

    public static WindowAggregate Window(int number, bool final) => new()
    {
        Start = Epoch.AddSeconds(10 * number),
        End = Epoch.AddSeconds(10 * (number + 1)),
        Final = final,
        Count = 5,
        Sum = 1,
        Min = 0,
        Max = 0.5,
        Mean = 0.2,
        Last = 0.5,
        LastUpdated = Epoch.AddSeconds((10 * number) + 9.5),
        Quantiles = [new QuantileValue(0.5, 0.2), new QuantileValue(0.9, 0.5), new QuantileValue(0.99, 0.5)],
    };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
