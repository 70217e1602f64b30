using System.Security.Cryptography;
using System.Text;

namespace OrleansMetrics.Gateway.Landing;

/// <summary>
/// The page that the file <c>index.html</c> holds, and the Content-Security-Policy that lets exactly its own style and script run.
/// </summary>
internal sealed class LandingPage
{
    private const string Resource = "OrleansMetrics.Gateway.Landing.index.html";

    private LandingPage(byte[] html, string policy) => (Html, Policy) = (html, policy);

    /// <summary>UTF-8.</summary>
    public byte[] Html { get; }

    /// <summary>The policy: nothing but what is in the page, and requests to this node.</summary>
    public string Policy { get; }

    /// <summary>Reads the embedded page.</summary>
    public static LandingPage Load()
    {
        using var stream = typeof(LandingPage).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing.");
        using var reader = new StreamReader(stream, Encoding.UTF8);

        // Browsers hash what they parsed, and parsing makes every line end a line feed.
        var html = reader.ReadToEnd().ReplaceLineEndings("\n");
        var policy =
            $"default-src 'none'; style-src '{Hash(html, "style")}'; script-src '{Hash(html, "script")}'; connect-src 'self'; " +
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return new LandingPage(Encoding.UTF8.GetBytes(html), policy);
    }

    private static string Hash(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = html.IndexOf($"</{element}>", start, StringComparison.Ordinal);
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])))}";
    }
}
