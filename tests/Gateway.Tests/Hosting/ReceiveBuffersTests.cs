using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Gateway.Hosting;

namespace OrleansMetrics.Gateway.Tests.Hosting;

public sealed class ReceiveBuffersTests
{
    private readonly MemoryPool<byte> _pool = new ReceiveBuffers().Create();

    [Fact]
    public void Blocks_are_64_KiB_and_used_again()
    {
        var first = _pool.Rent(4_096);
        var memory = first.Memory;
        Assert.Equal((65_536, 65_536), (memory.Length, _pool.MaxBufferSize));
        first.Dispose();
        using var second = _pool.Rent();
        Assert.True(memory.Equals(second.Memory));
        Assert.Throws<ArgumentOutOfRangeException>(() => _pool.Rent(65_537));
    }

    [Fact]
    public void A_block_that_is_returned_twice_is_lent_once()
    {
        var block = _pool.Rent();
        block.Dispose();
        block.Dispose();
        using var first = _pool.Rent();
        using var second = _pool.Rent();
        Assert.False(first.Memory.Equals(second.Memory));
    }

    [Fact]
    public void Free_blocks_are_bounded()
    {
        var blocks = Enumerable.Range(0, 100).Select(_ => _pool.Rent()).ToList();
        var known = blocks.Select(static block => block.Memory).ToHashSet();
        blocks.ForEach(static block => block.Dispose());
        Assert.Equal(64, Enumerable.Range(0, 100).Select(_ => _pool.Rent()).Count(block => known.Contains(block.Memory)));
    }

    [Fact]
    public async Task A_gateway_s_web_server_takes_its_memory_from_here()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddGateway(builder.Configuration);
        await using var app = builder.Build();
        Assert.IsType<ReceiveBuffers>(app.Services.GetRequiredService<IMemoryPoolFactory<byte>>());
    }
}
