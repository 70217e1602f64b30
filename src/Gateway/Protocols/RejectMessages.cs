using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols;

/// <summary>What a sender is told about a reason that says all there is to say.</summary>
internal static class RejectMessages
{
    private static readonly string NameTooLong = $"The metric's name is longer than {PointLimits.MaxMetricNameBytes} bytes.";

    private static readonly string TagTooLong =
        $"A tag's name is longer than {PointLimits.MaxTagNameBytes} bytes or its value longer than {PointLimits.MaxTagValueBytes}.";

    private static readonly string TooManyTags = $"There are more than {PointLimits.MaxTags} tags.";

    private static readonly string InvalidKind = $"The kind is none of {MetricKindNames.All}.";

    public static string Message(this RejectReason reason) => reason switch
    {
        RejectReason.EmptyName => "The metric has no name.",
        RejectReason.InvalidName => "A name or tag holds a control character or is not UTF-8.",
        RejectReason.NameTooLong => NameTooLong,
        RejectReason.EmptyTag => "A tag has no name or no value.",
        RejectReason.DuplicateTag => "A tag's name comes twice.",
        RejectReason.TagTooLong => TagTooLong,
        RejectReason.TooManyTags => TooManyTags,
        RejectReason.InvalidValue => "The value is no number in range.",
        RejectReason.NotFinite => "The value is NaN or infinite.",
        RejectReason.InvalidTimestamp => "The timestamp is no number in range.",
        RejectReason.TooFarAhead => "The timestamp is too far ahead of the gateway's clock.",
        RejectReason.LineTooLong => "The line is longer than the limit.",
        RejectReason.SeriesIdCollision => "Another series of the metric has the same 64-bit identity.",
        RejectReason.InvalidKind => InvalidKind,
        RejectReason.KindConflict => "The metric is of another kind.",
        RejectReason.NegativeCounter => "The metric is a counter, and the value is negative.",
        RejectReason.TooManyMetrics => "The metric is new and the gateway holds as many metrics as it may.",
        _ => "The text does not follow the grammar.",
    };
}
