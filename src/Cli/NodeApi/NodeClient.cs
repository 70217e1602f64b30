using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OrleansMetrics.Cli.CommandLine;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>Speaks a node's HTTP API. Failures of queries are <see cref="CliFailureException"/>; failures of posts are outcomes.</summary>
internal sealed class NodeClient : IDisposable
{
    /// <summary>Largest page of series that a node gives.</summary>
    public const int MaxSeriesPage = 1_000;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    /// <summary>Creates a client; no connection is made before the first request.</summary>
    public NodeClient(Uri address)
    {
        Address = address;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        };
        _http = new HttpClient(new BrokenConnections(handler))
        {
            BaseAddress = address.AbsolutePath.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/"),
            Timeout = Timeout,
        };
    }

    /// <summary>The node's address.</summary>
    public Uri Address { get; }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>A page of a metric; null when the node does not know the metric.</summary>
    public Task<MetricAnswer?> GetMetricAsync(QueryPath path, CancellationToken cancellationToken) =>
        GetAsync(path, AnswerJsonContext.Default.MetricAnswer, cancellationToken);

    /// <summary>All series of a metric, page after page; empty when the node does not know the metric.</summary>
    /// <param name="metric">Metric name.</param>
    /// <param name="tags">Tags that a series must have.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<SeriesAnswer> GetAllSeriesAsync(
        string metric,
        KeyValuePair<string, string>[] tags,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var path = new QueryPath("api", "metrics", metric).WithTags(tags).With("limit", MaxSeriesPage).With("after", after);
            var page = await GetMetricAsync(path, cancellationToken);
            foreach (var series in page?.Series ?? [])
            {
                yield return series;
            }
            after = page?.Next;
        }
        while (after is not null);
    }

    /// <summary>A page of the catalogue.</summary>
    public async Task<CatalogueAnswer> GetCatalogueAsync(QueryPath path, CancellationToken cancellationToken) =>
        await GetAsync(path, AnswerJsonContext.Default.CatalogueAnswer, cancellationToken) ?? new CatalogueAnswer();

    /// <summary>The statistics of the cluster.</summary>
    public async Task<StatsAnswer> GetStatsAsync(CancellationToken cancellationToken)
    {
        using var document = await GetDocumentAsync(new QueryPath("api", "stats"), cancellationToken)
            ?? throw new CliFailureException($"{Address} has no /api/stats: is it an OrleansMetrics node?");
        return Understand(() => StatsAnswer.Read(document.RootElement));
    }

    /// <summary>Any answer as JSON; null when the node answers 404.</summary>
    public async Task<JsonDocument?> GetDocumentAsync(QueryPath path, CancellationToken cancellationToken)
    {
        var body = await GetBytesAsync(path, cancellationToken);
        return body is null ? null : Understand(() => JsonDocument.Parse(body));
    }

    /// <summary>Posts points. Never throws for what the network or the node does.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="body">The points.</param>
    /// <param name="mediaType">What the body is.</param>
    /// <param name="idempotencyKey">With a key the node counts a repeated request once; null without.</param>
    /// <param name="time">The clock for Retry-After dates.</param>
    /// <param name="cancellationToken">Abandons the request.</param>
    public async Task<PostOutcome> PostAsync(
        string path, ReadOnlyMemory<byte> body, string mediaType, string? idempotencyKey, TimeProvider time, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return await PostOutcome.ReadAsync(response, time, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            return PostOutcome.FromException(exception);
        }
        catch (IOException exception)
        {
            return new PostOutcome(PostStatus.Uncertain, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new PostOutcome(PostStatus.Uncertain, $"no answer within {Timeout.TotalSeconds:0} s");
        }
    }

    /// <summary>The lines of an answer as they come; none when the node answers 404.</summary>
    public async IAsyncEnumerable<string> GetLinesAsync(QueryPath path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await AskAsync(() => _http.GetAsync(path.ToString(), HttpCompletionOption.ResponseHeadersRead, cancellationToken), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            yield break;
        }
        await CheckAsync(response, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(body);
        while (await AskAsync(() => reader.ReadLineAsync(cancellationToken).AsTask(), cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Posts windows. Never throws for what the network or the node does.</summary>
    public async Task<ImportOutcome> ImportAsync(QueryPath path, ReadOnlyMemory<byte> lines, TimeProvider time, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path.ToString()) { Content = new ReadOnlyMemoryContent(lines) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return await ImportOutcome.ReadAsync(response, time, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            var outcome = PostOutcome.FromException(exception);
            return new ImportOutcome(outcome.Status, outcome.Detail);
        }
        catch (IOException exception)
        {
            return new ImportOutcome(PostStatus.Uncertain, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ImportOutcome(PostStatus.Uncertain, $"no answer within {Timeout.TotalSeconds:0} s");
        }
    }

    private async Task<T?> GetAsync<T>(QueryPath path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var body = await GetBytesAsync(path, cancellationToken);
        return body is null ? null : Understand(() => JsonSerializer.Deserialize(body, type));
    }

    private async Task<byte[]?> GetBytesAsync(QueryPath path, CancellationToken cancellationToken)
    {
        using var response = await AskAsync(() => _http.GetAsync(path.ToString(), cancellationToken), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        await CheckAsync(response, cancellationToken);
        return await AskAsync(() => response.Content.ReadAsByteArrayAsync(cancellationToken), cancellationToken);
    }

    private async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            var problem = await AskAsync(() => ProblemDetails.ReadAsync(response, cancellationToken).AsTask(), cancellationToken);
            throw new CliFailureException($"{Address} answered {problem.Describe(response)}");
        }
    }

    /// <summary>Turns failures of the network into failures of the command.</summary>
    private async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask();
        }
        catch (HttpRequestException exception)
        {
            throw new CliFailureException($"cannot reach {Address}: {(exception.InnerException ?? exception).Message}", ExitCode.Failure, exception);
        }
        catch (HttpIOException exception)
        {
            throw new CliFailureException($"{Address} broke its answer off: {exception.Message}", ExitCode.Failure, exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliFailureException($"{Address} did not answer within {Timeout.TotalSeconds:0} s", ExitCode.Failure, exception);
        }
    }

    private T Understand<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new CliFailureException($"{Address} gave an answer that is not understood: {exception.Message}", ExitCode.Failure, exception);
        }
    }
}
