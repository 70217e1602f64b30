using StackExchange.Redis;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>The connection string of a provider on Redis: its own, or <c>ConnectionStrings:Redis</c> for all.</summary>
internal static class RedisSetting
{
    /// <summary>The name under <c>ConnectionStrings</c>.</summary>
    public const string Name = "Redis";

    public static string? Find(IConfiguration configuration, string? own) =>
        string.IsNullOrWhiteSpace(own) ? configuration.GetConnectionString(Name) : own;

    /// <summary>Reports a string that is missing or cannot be read. It is not repeated: it may hold a password.</summary>
    public static void Check(List<string> failures, string section, IConfiguration configuration, string? own)
    {
        var text = Find(configuration, own);
        if (string.IsNullOrWhiteSpace(text))
        {
            failures.Add($"{section}:ConnectionString is missing; give it, or ConnectionStrings:{Name} for all, like 'localhost:6379'.");
            return;
        }

        try
        {
            if (ConfigurationOptions.Parse(text).EndPoints.Count == 0)
            {
                failures.Add($"{section}:ConnectionString names no server; it must be like 'localhost:6379'.");
            }
        }
        catch (ArgumentException exception)
        {
            failures.Add($"{section}:ConnectionString cannot be read: {exception.Message}");
        }
    }
}
