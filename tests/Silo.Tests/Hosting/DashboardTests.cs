using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Silo.Hosting;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class DashboardTests
{
    [Fact]
    public async Task It_is_off_unless_switched_on()
    {
        using var directory = new TemporaryDirectory();
        await using (var node = await TestNode.StartAsync(directory.Path))
        {
            Assert.Equal(HttpStatusCode.NotFound, await node.Client.StatusOfAsync("/dashboard/"));
        }

        await using var open = await TestNode.StartAsync(directory.Path, "--Dashboard:Enabled=true");
        Assert.Equal(HttpStatusCode.OK, await open.Client.StatusOfAsync("/dashboard/"));
        Assert.Equal(HttpStatusCode.OK, await open.Client.StatusOfAsync("/api/stats"));
    }

    [Theory]
    [InlineData("/dashboard/", "127.0.0.1", false, true)]
    [InlineData("/dashboard/DashboardCounters", "::1", false, true)]
    [InlineData("/dashboard/", "192.0.2.7", false, false)]
    [InlineData("/Dashboard/DashboardCounters", "192.0.2.7", false, false)]
    [InlineData("/dashboard/", "192.0.2.7", true, true)]
    [InlineData("/health/live", "192.0.2.7", false, true)]
    public void Other_machines_see_it_only_when_allowed(string path, string from, bool allowRemote, bool isVisible)
    {
        using var services = new ServiceCollection().Configure<DashboardOptions>(options => options.AllowRemote = allowRemote).BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Path = path;
        context.Connection.RemoteIpAddress = IPAddress.Parse(from);

        Assert.Equal(isVisible, DashboardExtensions.IsVisible(context));
    }
}
