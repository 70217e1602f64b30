using OrleansMetrics.Gateway.Hosting;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>The program: a node of any role.</summary>
public static class NodeProgram
{
    /// <summary>Runs a node until it is told to stop. Returns the process's exit code: 0, or 1 when it could not start.</summary>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Error);

    /// <summary>Runs a node; why it could not start goes to <paramref name="errors"/>.</summary>
    internal static async Task<int> RunAsync(string[] args, TextWriter errors)
    {
        NodeRole role;
        try
        {
            // Before the node's own configuration is there, which costs a tenth of a second to make.
            role = NodeRun.ReadRole(new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true)
                .AddEnvironmentVariables().AddCommandLine(args).Build());
        }
        catch (FormatException exception)
        {
            return await NodeRun.RefuseAsync([exception.Message], errors);
        }

        return await NodeRun.RunAsync(args, errors, role switch
        {
            NodeRole.Silo => ClusterSilo.Build,
            NodeRole.Gateway => GatewayNode.Build,
            _ => static (line, configure) => StandaloneNode.Build(line, configure),
        });
    }
}
