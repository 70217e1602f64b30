namespace OrleansMetrics.Gateway.Hosting;

/// <summary>The settings that a process reads, and whether they are right.</summary>
internal sealed class NodeSettingsCheck(IReadOnlyList<SettingsSection> sections)
{
    /// <summary>Everything that is wrong, before anything is opened or started.</summary>
    /// <remarks>The host checks too, but after it has made its services, some of which already need settings: it names the first failure only.</remarks>
    public IEnumerable<string> Check(WebApplication app)
    {
        var failures = sections.SelectMany(section => section.Check(app.Services, app.Configuration)).Distinct().ToList();
        return failures.Concat(PortCheck.Check(
            app.Services.GetRequiredService<NodeAddress>(), app.Configuration["urls"], app.Services.GetRequiredService<NodeRole>() != NodeRole.Gateway));
    }
}
