using System.Security.Cryptography;
using System.Text;

namespace OrleansMetrics.Streams.Redis;

/// <summary>A Lua script of the folder Scripts.</summary>
internal sealed class LogScript
{
    private LogScript(params ReadOnlySpan<string> files)
    {
        var text = new StringBuilder();
        foreach (var file in files)
        {
            using var stream = typeof(LogScript).Assembly.GetManifestResourceStream(file)
                ?? throw new InvalidOperationException($"The script '{file}' is not embedded.");
            using var reader = new StreamReader(stream);
            text.Append(reader.ReadToEnd());
        }

        Text = text.ToString();
#pragma warning disable CA5350 // Redis names scripts by their SHA-1.
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350
    }

    public static LogScript Create { get; } = new("create.lua");

    public static LogScript Open { get; } = new("prelude.lua", "open.lua");

    public static LogScript Append { get; } = new("prelude.lua", "append.lua");

    public static LogScript Trim { get; } = new("prelude.lua", "trim.lua");

    public static LogScript SetAside { get; } = new("set-aside.lua");

    public string Text { get; }

    public byte[] Hash { get; }
}
