using OrleansMetrics.Gateway.Hosting;

return await GatewayNode.RunAsync(args);
