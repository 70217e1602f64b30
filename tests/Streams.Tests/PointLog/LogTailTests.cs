using CsCheck;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Streams.Tests.PointLog;

public sealed class LogTailTests
{
    [Fact]
    public void The_tail_reads_as_the_last_contiguous_records_that_fit()
    {
        var step = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 9]);
        Gen.Select(step.List[1, 60], Gen.Int[0, 200]).Sample((steps, maxBytes) =>
        {
            var tail = new LogTail(maxBytes);
            var expected = new List<LogRecord>();
            long position = 0;
            foreach (var (size, kind) in steps)
            {
                // One in ten: another process appended in between, so that the tail starts anew.
                position += kind == 0 ? 2 : 1;
                if (kind == 0)
                {
                    expected.Clear();
                }

                var record = new LogRecord(position, 0, 0, new byte[size]);
                tail.Add(record);
                expected.Add(record);
                while (expected.Sum(held => held.Payload.Length) > maxBytes)
                {
                    expected.RemoveAt(0);
                }

                if (kind == 1)
                {
                    tail.Trim(position - 2);
                    expected.RemoveAll(held => held.Position <= position - 2);
                }
            }

            var first = expected.Count > 0 ? expected[0].Position : position + 1;
            Assert.Null(tail.Read(first - 2, 1000));
            Assert.Null(tail.Read(position, 1000));
            var read = tail.Read(first - 1, 10_000);
            Assert.Equal(expected.Select(held => held.Position), read?.Select(held => held.Position) ?? []);
        });
    }
}
