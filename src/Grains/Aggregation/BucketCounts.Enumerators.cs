namespace OrleansMetrics.Grains.Aggregation;

internal partial struct BucketCounts
{
    /// <summary>The counter of a bucket in a list.</summary>
    private readonly record struct Counted(int Bucket, uint Count);

    /// <summary>Goes up through the buckets that have counted something.</summary>
    public ref struct Ascending
    {
        private readonly ref readonly BucketCounts _counts;
        private int _next;

        public Ascending(in BucketCounts counts)
        {
            _counts = ref counts;
            _next = counts._width == 0 ? 0 : counts.First;
        }

        public (int Bucket, long Count) Current { get; private set; }

        public bool MoveNext()
        {
            ref readonly var counts = ref _counts;
            if (counts._width == 0)
            {
                if (_next == counts._listed)
                {
                    return false;
                }

                var (bucket, count) = counts._list![_next++];
                Current = (bucket, count);
                return true;
            }

            _next = counts.NextCounted(_next);
            if (_next > counts.Last)
            {
                return false;
            }

            Current = (_next, counts.Read(_next - counts._base));
            _next++;
            return true;
        }
    }

    /// <summary>Goes down through the buckets that have counted something.</summary>
    public ref struct Descending
    {
        private readonly ref readonly BucketCounts _counts;
        private int _next;

        public Descending(in BucketCounts counts)
        {
            _counts = ref counts;
            _next = counts._width == 0 ? counts._listed - 1 : counts.Last;
        }

        public (int Bucket, long Count) Current { get; private set; }

        public readonly Descending GetEnumerator() => this;

        public bool MoveNext()
        {
            ref readonly var counts = ref _counts;
            if (counts._width == 0)
            {
                if (_next < 0)
                {
                    return false;
                }

                var (bucket, count) = counts._list![_next--];
                Current = (bucket, count);
                return true;
            }

            _next = counts.PreviousCounted(_next);
            if (_next < counts.First)
            {
                return false;
            }

            Current = (_next, counts.Read(_next - counts._base));
            _next--;
            return true;
        }
    }
}
