using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansMetrics.Silo.Tests.Architecture;

namespace OrleansMetrics.Topology.Deployment;

/// <summary>scripts/cluster and docker-compose.yml are two ways to run the same.</summary>
public sealed partial class ScriptTests
{
    private static readonly string Script = Repository.Read("scripts/cluster");
    private readonly ComposeFile _file = new();

    [Fact]
    public void The_script_reads_the_settings_that_compose_reads()
    {
        Assert.Contains("cat \"$root/deploy/cluster.env\"", Script, StringComparison.Ordinal);
        Assert.Contains("\"$root/deploy/redis.conf\"", Script, StringComparison.Ordinal);
        Assert.Contains(ComposeFile.List(_file.Services["redis"], "volumes"), static volume => volume.StartsWith("./deploy/redis.conf:", StringComparison.Ordinal));
    }

    [Fact]
    public void The_script_sets_what_compose_sets_and_nothing_else()
    {
        var inScript = SettingInScript().Matches(Script).Select(static setting => setting.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);
        var inCompose = _file.Nodes.Values.SelectMany(static node => ComposeFile.Map(node, "environment").Keys.Cast<string>()).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(inCompose, inScript);
    }

    [Fact]
    public void Names_and_addresses_are_not_among_the_shared_settings()
    {
        var shared = SettingsFile.Read().Keys.ToList();
        Assert.True(shared.Count > 10);
        Assert.DoesNotContain(shared, static name => name.StartsWith("ConnectionStrings__", StringComparison.Ordinal) || name is "Role" or "urls" or "Node__Name");
    }

    [Fact]
    public void Both_start_the_stores_with_the_same_arguments()
    {
        var azurite = ComposeFile.List(_file.Services["azurite"], "command").Where(static argument => argument.StartsWith("--", StringComparison.Ordinal));
        Assert.All(azurite, static argument => Assert.Contains($" {argument}", Script, StringComparison.Ordinal));
        var image = (string)_file.Services["azurite"]["image"];
        Assert.Contains($"version={image.Split(':')[^1]}", Repository.Read("scripts/find-azurite"), StringComparison.Ordinal);
        var account = AzureAccount().Match((string)ComposeFile.Map(_file.Services["silo-1"], "environment")["ConnectionStrings__AzureStorage"]);
        Assert.Contains($"account={account.Groups[1].Value}", Script, StringComparison.Ordinal);
        Assert.Contains($"key={account.Groups[2].Value}", Script, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_start_as_many_silos_and_gateways_and_wait_as_long_for_their_end()
    {
        Assert.Contains($"known > 0 ? known : {_file.Nodes.Keys.Count(static node => node.StartsWith("silo-", StringComparison.Ordinal))}", Script, StringComparison.Ordinal);
        Assert.Contains(
            $"OM_CLUSTER_GATEWAYS:-{_file.Nodes.Keys.Count(static node => node.StartsWith("gateway-", StringComparison.Ordinal))}", Script, StringComparison.Ordinal);
        var grace = int.Parse(Regex.Match(Script, @"(?m)^grace=(\d+)$").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.All(_file.Nodes.Values, node => Assert.Equal($"{grace}s", node["stop_grace_period"]));
    }

    [Theory]
    [InlineData("Silo", "UseCurrentRuntimeIdentifier=true")]
    [InlineData("Silo", "RuntimeIdentifier=linux-arm64")]
    [InlineData("Gateway", "UseCurrentRuntimeIdentifier=true")]
    [InlineData("Gateway", "RuntimeIdentifier=linux-arm64")]
    public async Task What_the_script_and_the_images_publish_is_compiled_beforehand(string project, string target)
    {
        Assert.Contains("--use-current-runtime", Script, StringComparison.Ordinal);
        Assert.Contains("-a $TARGETARCH", Repository.Read($"src/{project}/Dockerfile"), StringComparison.Ordinal);
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet",
            ["msbuild", Path.Combine(Repository.Root, "src", project), $"-p:{target}", "-p:Configuration=Release", "-getProperty:PublishReadyToRun", "-getProperty:TieredCompilation"])
        {
            RedirectStandardOutput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
        var properties = JsonDocument.Parse(output).RootElement.GetProperty("Properties");
        Assert.Equal(("true", "true"), (properties.GetProperty("PublishReadyToRun").GetString(), properties.GetProperty("TieredCompilation").GetString()));
    }

    [GeneratedRegex("\"(Role|urls|(?:Node|ConnectionStrings)__\\w+)=")]
    private static partial Regex SettingInScript();

    [GeneratedRegex("AccountName=([^;]+);AccountKey=([^;]+);")]
    private static partial Regex AzureAccount();
}
