using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class ExponentialHistogramTests
{
    private static readonly double[] Probabilities = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

    // Normal ranges, both signs, zeros, and every exponent there is.
    private static readonly Gen<double> Narrow = Gen.Double[-3, 3].Select(Math.Exp);
    private static readonly Gen<double> Signed = Gen.Double[-1_000, 1_000];
    private static readonly Gen<double> Any = Gen.Double.Where(double.IsFinite);
    private static readonly Gen<double[]> Values = Gen.OneOf(
        Narrow.Array[0, 400],
        Signed.Array[0, 400],
        Gen.Int[-5, 5].Select(i => (double)i).Array[0, 2_000],
        Any.Array[0, 200],
        Gen.Int[-1074, 1023].Select(exponent => Math.ScaleB(1, exponent)).Array[0, 100]);

    [Fact]
    public void Quantiles_are_within_the_bound_of_the_exact_nearest_rank()
    {
        long fullScale = 0, downscaled = 0, negative = 0;
        Values.Where(values => values.Length > 0).Sample(
            values =>
            {
                var sketch = Of(values);
                var sorted = values.Order().ToArray();
                Assert.Equal((values.Length, sorted[0], sorted[^1]), ((int)sketch.Count, sketch.Min, sketch.Max));
                Interlocked.Add(ref fullScale, sketch.Scale == 5 ? 1 : 0);
                Interlocked.Add(ref downscaled, sketch.Scale < 5 ? 1 : 0);
                Interlocked.Add(ref negative, sorted[0] < 0 ? 1 : 0);
                foreach (var probability in Probabilities)
                {
                    var exact = sorted[ExponentialHistogram.RankOf(probability, sorted.Length) - 1];
                    var bound = (Math.Abs(exact) * (sketch.RelativeError + 1e-12)) + (2 * double.Epsilon);
                    Assert.InRange(sketch.Quantile(probability), Math.Max(exact - bound, sorted[0]), Math.Min(exact + bound, sorted[^1]));
                }
            },
            iter: 2_000);
        Assert.True(fullScale > 100 && downscaled > 100 && negative > 100, $"{fullScale} {downscaled} {negative}");
    }

    [Fact]
    public void Merging_is_associative_and_commutative_and_equals_one_pass()
    {
        long downscaled = 0, wide = 0;
        Gen.Select(Values, Values, Values).Sample(
            (a, b, c) =>
            {
                var onePass = Encode(Of([.. a, .. b, .. c]));
                var left = Of(a);
                left.Merge(Of(b));
                left.Merge(Of(c));
                var right = Of(c);
                right.Merge(Of(b));
                var reversed = Of([.. a.Reverse()]);
                reversed.Merge(right);
                Assert.Equal(onePass, Encode(left));
                Assert.Equal(onePass, Encode(reversed));
                Interlocked.Add(ref downscaled, left.Scale < 5 ? 1 : 0);
                Interlocked.Add(ref wide, left.Count > 0 && left.AllocatedBytes >= 64 && a.Concat(b).Concat(c).GroupBy(x => x).Any(g => g.Count() > 255) ? 1 : 0);
            },
            iter: 1_000);
        Assert.True(downscaled > 100 && wide > 20, $"{downscaled} {wide}");
    }

    [Fact]
    public void Merging_with_itself_doubles_every_count()
    {
        double[] values = [-3, -3, 0, 1, 2, 4_000];
        var doubled = Of(values);
        doubled.Merge(doubled);
        Assert.Equal(Encode(Of([.. values, .. values])), Encode(doubled));
    }

    [Fact]
    public void Encoding_round_trips() =>
        Values.Sample(
            values =>
            {
                var sketch = Of(values);
                var bytes = Encode(sketch);
                Assert.True(bytes.Length <= sketch.MaxEncodedLength);
                var decoded = Of([1, 2, 3, -1e300, 1e-300]);
                Assert.Equal(bytes.Length, decoded.Decode([.. bytes, 1, 2, 3]));
                Assert.Equal(bytes, Encode(decoded));
                Assert.Equal(sketch.Count, decoded.Count);
                Assert.Equal(Probabilities.Select(sketch.Quantile), Probabilities.Select(decoded.Quantile));
            },
            iter: 1_000);

    [Fact]
    public void Truncated_bytes_are_refused() =>
        Values.Where(values => values.Length > 0).Sample(
            values =>
            {
                var bytes = Encode(Of(values));
                for (var length = 0; length < bytes.Length; length += 1 + (length / 8))
                {
                    Assert.Throws<InvalidDataException>(() => new ExponentialHistogram().Decode(bytes.AsSpan(0, length)));
                }
            },
            iter: 100);

    [Fact]
    public void Random_bytes_are_refused_or_read_as_some_histogram() =>
        Gen.Byte.Array[0, 200].Sample(
            bytes =>
            {
                if (bytes.Length > 0)
                {
                    bytes[0] %= 8;
                }

                var sketch = new ExponentialHistogram();
                try
                {
                    sketch.Decode(bytes);
                }
                catch (InvalidDataException)
                {
                    return;
                }

                Assert.Equal(Encode(sketch).Length, new ExponentialHistogram().Decode(Encode(sketch)));
            },
            iter: 5_000);

    [Fact]
    public void Every_value_is_in_the_bucket_whose_bounds_enclose_it()
    {
        // Around each boundary 2^(k/32): the doubles next to it, told apart with the help of decimal logarithms far finer than a double.
        for (var k = -64; k <= 64; k++)
        {
            var near = Math.Pow(2, k / 32.0);
            var below = near;
            for (var step = 0; step < 3; step++)
            {
                below = Math.BitDecrement(below);
            }

            Assert.Equal(k - 1, IndexOf(below));
            if (k % 32 == 0)
            {
                Assert.Equal(k - 1, IndexOf(near));
                Assert.Equal(k, IndexOf(Math.BitIncrement(near)));
            }

            var above = near;
            for (var step = 0; step < 3; step++)
            {
                above = Math.BitIncrement(above);
            }

            Assert.Equal(k, IndexOf(above));
        }
    }

    [Fact]
    public void The_index_agrees_with_the_logarithm() =>
        Any.Where(value => value != 0).Sample(
            value =>
            {
                var magnitude = Math.Abs(value);
                var index = IndexOf(magnitude);
                var logarithm = Math.Log2(magnitude) * 32;
                Assert.InRange(logarithm, index - 1e-7, index + 1 + 1e-7);
            },
            iter: 20_000);

    [Fact]
    public void Extremes_have_buckets()
    {
        Assert.Equal(BucketMapping.MinIndex, IndexOf(double.Epsilon));
        Assert.Equal(BucketMapping.MaxIndex, IndexOf(double.MaxValue));
        var sketch = Of([double.Epsilon, double.MaxValue, -double.MaxValue, -double.Epsilon, 0, -0.0]);
        Assert.Equal(-1, sketch.Scale);
        Assert.Equal(6, sketch.Count);
        Assert.Equal(0, sketch.Quantile(0.5));
        Assert.Equal(double.MaxValue, sketch.Quantile(1));
    }

    [Fact]
    public void Sixty_four_powers_of_two_fit_the_finest_scale_and_more_halve_it()
    {
        var sketch = Of([Math.BitIncrement(1.0), Math.ScaleB(1, 64)]);
        Assert.Equal(5, sketch.Scale);
        Assert.True(sketch.RelativeError < 0.011);
        sketch.Add(Math.BitIncrement(Math.ScaleB(1, 64)));
        Assert.Equal(4, sketch.Scale);
    }

    [Fact]
    public void Counters_grow_as_wide_as_needed()
    {
        var sketch = new ExponentialHistogram();
        for (var i = 0; i < 70_000; i++)
        {
            sketch.Add(1.5);
            if (i % 300 == 0)
            {
                sketch.Add(100);
            }
        }

        for (var i = 0; i < 20; i++)
        {
            sketch.Merge(Decode(Encode(sketch)));
        }

        Assert.Equal((70_000 + 234L) << 20, sketch.Count);
        Assert.Equal(1.5, sketch.Quantile(0.5), 1.5 * sketch.RelativeError);
        Assert.Equal(100, sketch.Quantile(0.999), 100 * sketch.RelativeError);
    }

    [Fact]
    public void A_cleared_histogram_is_like_new_and_reuses_its_memory() =>
        Gen.Select(Values, Values).Sample(
            (before, after) =>
            {
                var sketch = Of(before);
                var held = sketch.AllocatedBytes;
                sketch.Clear();
                Assert.Equal(Encode(new ExponentialHistogram()), Encode(sketch));
                Assert.Equal(held, sketch.AllocatedBytes);
                foreach (var value in after)
                {
                    sketch.Add(value);
                }

                Assert.Equal(Encode(Of(after)), Encode(sketch));
            },
            iter: 500);

    [Fact]
    public void Values_that_no_gateway_lets_in_do_no_harm()
    {
        var sketch = Of([double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1]);
        Assert.Equal(4, sketch.Count);
        Assert.Equal(Encode(sketch), Encode(Decode(Encode(sketch))));
    }

    [Fact]
    public void An_empty_histogram_has_no_quantiles() => Assert.True(double.IsNaN(new ExponentialHistogram().Quantile(0.5)));

    private static int IndexOf(double value) => BucketMapping.IndexOf(BitConverter.DoubleToUInt64Bits(value));

    private static ExponentialHistogram Of(double[] values)
    {
        var sketch = new ExponentialHistogram();
        foreach (var value in values)
        {
            sketch.Add(value);
        }

        return sketch;
    }

    private static byte[] Encode(ExponentialHistogram sketch)
    {
        var bytes = new byte[sketch.MaxEncodedLength];
        return bytes[..sketch.Encode(bytes)];
    }

    private static ExponentialHistogram Decode(byte[] bytes)
    {
        var sketch = new ExponentialHistogram();
        sketch.Decode(bytes);
        return sketch;
    }
}
