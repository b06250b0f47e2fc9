namespace Bellwether.App.Api;

/// <summary>Kinds of problems, each the end of a type and a paragraph of docs/api.md.</summary>
static class ProblemKind
{
    public const string BadRequest = "bad-request";
    public const string InvalidParameter = "invalid-parameter";
    public const string InvalidSql = "invalid-sql";
    public const string MalformedBody = "malformed-body";
    public const string Rejected = "rejected";
    public const string TooLarge = "too-large";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string NotAcceptable = "not-acceptable";
    public const string Unauthorized = "unauthorized";
    public const string Forbidden = "forbidden";
    public const string Misdirected = "misdirected";
    public const string NotFound = "not-found";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string AnswerTooLarge = "answer-too-large";
    public const string SqlTimeout = "sql-timeout";
    public const string TooManyRequests = "too-many-requests";
    public const string Unavailable = "unavailable";
    public const string InternalError = "internal-error";
    public const string Other = "other";
}
