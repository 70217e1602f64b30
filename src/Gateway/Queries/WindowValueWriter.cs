using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Writes one value of one window in UTF-8; returns how many bytes, 0 when the window does not have it.</summary>
internal delegate int WindowValueWriter(WindowColumns windows, int index, Span<byte> into);
