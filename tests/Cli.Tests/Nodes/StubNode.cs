using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Cli.Tests.Nodes;

/// <summary>A node in a few lines, on a port of its own: counts what is posted and answers in the shapes of the real one.</summary>
internal sealed class StubNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<(string Metric, string Tags), (long Count, double Sum)> _totals = new();
    private long _accepted;
    private readonly ConcurrentDictionary<string, string> _taken = new();
    private int _overloads;
    private int _lostAnswers;
    private int _lostRequests;
    private int _statistics;

    private StubNode()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapPost("/api/v2/write", (Delegate)WriteAsync);
        _app.MapPost("/api/points", (Delegate)PointsAsync);
        _app.MapGet("/api/metrics", (Delegate)Catalogue);
        _app.MapGet("/api/metrics/{metric}", (Delegate)Metric);
        _app.MapGet("/api/metrics/{metric}/windows", (Delegate)Metric);
        _app.MapGet("/api/stats", () =>
        {
            OnStatistics?.Invoke(Interlocked.Increment(ref _statistics));
            return Statistics();
        });
    }

    private IResult Statistics() => Json(new
    {
        received = _accepted,
        accepted = _accepted,
        processed = _accepted - Missing - InFlight,
        late = 0,
        inFlight = InFlight,
        flushes = 1,
        errors = 0,
        dropped = new { late = 0 },
        rejected = new { malformed = 2 },
        partitions = Partitions,
        nodes = new[] { new { node = "stub", received = _accepted, accepted = _accepted } },
        balanced = Missing == 0,
    });

    public Uri Address => new(_app.Urls.Single());

    /// <summary>Answer 503 to that many posts.</summary>
    public int Overloads { set => _overloads = value; }

    /// <summary>Break that many connections after the points of a request have been counted.</summary>
    public int LostAnswers { set => _lostAnswers = value; }

    /// <summary>Break that many connections before.</summary>
    public int LostRequests { set => _lostRequests = value; }

    /// <summary>The title of the answer 503.</summary>
    public string OverloadTitle { get; set; } = "Overloaded";

    /// <summary>The partitions of the ledger.</summary>
    public object[] Partitions { get; set; } = [];

    /// <summary>Called with their number when statistics are asked for.</summary>
    public Action<int>? OnStatistics { get; set; }

    /// <summary>Points that the ledger lacks.</summary>
    public long Missing { get; set; }

    /// <summary>Points that never get processed.</summary>
    public long InFlight { get; set; }

    /// <summary>Forget this many points of the first series of every request.</summary>
    public int LoseFirst { get; set; }

    /// <summary>Answer 400 to posts.</summary>
    public bool Refuse { get; set; }

    public ConcurrentQueue<string> IdempotencyKeys { get; } = new();

    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>Requests that were answered 503.</summary>
    public ConcurrentQueue<(string Key, string Body)> Refused { get; } = new();

    public ConcurrentQueue<string> Queries { get; } = new();

    public long Accepted => Interlocked.Read(ref _accepted);

    public IEnumerable<string> Metrics => _totals.Keys.Select(key => key.Metric).Distinct().Order(StringComparer.Ordinal);

    public static async Task<StubNode> StartAsync()
    {
        var node = new StubNode();
        await node._app.StartAsync();
        return node;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public (long Count, double Sum) Total(string metric, string tags) => _totals.GetValueOrDefault((metric, tags));

    private static IResult Json(object value) => Results.Text(JsonSerializer.Serialize(value), "application/json");

    private IResult? Trouble(HttpContext context)
    {
        if (Interlocked.Decrement(ref _overloads) >= 0)
        {
            context.Response.Headers.RetryAfter = "0";
            return Results.Problem(statusCode: 503, title: OverloadTitle);
        }
        return Refuse ? Results.Problem(statusCode: 400, title: "Some lines were rejected", extensions: new Dictionary<string, object?> { ["accepted"] = 0 }) : null;
    }

    private async Task<IResult> WriteAsync(HttpContext context)
    {
        var stream = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var key = context.Request.Headers["Idempotency-Key"].FirstOrDefault();
        if (Trouble(context) is { } trouble)
        {
            Refused.Enqueue((key ?? "", body));
            return trouble;
        }
        if (Interlocked.Decrement(ref _lostRequests) >= 0)
        {
            context.Abort();
            return Results.Empty;
        }
        Bodies.Enqueue(body);
        if (key is not null)
        {
            IdempotencyKeys.Enqueue(key);
            if (!_taken.TryAdd(key, body))
            {
                context.Response.Headers["Idempotent-Replayed"] = "true";
                return _taken[key] == body ? Results.NoContent() : Results.Problem(statusCode: 500, title: "Another body under the same key");
            }
        }
        var lose = LoseFirst;
        foreach (var (metric, tags, value) in Lines.Parse(body))
        {
            Interlocked.Increment(ref _accepted);
            if (lose-- <= 0)
            {
                Count(metric, tags, value);
            }
        }
        if (Interlocked.Decrement(ref _lostAnswers) >= 0)
        {
            context.Abort();
            return Results.Empty;
        }
        return Results.NoContent();
    }

    private async Task<IResult> PointsAsync(HttpContext context)
    {
        if (Trouble(context) is { } trouble)
        {
            return trouble;
        }
        using var document = await JsonDocument.ParseAsync(context.Request.Body);
        foreach (var point in document.RootElement.EnumerateArray())
        {
            var tags = string.Join(',', point.GetProperty("tags").EnumerateObject().Select(tag => $"{tag.Name}={tag.Value.GetString()}"));
            Interlocked.Increment(ref _accepted);
            Count(point.GetProperty("metric").GetString()!, tags, point.GetProperty("value").GetDouble());
        }
        return Results.NoContent();
    }

    private void Count(string metric, string tags, double value) =>
        _totals.AddOrUpdate((metric, tags), (1, value), (_, total) => (total.Count + 1, total.Sum + value));

    private IResult Catalogue(HttpContext context)
    {
        Queries.Enqueue(context.Request.QueryString.Value!);
        var prefix = context.Request.Query["match"].ToString().TrimEnd('*');
        var metrics = _totals.GroupBy(total => total.Key.Metric).Where(group => group.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(group => new { name = group.Key, kind = "gauge", series = group.Count(), points = group.Sum(total => total.Value.Count) });
        return Json(new { metrics = metrics.ToArray(), next = (string?)null });
    }

    private IResult Metric(HttpContext context, string metric)
    {
        Queries.Enqueue(context.Request.QueryString.Value!);
        var all = _totals.Where(total => total.Key.Metric == metric).OrderBy(total => total.Key.Tags, StringComparer.Ordinal).ToArray();
        if (all.Length == 0)
        {
            return Results.Problem(statusCode: 404);
        }
        var limit = int.Parse(context.Request.Query["limit"].FirstOrDefault() ?? "100", CultureInfo.InvariantCulture);
        var skip = int.Parse(context.Request.Query["after"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        var page = all.Skip(skip).Take(limit).Select(total => new
        {
            tags = total.Key.Tags.Split(',').Select(tag => tag.Split('=')).ToDictionary(tag => tag[0], tag => tag[1]),
            total = new { count = total.Value.Count, sum = total.Value.Sum, min = 0.0, max = 1.0 },
            windows = Array.Empty<object>(),
        });
        var more = skip + limit < all.Length;
        return Json(new { metric, kind = "gauge", series = page.ToArray(), next = more ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null });
    }
}
