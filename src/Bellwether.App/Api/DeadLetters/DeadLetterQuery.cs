using Bellwether.Events;

namespace Bellwether.App.Api.DeadLetters;

/// <summary>Parameters that say which letters are meant.</summary>
/// <param name="Class">Kind of error.</param>
/// <param name="Key">First ticker of the record.</param>
/// <param name="Since">Put aside at or after.</param>
/// <param name="Until">Put aside before.</param>
sealed record DeadLetterQuery(
    string? Topic, string? Stage, string? Class, string? Status, string? Key, string? Since, string? Until)
{
    public DeadLetterFilter Filter(RequestCheck check) => new(
        null, Topic, check.OneOf("stage", Stage, DeadLetter.Stages), Class, check.OneOf("status", Status, DeadLetterFilter.Statuses), Key,
        check.Time("since", Since), check.Time("until", Until));

    /// <summary>The same for what changes letters: a request without any condition is a mistake.</summary>
    public DeadLetterFilter Chosen(RequestCheck check)
    {
        var filter = Filter(check);
        if (!check.Failed && filter == new DeadLetterFilter()) check.Fail("status", null, "at least one condition must be given");
        return filter;
    }
}
