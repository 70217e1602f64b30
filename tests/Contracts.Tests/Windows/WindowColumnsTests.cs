using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Contracts.Tests.Windows;

public sealed class WindowColumnsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Windows_are_read_back_as_they_were()
    {
        WindowAggregate[] windows = [Window(0), Window(1) with { Revision = 3, Final = false }, Window(7) with { End = Start.AddSeconds(75) }];
        WindowColumns columns = [.. windows];
        Assert.Equal(3, columns.Count);
        Assert.Equal(windows.Select(Describe), columns.Select(Describe));
    }

    [Fact]
    public void Windows_of_sets_are_read_back_as_they_were()
    {
        WindowAggregate[] windows = [Window(0) with { Distinct = 7, Quantiles = [] }, Window(1) with { Distinct = 0, Quantiles = [] }];
        WindowColumns columns = [.. windows];
        Assert.Equal(windows.Select(Describe), columns.Select(Describe));
    }

    [Fact]
    public void No_windows_are_none()
    {
        WindowColumns none = [];
        Assert.Empty(none);
        Assert.True(none.Starts.IsEmpty);
    }

    [Fact]
    public void Between_processes_columns_stay_what_they_are()
    {
        using var services = new ServiceCollection().AddSerializer(static serializer => serializer.AddAssembly(typeof(WindowColumns).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer<SeriesRange>>();
        var sent = new SeriesRange { Cursor = "1", Tags = [], Windows = [.. Enumerable.Range(0, 1_000).Select(Window)] };
        var bytes = serializer.SerializeToArray(sent);
        var received = serializer.Deserialize(bytes);
        Assert.Equal(sent.Windows.Select(Describe), received!.Windows.Select(Describe));

        // 21 bytes and seven numbers, one of them of four.
        Assert.InRange(bytes.Length, 1_000 * (21 + (6 * 8) + 4), (1_000 * (21 + (6 * 8) + 4)) + 500);
    }

    [Fact]
    public void Within_a_process_columns_are_not_copied()
    {
        using var services = new ServiceCollection().AddSerializer(static serializer => serializer.AddAssembly(typeof(WindowColumns).Assembly)).BuildServiceProvider();
        var sent = new SeriesRange { Cursor = "1", Tags = [], Windows = [Window(0)] };
        Assert.Same(sent, services.GetRequiredService<DeepCopier<SeriesRange>>().Copy(sent));
    }

    [Fact]
    public void What_was_not_asked_for_is_not_there()
    {
        var builder = new WindowColumnsBuilder(RangeMembers.Sum);
        builder.Add(1_000, 500, final: true, 4);
        builder.SetTotals(10, 1, 4);
        builder.SetLast(4, 7);
        builder.SetRevision(2);
        var columns = builder.ToColumns();
        Assert.True(columns.Mins.IsEmpty && columns.Maxs.IsEmpty && columns.Lasts.IsEmpty && columns.LastOffsets.IsEmpty && columns.Revisions.IsEmpty && columns.Distincts.IsEmpty);
        var window = columns[0];
        Assert.Equal((4, 10, 2.5, 0, double.NaN, double.NaN, double.NaN), (window.Count, window.Sum, window.Mean, window.Revision, window.Min, window.Max, window.Last));
        Assert.Empty(window.Quantiles);
    }

    [Fact]
    public void Windows_of_which_not_all_is_said_stay_in_their_places()
    {
        var builder = new WindowColumnsBuilder(RangeMembers.All, 0.5);
        builder.Add(0, 10, final: true, 1);
        builder.Add(10, 10, final: true, 2);
        builder.SetTotals(3, 1, 2);
        builder.SetLast(2, 5);
        builder.SetRevision(1);
        builder.SetQuantile(0, 1);
        builder.Add(20, 10, final: false, 3);
        var columns = builder.ToColumns();
        Assert.Equal([double.NaN, 3, double.NaN], columns.Sums.ToArray());
        Assert.Equal([0, 5, 0], columns.LastOffsets.ToArray());
        Assert.Equal([0L, 1, 0], columns.Revisions.ToArray());
        Assert.Equal([double.NaN, 1, double.NaN], columns.Quantiles(0).ToArray());
        builder.Clear();
        Assert.Empty(builder.ToColumns());
    }

    private static WindowAggregate Window(int number) => new()
    {
        Start = Start.AddSeconds(10 * number),
        End = Start.AddSeconds(10 * (number + 1)),
        Final = true,
        Count = number + 2,
        Sum = 10.5 * (number + 2),
        Min = -number,
        Max = number * 3,
        Mean = 10.5,
        Last = number / 4.0,
        LastUpdated = Start.AddSeconds(10 * number).AddMilliseconds(250),
        Quantiles = [new QuantileValue(0.5, number + 0.125), new QuantileValue(0.99, number + 2)],
    };

    private static string Describe(WindowAggregate window) => $"{window with { Quantiles = [] }} {string.Join(' ', window.Quantiles)}".Replace("OrleansMetrics.Contracts.Windows.QuantileValue[]", "", StringComparison.Ordinal);
}
