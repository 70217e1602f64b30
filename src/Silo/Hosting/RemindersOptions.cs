using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Hosting;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Where the reminders that wake partitions are kept. Section <c>Reminders</c>.</summary>
public sealed class RemindersOptions
{
    /// <summary>Default: <see cref="RemindersProvider.Memory"/> for a standalone node, else <see cref="RemindersProvider.Redis"/>.</summary>
    public RemindersProvider? Provider { get; set; }

    /// <summary>Redis, as StackExchange.Redis writes it. Default: <c>ConnectionStrings:Redis</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Reports every value that cannot be used.</summary>
    internal sealed class Validator(NodeRole role, IConfiguration configuration) : IValidateOptions<RemindersOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, RemindersOptions options)
        {
            var failures = new List<string>();
            ProviderRule.Check(failures, "Reminders:Provider", options.Provider, role, RemindersProvider.Memory);
            if (role != NodeRole.Standalone)
            {
                RedisSetting.Check(failures, "Reminders", configuration, options.ConnectionString);
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
