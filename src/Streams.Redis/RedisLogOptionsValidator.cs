using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>Reports all options that are out of range, at once.</summary>
public sealed class RedisLogOptionsValidator : IValidateOptions<RedisLogOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, RedisLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new List<string>();
        CheckConnectionString(options.ConnectionString, failures);
        if (options.KeyPrefix is not { Length: >= 1 and <= 64 } prefix || prefix.AsSpan().ContainsAny('{', '}') || prefix.Any(char.IsControl))
        {
            failures.Add($"{RedisLogOptions.Section}:{nameof(options.KeyPrefix)} is '{options.KeyPrefix}'; it must be 1 to 64 characters without braces.");
        }

        CheckTime(options.ConnectTimeout, nameof(options.ConnectTimeout), failures);
        CheckTime(options.CommandTimeout, nameof(options.CommandTimeout), failures);
        CheckTime(options.RetryTimeout, nameof(options.RetryTimeout), failures);
        if (options.WakeInterval < TimeSpan.Zero || options.WakeInterval > TimeSpan.FromSeconds(1))
        {
            failures.Add($"{RedisLogOptions.Section}:{nameof(options.WakeInterval)} is {options.WakeInterval}; it must be 00:00:00 to 00:00:01.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    // The string is not repeated: it may hold a password.
    private static void CheckConnectionString(string text, List<string> failures)
    {
        const string option = $"{RedisLogOptions.Section}:{nameof(RedisLogOptions.ConnectionString)}";
        try
        {
            if (ConfigurationOptions.Parse(text ?? "").EndPoints.Count == 0)
            {
                failures.Add($"{option} names no server; it must be like 'localhost:6379'.");
            }
        }
        catch (ArgumentException exception)
        {
            failures.Add($"{option} cannot be read: {exception.Message}");
        }
    }

    private static void CheckTime(TimeSpan value, string option, List<string> failures)
    {
        if (value < TimeSpan.FromMilliseconds(100) || value > TimeSpan.FromMinutes(1))
        {
            failures.Add($"{RedisLogOptions.Section}:{option} is {value}; it must be 00:00:00.1 to 00:01:00.");
        }
    }
}
