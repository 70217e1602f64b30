using OrleansMetrics.Cli.CommandLine;

return await CliApplication.RunAsync(args, CliServices.ForProcess());
