using Microsoft.Extensions.Options;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Where the point log lies. Section <c>Log</c>, beside <see cref="Streams.PointLog.PointLogOptions"/>.</summary>
public sealed class LogProviderOptions
{
    /// <summary>Default: <see cref="LogProvider.Segments"/> for a standalone node, else <see cref="LogProvider.Redis"/> (section <c>RedisLog</c>).</summary>
    public LogProvider? Provider { get; set; }

    /// <summary>Reports a provider that the role does not take.</summary>
    internal sealed class Validator(NodeRole role) : IValidateOptions<LogProviderOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, LogProviderOptions options)
        {
            var failures = new List<string>();
            ProviderRule.Check(failures, "Log:Provider", options.Provider, role, LogProvider.Segments, LogProvider.Sqlite);
            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
