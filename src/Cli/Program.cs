using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Demo;

return await CliApplication.RunAsync(args, CliServices.ForProcess(EmbeddedNode.StartAsync));
