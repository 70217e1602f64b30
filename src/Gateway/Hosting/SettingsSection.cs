using System.Globalization;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>A section of a node's settings and the class that it fills.</summary>
internal sealed class SettingsSection
{
    private readonly Func<IServiceProvider, object> _read;

    private SettingsSection(string name, Type options, Func<IServiceProvider, object> read)
    {
        Name = name;
        Options = options;
        _read = read;
    }

    public string Name { get; }

    public Type Options { get; }

    public static SettingsSection Of<TOptions>(string name)
        where TOptions : class =>
        new(name, typeof(TOptions), static services => services.GetRequiredService<IOptions<TOptions>>().Value);

    /// <summary>Values that cannot be read; when all can, those out of range.</summary>
    public IReadOnlyList<string> Check(IServiceProvider services, IConfiguration configuration)
    {
        var section = configuration.GetSection(Name);
        var unreadable = Options.GetProperties().SelectMany(property => FindUnreadable(section.GetSection(property.Name), property.PropertyType)).ToList();
        if (unreadable.Count > 0)
        {
            return unreadable;
        }

        try
        {
            _read(services);
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return [.. exception.Failures];
        }
        catch (InvalidOperationException)
        {
            // A value of another section, which this one is compared with, cannot be read: that section says so.
            return [];
        }
    }

    // The binder stops at the first value that it cannot read, and leaves out unreadable elements of lists.
    private static IEnumerable<string> FindUnreadable(IConfigurationSection value, Type type)
    {
        if (type.GetElementType() is { } element)
        {
            return value.Value is { Length: > 0 } text
                ? [$"{value.Path} is '{text}'; it is a list and is given one by one: {value.Path}:0, {value.Path}:1 …"]
                : value.GetChildren().SelectMany(child => FindUnreadable(child, element));
        }

        return value.Value is { } single && !CanRead(value, Nullable.GetUnderlyingType(type) ?? type)
            ? [$"{value.Path} is '{single}'; it must be {Describe(Nullable.GetUnderlyingType(type) ?? type)}."]
            : [];
    }

    private static bool CanRead(IConfigurationSection value, Type type)
    {
        // The framework reads a bare number as days: 10 would be ten days where most people mean seconds.
        if (type == typeof(TimeSpan) && int.TryParse(value.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var days) && days != 0)
        {
            return false;
        }

        try
        {
            return type == typeof(string) || (!string.IsNullOrWhiteSpace(value.Value) && value.Get(type) is not null);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Describe(Type type) =>
        type == typeof(TimeSpan) ? "a time such as 00:00:10 for ten seconds"
        : type.IsEnum ? string.Join(" or ", Enum.GetNames(type))
        : type == typeof(double) ? "a number"
        : type == typeof(bool) ? "true or false"
        : "a whole number";
}
