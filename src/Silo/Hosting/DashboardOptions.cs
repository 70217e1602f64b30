using Microsoft.Extensions.Options;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Orleans' dashboard on a silo's HTTP port. Section <c>Dashboard</c>.</summary>
public sealed class DashboardOptions
{
    /// <summary>Where it is.</summary>
    public const string Path = "/dashboard";

    /// <summary>Whether it is there at all. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>
    /// Whether others than this machine may see it. It has no authentication, and shows and controls the cluster. Default false.
    /// </summary>
    public bool AllowRemote { get; set; }

    /// <summary>Reports a switch without effect.</summary>
    internal sealed class Validator : IValidateOptions<DashboardOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, DashboardOptions options) => options is { AllowRemote: true, Enabled: false }
            ? ValidateOptionsResult.Fail("Dashboard:AllowRemote is true, but Dashboard:Enabled is not.")
            : ValidateOptionsResult.Success;
    }
}
