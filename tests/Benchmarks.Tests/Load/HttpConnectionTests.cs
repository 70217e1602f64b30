using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Tests.Load;

public sealed class HttpConnectionTests
{
    [Fact]
    public async Task An_answer_in_pieces_and_chunks_is_put_together()
    {
        var answers = await Exchange("HTTP/1.1 200 OK\r\nTransfer-Enc", "oding: chunked\r\n\r", "\n5\r\nhello\r", "\n1A\r\nabcdefghijklmnopqrst", "uvwxyz\r\n0\r\n\r\n");

        Assert.Equal([(200, "helloabcdefghijklmnopqrstuvwxyz")], answers);
    }

    [Fact]
    public async Task Answers_follow_each_other_on_one_connection()
    {
        var answers = await Exchange("HTTP/1.1 204 No Content\r\nServer: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");

        Assert.Equal([(204, ""), (200, "abc")], answers);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_an_error() =>
        await Assert.ThrowsAsync<IOException>(() => Exchange("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));

    [Fact]
    public void Headers_are_read_whatever_their_case()
    {
        var head = HttpHead.Parse("HTTP/1.1 503 Service Unavailable\r\nRETRY-AFTER: 2\r\nConnection: close\r\nContent-Length: 17"u8);

        Assert.Equal(new HttpHead(503, 17, IsChunked: false, IsLast: true, TimeSpan.FromSeconds(2)), head);
        Assert.Throws<InvalidDataException>(() => HttpHead.Parse("SSH-2.0-OpenSSH_9.2"u8));
    }

    // Sends the pieces one after the other, whatever is asked, as many answers as the pieces hold, and closes the connection.
    private static async Task<List<(int, string)>> Exchange(params string[] pieces)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            await socket.ReceiveAsync(new byte[4096]);
            foreach (var piece in pieces)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(piece));
            }
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(new byte[4096]) > 0)
            {
            }
        });
        var count = string.Concat(pieces).Split("HTTP/1.1").Length - 1;
        var answers = new List<(int, string)>();
        using (var connection = new HttpConnection(((IPEndPoint)listener.LocalEndpoint).Port))
        {
            for (var i = 0; i < count; i++)
            {
                var answer = connection.Get("/");
                answers.Add((answer.Status, Encoding.ASCII.GetString(answer.Body.Span)));
            }
        }
        await server;
        return answers;
    }
}
