using System.CommandLine;

namespace OrleansMetrics.Cli.CommandLine;

/// <summary>A command and the examples that its help shows.</summary>
internal sealed record CommandDefinition(Command Command, string[] Examples);
