namespace Bellwether.Market.Import;

/// <summary>
/// Times of a clock on the wall to UTC, in the order in which a file has them. The hour that the clock shows twice in autumn is told apart
/// by that order: in a file that ascends the first time is the one in summer time, and the second begins where the rows go back.
/// </summary>
/// <param name="descends">The file begins with its newest rows; the hour in question may be the first of all.</param>
/// <param name="length">Of a bar: rows an hour or more apart say the same time twice, where shorter ones go back.</param>
sealed class WallClock(TimeZoneInfo zone, TimeSpan length, bool descends = false)
{
    static readonly TimeSpan Longest = TimeSpan.FromHours(3);

    DateTime? _last;
    long _forward = descends ? 0 : 1, _backward = descends ? 1 : 0;
    bool _repeated, _wasTwice;

    /// <summary>Null for a time that the clock skips in spring.</summary>
    public DateTime? ToUtc(DateTime local)
    {
        if (zone.IsInvalidTime(local)) return null;
        var twice = zone.IsAmbiguousTime(local);
        var within = twice && _wasTwice && _last is { } before && (local - before).Duration() < Longest;
        if (!within)
        {
            _repeated = false;
            if (local > _last) _forward++;
            else if (local < _last) _backward++;
        }
        var ascends = _forward >= _backward;
        if (within)
            _repeated |= ascends ? local < _last : local > _last;
        if (within && local == _last && length >= Fold(local)) _repeated = true;
        (_last, _wasTwice) = (local, twice);
        if (!twice) return TimeZoneInfo.ConvertTimeToUtc(local, zone);
        var offsets = zone.GetAmbiguousTimeOffsets(local);
        return DateTime.SpecifyKind(local - (ascends != _repeated ? offsets.Max() : offsets.Min()), DateTimeKind.Utc);
    }

    TimeSpan Fold(DateTime local) => zone.GetAmbiguousTimeOffsets(local) is var offsets ? offsets.Max() - offsets.Min() : default;
}
