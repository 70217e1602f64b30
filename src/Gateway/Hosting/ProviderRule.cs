namespace OrleansMetrics.Gateway.Hosting;

/// <summary>
/// Which providers a role takes. A standalone node is a cluster of its own on embedded storage; the processes of a cluster share
/// membership, reminders, snapshots and log, so none of these may be a process's own.
/// </summary>
internal static class ProviderRule
{
    /// <summary>The provider given, or the role's default.</summary>
    public static TProvider Choose<TProvider>(TProvider? given, NodeRole role, TProvider embedded, TProvider shared)
        where TProvider : struct, Enum => given ?? (role == NodeRole.Standalone ? embedded : shared);

    /// <summary>Reports a provider that the role does not take.</summary>
    public static void Check<TProvider>(List<string> failures, string setting, TProvider? given, NodeRole role, params ReadOnlySpan<TProvider> embedded)
        where TProvider : struct, Enum
    {
        if (given is not { } provider)
        {
            return;
        }

        if (role == NodeRole.Standalone && !embedded.Contains(provider))
        {
            failures.Add($"{setting} is {provider}; a standalone node takes {string.Join(" or ", embedded.ToArray())}: it is a cluster of its own. Role=Silo joins others.");
        }
        else if (role != NodeRole.Standalone && embedded.Contains(provider))
        {
            var shared = string.Join(" or ", Enum.GetValues<TProvider>().Except(embedded.ToArray()));
            failures.Add($"{setting} is {provider}; a node with Role={role} takes {shared}: the nodes of a cluster share it.");
        }
    }
}
