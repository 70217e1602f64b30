namespace OrleansMetrics.Grains.Partitions;

/// <summary>What <see cref="PartitionRouter"/> asks of the activation that it runs in.</summary>
internal interface IPartitionHost
{
    /// <summary>Has <see cref="PartitionRouter.ReplayAsync"/> called once, in a turn of its own, after a time.</summary>
    void ScheduleReplay(TimeSpan due);

    /// <summary>Has <see cref="PartitionRouter.MaintainAsync"/> called soon, in a turn of its own, rather than with the next period.</summary>
    void HastenMaintenance();

    /// <summary>Ends this activation when its turn is over: another one has taken its place.</summary>
    void Deactivate();
}
