using System.Net;
using System.Net.Sockets;

namespace OrleansMetrics.Gateway.Health;

/// <summary>
/// The program as its own probe: <c>probe</c> as the first argument asks the node that runs with the same settings whether it is ready. So an
/// image needs no shell and no other program to be checked.
/// </summary>
public static class HealthProbe
{
    /// <summary>The first argument.</summary>
    public const string Command = "probe";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Asks <c>/health/ready</c> (or <c>--probe live</c>, <c>startup</c>) of the address in <c>urls</c>, from environment or command line. Returns the
    /// exit code: 0 when the answer is 200, else 1; why goes to <paramref name="output"/>.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables("ASPNETCORE_").AddEnvironmentVariables().AddCommandLine(args).Build();
        var address = AddressOf(configuration["urls"] ?? Hosting.NodeAddress.DefaultUrl);
        if (!Uri.TryCreate($"{address}/health/{configuration["probe"] ?? "ready"}", UriKind.Absolute, out var probe))
        {
            await output.WriteLineAsync($"'{address}' is no address.");
            return 1;
        }

        try
        {
            using var http = new HttpClient { Timeout = Timeout };
            using var response = await http.GetAsync(probe);
            await output.WriteLineAsync(await response.Content.ReadAsStringAsync());
            return response.StatusCode == HttpStatusCode.OK ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException or NotSupportedException)
        {
            await output.WriteLineAsync($"{probe} does not answer: {exception.Message}");
            return 1;
        }
    }

    // The first of several; an address that stands for all of the machine's is asked on this one.
    private static string AddressOf(string urls)
    {
        var first = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "";
        foreach (var all in (string[])["//*", "//+", "//0.0.0.0", "//[::]"])
        {
            first = first.Replace(all, "//127.0.0.1", StringComparison.Ordinal);
        }

        return first.TrimEnd('/');
    }
}
