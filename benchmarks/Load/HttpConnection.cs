using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansMetrics.Benchmarks.Load;

/// <summary>
/// A connection with blocking calls and no more: the loader shares the machine with what it measures. One thread at a time; opens again when the server closes it.
/// </summary>
internal sealed class HttpConnection(int port) : IDisposable
{
    private const int TimeoutMilliseconds = 120_000;
    private const int MaxChunkHeader = 64;

    private Socket? _socket;
    private byte[] _buffer = new byte[16 * 1024];
    private byte[] _body = [];
    private int _start;
    private int _end;

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    /// <summary>Asks for a path.</summary>
    public HttpAnswer Get(string target) => Exchange(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));

    /// <summary>Sends a whole request and waits for the whole answer.</summary>
    /// <exception cref="SocketException">The server is not there, or is silent for two minutes.</exception>
    /// <exception cref="IOException">The answer broke off.</exception>
    public HttpAnswer Exchange(ReadOnlySpan<byte> request)
    {
        try
        {
            _socket ??= Open();
            while (!request.IsEmpty)
            {
                request = request[_socket.Send(request)..];
            }
            return ReadAnswer();
        }
        catch
        {
            Close();
            throw;
        }
    }

    private Socket Open()
    {
        _start = _end = 0;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = TimeoutMilliseconds,
            SendTimeout = TimeoutMilliseconds,
        };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private HttpAnswer ReadAnswer()
    {
        int headLength;
        while ((headLength = Unread.IndexOf("\r\n\r\n"u8)) < 0)
        {
            Receive();
        }
        var head = HttpHead.Parse(Unread[..headLength]);
        _start += headLength + 4;
        var length = head.IsChunked ? ReadChunks() : head.ContentLength > 0 ? ReadBody(0, head.ContentLength) : 0;
        if (head.IsLast)
        {
            Close();
        }
        return new HttpAnswer(head.Status, _body.AsMemory(0, length), head.RetryAfter);
    }

    private int ReadChunks()
    {
        var length = 0;
        while (true)
        {
            int lineEnd;
            while ((lineEnd = Unread[..Math.Min(Unread.Length, MaxChunkHeader)].IndexOf("\r\n"u8)) < 0)
            {
                Receive();
            }
            if (!Utf8Parser.TryParse(Unread[..lineEnd], out int size, out _, 'x'))
            {
                throw new InvalidDataException("A chunk without a size.");
            }
            _start += lineEnd + 2;
            length = ReadBody(length, size);
            while (Unread.Length < 2)
            {
                Receive();
            }
            _start += 2;
            if (size == 0)
            {
                return length;
            }
        }
    }

    private int ReadBody(int at, int size)
    {
        if (_body.Length < at + size)
        {
            Array.Resize(ref _body, Math.Max(at + size, _body.Length * 2));
        }
        var end = at + size;
        while (at < end)
        {
            if (_start == _end)
            {
                Receive();
            }
            var part = Unread[..Math.Min(Unread.Length, end - at)];
            part.CopyTo(_body.AsSpan(at));
            at += part.Length;
            _start += part.Length;
        }
        return end;
    }

    private ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    private void Receive()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            var bigger = _start == 0 ? new byte[_buffer.Length * 2] : _buffer;
            Unread.CopyTo(bigger);
            (_buffer, _start, _end) = (bigger, 0, _end - _start);
        }
        var received = _socket!.Receive(_buffer.AsSpan(_end));
        if (received == 0)
        {
            throw new IOException("The server closed the connection within an answer.");
        }
        _end += received;
    }
}
