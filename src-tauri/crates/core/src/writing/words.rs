//! Times and spans as documents write them, in the incident's zone.

use chrono::{Offset, TimeZone};
use chrono_tz::Tz;

use crate::time::{Moment, Precision, Stamp};

/// An incident's zone; UTC where it names none.
pub(super) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// `UTC`, or `Europe/Berlin, UTC+02:00` as of a moment.
pub(super) fn zone_name(zone: Tz, at: Moment) -> String {
    if zone == Tz::UTC { "UTC".to_owned() } else { format!("{}, UTC{}", zone.name(), offset(zone, at)) }
}

/// `+02:00`.
pub(super) fn offset(zone: Tz, at: Moment) -> String {
    at.with_timezone(&zone).offset().fix().to_string()
}

/// `14:32:08`, `~14:32`, `14:??`; a date where it is known no better.
pub(super) fn clock(stamp: Stamp, zone: Tz) -> String {
    write(stamp, zone, ["%H:%M:%S", "%H:%M", "%H:??", "%-d %b %Y", "%b %Y", "%Y"])
}

/// `2026-05-14 14:32:08`, `~2026-05-14 14:32`, `2026-05-14 14:??`, `2026-05`.
pub(super) fn dated(stamp: Stamp, zone: Tz) -> String {
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:??", "%Y-%m-%d", "%Y-%m", "%Y"];
    write(stamp, zone, formats)
}

fn write(stamp: Stamp, zone: Tz, [exact, minute, hour, day, month, year]: [&str; 6]) -> String {
    let format = match stamp.precision {
        Precision::Exact => exact,
        Precision::Minute => minute,
        Precision::Hour => hour,
        Precision::Day => day,
        Precision::Month => month,
        Precision::Year => year,
        Precision::Unknown => return "unknown".to_owned(),
    };
    let mark = if stamp.approx { "~" } else { "" };
    format!("{mark}{}", zone.from_utc_datetime(&stamp.at.naive_utc()).format(format))
}

/// `Thu 14 May 2026`.
pub(super) fn day(at: Moment, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %Y").to_string()
}

/// `12 s`, `3 m 12 s`, `2 h 54 m`, `5 d 3 h`: the two largest parts.
pub(super) fn span(seconds: i64) -> String {
    let (sign, s) = if seconds < 0 { ("−", seconds.unsigned_abs()) } else { ("", seconds.unsigned_abs()) };
    let two = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {part}"),
    };
    let text = match s {
        0..60 => format!("{s} s"),
        60..3600 => two(s / 60, "m", s % 60, "s"),
        3600..86_400 => two(s / 3600, "h", s / 60 % 60, "m"),
        _ => two(s / 86_400, "d", s / 3600 % 24, "h"),
    };
    format!("{sign}{text}")
}

/// `operations_lead` as `Operations lead`.
pub(super) fn sentence(word: &str) -> String {
    let text = word.replace(['_', '.'], " ");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `1 alert`, `3 alerts`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(precision: Precision, approx: bool) -> Stamp {
        Stamp { at: "2026-05-14T12:32:08Z".parse().unwrap(), precision, approx }
    }

    #[test]
    fn a_time_is_written_as_exactly_as_it_is_known() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(clock(stamp(Precision::Exact, false), berlin), "14:32:08");
        assert_eq!(clock(stamp(Precision::Minute, true), berlin), "~14:32");
        assert_eq!(clock(stamp(Precision::Hour, false), berlin), "14:??");
        assert_eq!(clock(stamp(Precision::Day, false), berlin), "14 May 2026");
        assert_eq!(clock(stamp(Precision::Unknown, false), berlin), "unknown");
        assert_eq!(dated(stamp(Precision::Exact, true), berlin), "~2026-05-14 14:32:08");
        assert_eq!(dated(stamp(Precision::Month, false), zone("nowhere")), "2026-05");
        assert_eq!(zone_name(berlin, stamp(Precision::Exact, false).at), "Europe/Berlin, UTC+02:00");
        assert_eq!(zone_name(Tz::UTC, stamp(Precision::Exact, false).at), "UTC");
    }

    #[test]
    fn spans_are_written_in_their_two_largest_parts() {
        let written = [0, 59, 60, 72, 3600, 10_440, 86_400, 442_800, -65].map(span);
        assert_eq!(written, ["0 s", "59 s", "1 m", "1 m 12 s", "1 h", "2 h 54 m", "1 d", "5 d 3 h", "−1 m 5 s"]);
    }
}
