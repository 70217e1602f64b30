using System.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.CommandLine;

/// <summary>The option <c>--node</c>, which every command has.</summary>
internal sealed class NodeOption(CliServices services)
{
    /// <summary>The environment variable that replaces the default.</summary>
    public const string Variable = "ORLEANSMETRICS_NODE";

    private const string Default = "http://127.0.0.1:8080";

    /// <summary>The option itself.</summary>
    public Option<string> Option { get; } = new("--node")
    {
        Description = $"Address of the node's HTTP endpoint (environment: {Variable}).",
        HelpName = "URL",
        Recursive = true,
        DefaultValueFactory = _ => services.Environment(Variable) is { Length: > 0 } address ? address : Default,
    };

    /// <summary>True when the caller named a node on the command line.</summary>
    public bool IsGiven(ParseResult arguments) => arguments.GetResult(Option) is { Implicit: false };

    /// <summary>The node's address.</summary>
    /// <exception cref="CliFailureException">It is not an http or https address.</exception>
    public Uri Address(ParseResult arguments)
    {
        var text = arguments.GetValue(Option);
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? address
            : throw new CliFailureException($"--node: '{text}' is not an http:// or https:// address.", ExitCode.Usage);
    }

    /// <summary>A client for the node.</summary>
    /// <exception cref="CliFailureException">The address is not one.</exception>
    public NodeClient Connect(ParseResult arguments) => new(Address(arguments));
}
