using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>A value of every window of an answer, and what stands before it.</summary>
/// <param name="Head">What stands before it, in UTF-8.</param>
/// <param name="Write">Writes the value of a window into room for <see cref="NumberText.MaxBytes"/>; returns how many bytes, 0 when there is none.</param>
/// <param name="Missing">What is written when there is none.</param>
internal sealed record WindowField(byte[] Head, WindowValueWriter Write, byte[] Missing);
