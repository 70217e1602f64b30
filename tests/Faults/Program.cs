using OrleansMetrics.Faults.Node;

return args is ["node", .. var settings]
    ? await FaultNode.RunAsync(settings)
    : throw new ArgumentException("This program is the node under test: `node`, then settings. The tests run with `dotnet test`.");
