using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Silo.Tests.Architecture;

public sealed partial class SettingsDocumentTests
{
    // Defaults that follow from others or from code, said in words in the document.
    private static readonly Dictionary<string, string> InWords = new(StringComparer.Ordinal)
    {
        ["Node:Name"] = "machine:port",
        ["Node:SiloPort"] = "HTTP port + 3,031",
        ["Node:GatewayPort"] = "HTTP port + 21,920",
        ["Windows:Quantiles"] = "0.5, 0.9, 0.99",
        ["History:Resolutions"] = "10 s for 2 h, 1 min for 2 d, 10 min for 30 d, 1 h for 2 y",
        ["History:Metrics"] = "none",
        ["Clustering:Provider"] = "by role",
        ["Clustering:ConnectionString"] = "`ConnectionStrings:Redis`",
        ["Clustering:ClusterId"] = "by role",
        ["Log:Provider"] = "by role",
        ["RedisLog:ConnectionString"] = "`ConnectionStrings:Redis`",
        ["Reminders:Provider"] = "by role",
        ["Reminders:ConnectionString"] = "`ConnectionStrings:Redis`",
        ["Snapshots:Provider"] = "by role",
        ["Snapshots:ConnectionString"] = "`ConnectionStrings:Redis` or `ConnectionStrings:AzureStorage`",
    };

    [Fact]
    public void The_document_lists_every_setting_with_its_default_and_no_others() => Assert.Equal(
        NodeSettings.Sections.SelectMany(static section => Settings(section.Name, section.Options)).Append("Role | `Standalone`").Append($"urls | `{NodeAddress.DefaultUrl}`").Order(StringComparer.Ordinal),
        Documented().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_options_class_is_a_section_of_the_nodes_settings() => Assert.Equal(
        Directory.EnumerateFiles(AppContext.BaseDirectory, "OrleansMetrics.*.dll").Select(static file => Path.GetFileNameWithoutExtension(file))
            .Where(static name => !name.EndsWith(".Tests", StringComparison.Ordinal))
            .SelectMany(static name => Assembly.Load(name).GetTypes())
            .Where(static type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.Name is not ("SqliteGrainStorageOptions" or "AzureBlobStorageOptions")) // follow from Storage and Snapshots
            .Select(static type => type.FullName).Order(StringComparer.Ordinal),
        NodeSettings.Sections.Select(static section => section.Options.FullName).Order(StringComparer.Ordinal));

    [Fact]
    public void The_settings_file_repeats_the_defaults()
    {
        var file = System.Text.Json.JsonDocument.Parse(Repository.Read("src/Silo/appsettings.json")).RootElement;
        foreach (var section in NodeSettings.Sections.Where(section => section.Options != typeof(LogProviderOptions) && file.TryGetProperty(section.Name, out _)))
        {
            var defaults = Activator.CreateInstance(section.Options)!;
            Assert.All(
                file.GetProperty(section.Name).EnumerateObject(),
                setting => Assert.Equal(
                    string.Format(CultureInfo.InvariantCulture, "{0}", section.Options.GetProperty(setting.Name)!.GetValue(defaults)), setting.Value.ToString()));
        }
    }

    private static IEnumerable<string> Settings(string section, Type options)
    {
        var defaults = Activator.CreateInstance(options)!;
        return options.GetProperties().Select(property =>
            $"{section}:{property.Name} | {InWords.GetValueOrDefault($"{section}:{property.Name}") ?? Format(property.Name, property.GetValue(defaults)!)}");
    }

    private static string Format(string name, object value) => value switch
    {
        TimeSpan time when time < TimeSpan.FromSeconds(1) => $"{time.TotalMilliseconds} ms",
        TimeSpan time when time < TimeSpan.FromMinutes(1) => $"{time.TotalSeconds} s",
        TimeSpan time when time < TimeSpan.FromDays(1) => $"{time.TotalMinutes} min",
        TimeSpan time => $"{time.TotalHours} h",
        int or long when name.Contains("Bytes", StringComparison.Ordinal) => FormatBytes(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        int or long => string.Format(CultureInfo.InvariantCulture, "{0:N0}", value),
        _ => $"`{value}`",
    };

    private static string FormatBytes(long bytes) =>
        bytes % (1 << 30) == 0 ? $"{bytes >> 30} GiB" : bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : $"{bytes >> 10} KiB";

    private static IEnumerable<string> Documented() => Repository.Read("docs/operations.md").Split('\n')
        .Select(static line => RowLine().Match(line)).Where(static match => match.Success)
        .Select(static match => $"{match.Groups[1].Value} | {match.Groups[2].Value}");

    [GeneratedRegex(@"^\| `(urls|Role|\w+:\w+)` \| (.*?) \| .* \|\s*$")]
    private static partial Regex RowLine();
}
