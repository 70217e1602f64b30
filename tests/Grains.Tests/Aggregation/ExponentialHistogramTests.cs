using System.Buffers;
using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class ExponentialHistogramTests
{
    private static readonly double[] Probabilities = [0.001, 0.01, 0.07, 0.1, 0.25, 0.5, 0.56, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

    private static readonly Gen<double> GenLatency = Gen.Double[1, 1_000];
    private static readonly Gen<double> GenHeavyTail = Gen.Double[0.0001, 1].Select(static u => 1 / Math.Pow(u, 3));
    private static readonly Gen<double> GenMixed = Gen.Frequency(
        (4, Gen.Double[-1_000, 1_000].Select(static value => Math.Round(value, 6))), (1, Gen.Const(0.0)), (1, Gen.Const(-0.0)), (1, Gen.Int[-5, 5].Select(static i => (double)i)));

    /// <summary>Within 2^63 of each other in size, so that scale 5 holds them.</summary>
    private static readonly Gen<double[]> GenValues = Gen.OneOf(
        GenLatency.Array[1, 400], GenHeavyTail.Array[1, 400], GenMixed.Array[1, 400], Gen.Double[-100, -0.001].Array[1, 400], Gen.Int[1, 3].Select(static i => (double)i).Array[200, 1_000]);

    /// <summary>Values over a span of 30 to 2,098 powers of two, each power equally likely: makes sketches coarser.</summary>
    private static readonly Gen<double[]> GenWide =
        from octaves in Gen.Frequency((4, Gen.Int[30, 2_000]), (1, Gen.Const(2_098)))
        from lowest in Gen.Int[-1074, 1024 - octaves]
        from values in Gen.Select(Gen.Int[0, octaves - 1], Gen.Double[1, 1.9], Gen.Int[0, 3], static (at, mantissa, sign) => (at, mantissa, sign)).Array[1, 200]
        select values
            .Select(value => Math.ScaleB(value.mantissa, lowest + value.at) * (value.sign == 0 ? -1 : 1))
            .Concat(octaves == 2_098 ? [double.Epsilon, double.MaxValue] : Array.Empty<double>()).ToArray();

    private static readonly Gen<double[]> GenAny = Gen.OneOf(GenValues, GenWide, GenMixed.Array[0, 10]);

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(70_000)]
    public void Many_equal_values_are_all_counted(int count)
    {
        var sketch = SketchOf(Enumerable.Repeat(42.0, count));
        Assert.Equal(count, sketch.Count);
        Assert.Equal(42, sketch.Quantile(0.5, 42, 42));
        Assert.Equal(42, sketch.Quantile(1, 0, 100), 42 * 0.011);
    }

    [Fact]
    public void Counters_widen_beyond_32_bits()
    {
        var sketch = SketchOf([1, 1, 2, 3, 3, 3, 3, 100, 100, -5]);
        for (var doubling = 1; doubling <= 50; doubling++)
        {
            sketch.Merge(sketch);
            Assert.Equal(10L << doubling, sketch.Count);
            Assert.Equal(sketch.Count, SumOfCounters(sketch));
            AssertClose(3, sketch.Quantile(0.5, -5, 100), 5);
            AssertClose(-5, sketch.Quantile(0.1, -1_000, 1_000), 5);
            AssertClose(100, sketch.Quantile(1, -1_000, 1_000), 5);
            Assert.Equal(Encode(sketch), Encode(Decode(Encode(sketch))));
        }
    }

    [Fact]
    public void Counters_of_one_bucket_widen_without_touching_their_neighbours()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[250, 600], Gen.Int[0, 39]).Sample((buckets, repeat, often) =>
        {
            var values = Enumerable.Range(0, buckets).Select(static i => Math.Pow(2, (i + 0.5) / 32)).ToList();
            values.AddRange(Enumerable.Repeat(Math.Pow(2, (often % buckets + 0.5) / 32), repeat));
            var sketch = SketchOf(values);
            AssertQuantiles(values, sketch);
            Assert.Equal(values.Count, SumOfCounters(sketch));
        });
    }

    [Fact]
    public void A_quantile_is_within_eleven_per_mille_of_the_value_of_nearest_rank()
    {
        int negative = 0, zero = 0, heavy = 0, raw = 0;
        GenValues.Sample(
            values =>
            {
                var sketch = SketchOf(values);
                AssertQuantiles(values, sketch);
                Assert.Equal(5, sketch.Scale);
                Interlocked.Add(ref negative, values.Any(static value => value < 0) ? 1 : 0);
                Interlocked.Add(ref zero, values.Any(static value => value == 0) ? 1 : 0);
                Interlocked.Add(ref heavy, values.Max() > 1e6 ? 1 : 0);
                Interlocked.Add(ref raw, values.Length <= 8 ? 1 : 0);
            },
            iter: 2_000);
        Assert.All([negative, zero, heavy, raw], static seen => Assert.True(seen > 10, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void The_quantiles_of_up_to_eight_values_are_exact() => GenMixed.Array[1, 8].Sample(values =>
    {
        var sketch = SketchOf(values);
        foreach (var probability in Probabilities)
        {
            Assert.Equal(NearestRank(values, probability), sketch.Quantile(probability, values.Min(), values.Max()));
        }
    });

    [Fact]
    public void A_coarser_sketch_keeps_the_error_bound_of_its_scale()
    {
        var scales = new int[7];
        GenWide.Sample(
            values =>
            {
                var sketch = SketchOf(values);
                AssertQuantiles(values, sketch);
                Interlocked.Increment(ref scales[sketch.Scale + 1]);
            },
            iter: 2_000);
        Assert.True(scales.All(static seen => seen > 10), $"scales −1 to 5 came {string.Join(", ", scales)} times");
    }

    [Fact]
    public void A_scale_in_between_is_no_coarser_than_the_values_need()
    {
        for (var octaves = 60; octaves <= 2_000; octaves += 20)
        {
            var values = Enumerable.Range(0, 200).Select(i => Math.ScaleB(1.3, -1000 + octaves * i / 199)).ToArray();
            var sketch = SketchOf(values);
            Assert.Equal(Math.Min(5, (int)Math.Floor(Math.Log2(2047.0 / octaves))), sketch.Scale);
            AssertQuantiles(values, sketch);
        }
    }

    [Fact]
    public void The_greatest_and_least_finite_values_keep_the_bound()
    {
        double[] values = [.. Enumerable.Range(0, 20).Select(static i => double.MaxValue * (1 - i * 0.0005)), .. Enumerable.Repeat(-double.MaxValue, 5)];
        AssertQuantiles(values, SketchOf(values));
        double[] subnormal = [.. Enumerable.Range(1, 20).Select(static i => i * double.Epsilon)];
        var sketch = SketchOf(subnormal);
        Assert.All(Probabilities, probability => Assert.Equal(
            NearestRank(subnormal, probability), sketch.Quantile(probability, subnormal.Min(), subnormal.Max()), double.Epsilon * 2));
    }

    [Fact]
    public void Merging_equals_a_single_pass_in_any_order_and_grouping()
    {
        int coarser = 0, counted = 0;
        Gen.Select(GenAny, GenAny, GenAny).Sample(
            (a, b, c) =>
            {
                var whole = SketchOf([.. a, .. b, .. c]);
                var left = Merged(Merged(SketchOf(a), SketchOf(b)), SketchOf(c));
                var right = Merged(SketchOf(a), Merged(SketchOf(b), SketchOf(c)));
                var turned = Merged(Merged(SketchOf(c), SketchOf(b)), SketchOf(a));
                if (whole.Count > 8)
                {
                    Assert.Equal(Encode(whole), Encode(left));
                    Assert.Equal(Encode(whole), Encode(right));
                    Assert.Equal(Encode(whole), Encode(turned));
                    Interlocked.Increment(ref counted);
                }
                else if (whole.Count > 0)
                {
                    double[] all = [.. a, .. b, .. c];
                    foreach (var sketch in (ExponentialHistogram[])[left, right, turned])
                    {
                        AssertQuantiles(all, sketch);
                    }
                }

                Interlocked.Add(ref coarser, whole.Scale < 5 ? 1 : 0);
            },
            iter: 2_000);
        Assert.True(coarser > 50 && counted > 50, $"{coarser} coarser, {counted} past eight values");
    }

    [Fact]
    public void A_sketch_of_few_values_merges_with_itself()
    {
        for (var count = 0; count <= 9; count++)
        {
            var sketch = SketchOf(Enumerable.Range(1, count).Select(static i => (double)i));
            sketch.Merge(sketch);
            Assert.Equal(2 * count, sketch.Count);
        }
    }

    [Fact]
    public void A_sketch_is_read_back_as_it_was_and_goes_on_the_same() => Gen.Select(GenAny, GenAny).Sample(
        (values, more) =>
        {
            var sketch = SketchOf(values);
            var read = Decode(Encode(sketch));
            Assert.Equal(Encode(sketch), Encode(read));
            if (values.Length > 0)
            {
                Assert.Equal(Quantiles(sketch, values), Quantiles(read, values));
            }

            var merged = Merged(SketchOf(more), sketch);
            Assert.Equal(Encode(merged), Encode(Merged(SketchOf(more), read)));
            Assert.Equal(Encode(merged), Encode(Merged(Decode(Encode(SketchOf(more))), Decode(Encode(sketch)))));
            foreach (var value in more)
            {
                sketch.Add(value);
                read.Add(value);
            }

            Assert.Equal(Encode(sketch), Encode(read));
        },
        iter: 1_000);

    [Fact]
    public void A_cleared_sketch_is_as_good_as_new() => Gen.Select(GenAny, GenAny).Sample(
        (before, values) =>
        {
            var sketch = SketchOf(before);
            sketch.Merge(sketch);
            sketch.Clear();
            Assert.Equal(0, sketch.Count);
            foreach (var value in values)
            {
                sketch.Add(value);
            }

            Assert.Equal(Encode(SketchOf(values)), Encode(sketch));
        },
        iter: 1_000);

    [Fact]
    public void A_sketch_without_values_has_no_quantile() => Assert.Equal(double.NaN, new ExponentialHistogram().Quantile(0.5, 0, 0));

    [Fact]
    public void Random_bytes_are_a_sketch_or_invalid_data()
    {
        int read = 0, refused = 0;
        Gen.Frequency((3, Gen.Byte[0, 12]), (1, Gen.Byte)).Array[0, 80].Sample(
            bytes =>
            {
                try
                {
                    var sketch = Decode(bytes);
                    sketch.Add(1);
                    _ = sketch.Quantile(0.5, -1e300, 1e300);
                    Interlocked.Increment(ref read);
                }
                catch (Exception exception) when (exception is InvalidDataException or OverflowException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 50_000);
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    private static ExponentialHistogram SketchOf(IEnumerable<double> values)
    {
        var sketch = new ExponentialHistogram();
        foreach (var value in values)
        {
            sketch.Add(value);
        }

        return sketch;
    }

    private static double[] Quantiles(ExponentialHistogram sketch, double[] values) =>
        [.. Probabilities.Select(probability => sketch.Quantile(probability, values.Min(), values.Max()))];

    private static ExponentialHistogram Merged(ExponentialHistogram into, ExponentialHistogram from)
    {
        into.Merge(from);
        return into;
    }

    private static byte[] Encode(ExponentialHistogram sketch)
    {
        var output = new ArrayBufferWriter<byte>();
        sketch.WriteTo(output);
        return output.WrittenSpan.ToArray();
    }

    private static ExponentialHistogram Decode(byte[] bytes)
    {
        var input = new SnapshotReader(bytes);
        var sketch = new ExponentialHistogram();
        sketch.ReadFrom(ref input);
        return sketch;
    }

    /// <summary>Reading back checks that the counters add up to the count.</summary>
    private static long SumOfCounters(ExponentialHistogram sketch) => Decode(Encode(sketch)).Count;

    private static double NearestRank(IReadOnlyCollection<double> values, double probability) =>
        values.Order().ElementAt((int)Math.Ceiling((decimal)probability * values.Count) - 1);

    private static void AssertQuantiles(IReadOnlyCollection<double> values, ExponentialHistogram sketch)
    {
        foreach (var probability in Probabilities)
        {
            AssertClose(NearestRank(values, probability), sketch.Quantile(probability, values.Min(), values.Max()), sketch.Scale);
        }
    }

    private static void AssertClose(double expected, double actual, int scale)
    {
        var b = Math.Pow(2, Math.ScaleB(1, -scale));
        var bound = (b - 1) / (b + 1) * Math.Abs(expected) * (1 + 1e-9) + 2 * double.Epsilon;
        Assert.True(Math.Abs(actual - expected) <= bound, $"{actual:R} is not within {bound:R} of {expected:R} at scale {scale}");
    }
}
