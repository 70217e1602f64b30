using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;

return args is [HealthProbe.Command, .. var settings]
    ? await HealthProbe.RunAsync(settings, Console.Out)
    : await GatewayNode.RunAsync(args);
