using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class SnapshotBufferTests
{
    /// <summary>Above what the buffer gathers at a time.</summary>
    private const int Piece = 64 * 1024;

    [Fact]
    public void What_is_written_comes_out_wherever_the_output_grows()
    {
        var grown = 0;
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 400], Gen.ULong).Array[1, 2_000].Sample(
            pieces =>
            {
                var (output, reference) = (new ArrayBufferWriter<byte>(), new List<byte>());
                var buffer = new SnapshotBuffer(output);
                foreach (var (kind, length, value) in pieces)
                {
                    Write(buffer, reference, kind, length, value);
                }

                var written = buffer.Finish();
                Assert.Equal(output.WrittenCount, written);
                Assert.Equal(reference, output.WrittenSpan[..^4].ToArray());
                Assert.Equal(Crc32.HashToUInt32(output.WrittenSpan[..^4]), BinaryPrimitives.ReadUInt32LittleEndian(output.WrittenSpan[^4..]));
                Interlocked.Add(ref grown, written > Piece ? 1 : 0);
            },
            iter: 500);
        Assert.True(grown > 50, $"the output grew only {grown} times");
    }

    private static void Write(SnapshotBuffer buffer, List<byte> reference, int kind, int length, ulong value)
    {
        Span<byte> head = stackalloc byte[40];
        switch (kind)
        {
            case 0:
                buffer.UInt64(value);
                BinaryPrimitives.WriteUInt64LittleEndian(head, value);
                reference.AddRange(head[..8]);
                break;
            case 1:
                buffer.Bytes(Body(length, value));
                reference.AddRange(Body(length, value));
                break;
            case 2:
                buffer.Window(end: 0, size: 10, start: length, ownSize: 10, Body(length, value));
                var headLength = PackedReader.WriteHead(head, 0, 10, length, 10);
                headLength += SnapshotWriter.Encode(head[headLength..], (ulong)length);
                reference.AddRange(head[..headLength]);
                reference.AddRange(Body(length, value));
                break;
            default:
                buffer.Varint(value);
                reference.AddRange(head[..SnapshotWriter.Encode(head, value)]);
                break;
        }
    }

    private static byte[] Body(int length, ulong value)
    {
        var body = new byte[length];
        Array.Fill(body, (byte)value);
        return body;
    }
}
