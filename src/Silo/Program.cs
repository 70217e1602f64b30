using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Silo.Hosting;

return args is [HealthProbe.Command, .. var settings]
    ? await HealthProbe.RunAsync(settings, Console.Out)
    : await NodeProgram.RunAsync(args);
