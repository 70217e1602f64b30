namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>A directory that goes with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("orleansmetrics-silo-tests-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
