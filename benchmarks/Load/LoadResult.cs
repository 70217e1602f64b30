namespace OrleansMetrics.Benchmarks.Load;

/// <summary>What a load saw of the server.</summary>
/// <param name="Points">Points acknowledged.</param>
/// <param name="Elapsed">From the first request to the last answer.</param>
/// <param name="LoaderCpu">What the loader itself used.</param>
/// <param name="RequestMilliseconds">From the first byte sent to the answer, for each request.</param>
/// <param name="Refusals">Requests that were refused with 503 or 429 and sent again.</param>
internal sealed record LoadResult(long Points, TimeSpan Elapsed, TimeSpan LoaderCpu, double[] RequestMilliseconds, long Refusals);
