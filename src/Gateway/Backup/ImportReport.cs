using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>What became of the lines of a request.</summary>
internal sealed class ImportReport
{
    private readonly List<ImportError> _errors = [];
    private long _imported;
    private long _alreadyThere;
    private long _expired;
    private long _rejected;

    public void Reject(long line, string reason, string message)
    {
        _rejected++;
        if (_errors.Count < ImportResult.MaxListed)
        {
            _errors.Add(new ImportError(line, reason, message));
        }
    }

    public void Add(ImportResult result, ImportPiece piece)
    {
        _imported += result.Imported;
        _alreadyThere += result.AlreadyThere;
        _expired += result.Expired;
        foreach (var refused in result.Errors)
        {
            Reject(piece.LineOf(refused), refused.Reason, refused.Message);
        }

        _rejected += result.Refused - result.Errors.Length;
    }

    /// <summary>The answer when all lines were judged.</summary>
    public IResult Complete() => _rejected == 0
        ? TypedResults.Ok(new ImportAnswer(_imported, _alreadyThere, _expired, 0))
        : Problem(StatusCodes.Status400BadRequest, "Windows rejected", $"{_rejected} lines were rejected; the other windows were imported or were there already.");

    /// <summary>Another answer, with what became of the lines so far.</summary>
    public IResult Problem(int status, string title, string detail) => TypedResults.Problem(
        detail,
        statusCode: status,
        title: title,
        extensions: new Dictionary<string, object?>
        {
            ["imported"] = _imported, ["alreadyThere"] = _alreadyThere, ["expired"] = _expired, ["rejected"] = _rejected, ["errors"] = _errors.OrderBy(static error => error.Line).ToList(),
        });
}
