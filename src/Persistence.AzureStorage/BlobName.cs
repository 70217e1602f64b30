using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Orleans.Runtime;

namespace OrleansMetrics.Persistence.AzureStorage;

/// <summary>
/// The blob of a state: <c>{stateName}-{grainType}/{grainKey}.json</c>, as in Orleans' own provider, whatever the serializer; the SDK
/// escapes it in the address. A name that would not come back as it went, because addresses are normalized or the service forbids it,
/// is replaced by <c>{SHA-256 of the name, hexadecimal}.hashed</c>: no grain key reads another one's blob. No other name ends like that.
/// </summary>
/// <remarks>https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata</remarks>
internal static class BlobName
{
    private const int MaxLength = 1024;
    private const int MaxSegments = 254;

    // Control characters, which the service refuses, and the backslash, which it may take for a slash.
    private static readonly SearchValues<char> Refused = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(static c => (char)c), '\\', '\uFFFE', '\uFFFF']);

    public static string Of(string stateName, GrainId grainId)
    {
        var name = $"{stateName}-{grainId}.json";
        return IsFaithful(name) ? name : $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}.hashed";
    }

    private static bool IsFaithful(string name)
    {
        if (name.Length > MaxLength || name[0] == '/' || name.AsSpan().ContainsAny(Refused))
        {
            return false;
        }

        // "." and ".." would be resolved; the service allows no segment that ends with a dot.
        var segments = 0;
        foreach (var segment in name.AsSpan().Split('/'))
        {
            segments++;
            if (name.AsSpan(segment).EndsWith('.'))
            {
                return false;
            }
        }

        return segments <= MaxSegments;
    }
}
