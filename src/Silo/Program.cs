using OrleansMetrics.Silo.Hosting;

return await NodeProgram.RunAsync(args);
