using Azure.Storage.Blobs;
using CsCheck;
using Orleans.Runtime;

namespace OrleansMetrics.Persistence.AzureStorage.Tests;

public sealed class BlobNameTests
{
    private static readonly BlobContainerClient Container = new(new Uri("https://account.blob.core.windows.net/grainstate"));

    [Theory]
    [InlineData("cpu.load", "state-aggregator/cpu.load.json")]
    [InlineData("disk/sda 1", "state-aggregator/disk/sda 1.json")]
    [InlineData("50%", "state-aggregator/50%.json")]
    [InlineData("cpu.", "state-aggregator/cpu..json")]
    [InlineData("größe", "state-aggregator/größe.json")]
    public void An_ordinary_key_is_in_the_name_as_it_is(string key, string name) => Assert.Equal(name, Name(key));

    [Theory]
    [InlineData("../cpu")]
    [InlineData("./cpu")]
    [InlineData("cpu./0")]
    [InlineData("cpu\\0")]
    [InlineData("cpu\n")]
    public void A_key_that_no_blob_can_have_is_hashed(string key) => Assert.Matches("^[0-9a-f]{64}\\.hashed$", Name(key));

    [Fact]
    public void Names_are_as_long_as_the_service_allows_and_no_longer()
    {
        var longest = Name(new string('k', 1024 - "state-aggregator/.json".Length));

        Assert.Equal((1024, ".json"), (longest.Length, longest[^5..]));
        Assert.EndsWith(".hashed", Name(new string('k', 1025 - "state-aggregator/.json".Length)), StringComparison.Ordinal);
        Assert.EndsWith(".json", Name(string.Join('/', Enumerable.Repeat("k", 253))), StringComparison.Ordinal);
        Assert.EndsWith(".hashed", Name(string.Join('/', Enumerable.Repeat("k", 254))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_comes_back_from_the_address_as_it_went_and_is_that_of_no_other_key()
    {
        var names = new Dictionary<string, string>();
        string[] parts = ["/", ".", "..", "\\", "%", "%2F", "%2E", "?", "#", "+", " ", ":", ".json", "a", "A"];
        var fragment = Gen.OneOf(Gen.Int[0, parts.Length - 1].Select(i => parts[i]), Gen.Char['\0', '\u2FFF'].Select(c => $"{c}"));
        fragment.Array[1, 8].Select(string.Concat).Where(key => !string.IsNullOrWhiteSpace(key)).Sample(
            key =>
            {
                var name = Name(key);
                Assert.Equal(name, Container.GetBlobClient(name).Name);
                Assert.Equal(name, new BlobUriBuilder(new Uri(Container.GetBlobClient(name).Uri.AbsoluteUri)).BlobName);
                Assert.True(names.TryAdd(name, key) || names[name] == key, $"'{key}' and '{names[name]}' share '{name}'.");
            },
            iter: 5_000,
            threads: 1);
        Assert.InRange(names.Keys.Count(name => name.EndsWith(".hashed", StringComparison.Ordinal)), 500, names.Count - 500);
    }

    private static string Name(string key) => BlobName.Of("state", GrainId.Create("aggregator", key));
}
