using OrleansMetrics.Silo.Hosting;

return await StandaloneNode.RunAsync(args);
