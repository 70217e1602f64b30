using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Persistence.AzureStorage;

internal static partial class AzureBlobGrainStorageMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Grain storage {Name} keeps its states in {Container}.")]
    public static partial void Opened(ILogger logger, string name, string container);
}
