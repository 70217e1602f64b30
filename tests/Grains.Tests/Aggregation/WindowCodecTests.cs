using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class WindowCodecTests
{
    private static readonly Gen<ulong> GenNumber =
        from bits in Gen.Int[0, 63]
        from rest in Gen.ULong
        select (1UL << bits) | (rest & ((1UL << bits) - 1));

    private static readonly Gen<double> GenValue = Gen.OneOf(
        Gen.Double[-1e6, 1e6], Gen.Int[-100, 100].Select(static i => (double)i), Gen.Int[-1000, 1000].Select(static i => i / 8.0),
        Gen.Const(0.0), Gen.Const(-0.0), Gen.Const(double.MaxValue), Gen.Const(-double.MaxValue), Gen.Const(double.Epsilon));

    [Fact]
    public void Numbers_are_read_back_bit_by_bit() => GenNumber.Array[0, 60].Sample(static numbers =>
    {
        var bytes = new byte[numbers.Length * 16 + 16];
        var output = new BitWriter(bytes);
        foreach (var number in numbers)
        {
            output.WriteGamma(number);
        }

        var length = output.Finish();
        var input = new BitReader(bytes.AsSpan(0, length));
        foreach (var number in numbers)
        {
            Assert.Equal(number, input.ReadGamma());
        }

        Assert.True(input.AtEnd);
    });

    [Fact]
    public void Random_bits_are_numbers_or_invalid_data() => Gen.Byte.Array[0, 40].Sample(static bytes =>
    {
        try
        {
            for (var input = new BitReader(bytes); !input.AtEnd;)
            {
                Assert.True(input.ReadGamma() > 0);
            }
        }
        catch (InvalidDataException)
        {
            // Ends within a number.
        }
    });

    [Fact]
    public void A_value_is_read_back_to_the_bit_and_is_short_where_it_can_be()
    {
        Gen.Select(GenValue, GenValue).Sample(static (value, other) =>
        {
            var bytes = new byte[16];
            var code = DoubleCode.Of(value, other);
            var length = DoubleCode.Write(bytes, value, code);
            var input = new SnapshotReader(bytes.AsSpan(0, length));
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(DoubleCode.Read(ref input, code, other)));
            Assert.True(input.AtEnd);
        });
        Assert.Equal((3, 0, 6), (Length(1000, 7), Length(7, 7), Length(20.1, 20.7)));
    }

    private static int Length(double value, double other) => DoubleCode.Write(new byte[16], value, DoubleCode.Of(value, other));
}
