//! What a person types for a time: `-4m`, `14:32`, `~14:30`, `14:??`, `2026-11-25 14:32`, `09:15Z`.

use chrono::{Days, Duration, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{Moment, Precision, Stamp};

/// What was read: the time, and the words after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// When; now where no time was typed.
    pub stamp: Stamp,
    /// The words after the time.
    pub rest: String,
    /// Both instants of a time that occurs twice, earlier first; empty where there is one. `stamp` is the later.
    pub ambiguous: Vec<Moment>,
}

/// A time that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadTime {
    /// Why, for a person.
    pub why: String,
}

fn bad<T>(why: String) -> Result<T, BadTime> {
    Err(BadTime { why })
}

/// Reads the time at the start of a text. A time of day is the latest such instant in the zone that is not in the
/// future; text that starts with no time happened now.
pub fn read(text: &str, now: Moment, zone: Tz) -> Result<Read, BadTime> {
    let text = text.trim();
    let (word, rest) = first_word(text);
    let approx = word.starts_with('~');
    let bare = word.trim_start_matches('~');
    let made = |stamp: Stamp, rest: &str, ambiguous: Vec<Moment>| Read {
        stamp: Stamp { approx, ..stamp },
        rest: rest.to_owned(),
        ambiguous,
    };
    if let Some(ago) = ago(bare) {
        let (seconds, precision) = ago.ok_or(()).or_else(|()| bad(format!("`{word}` is too long ago")))?;
        let at = Duration::try_seconds(seconds).and_then(|ago| now.checked_sub_signed(ago));
        let Some(at) = at else { return bad(format!("`{word}` is too long ago")) };
        let at = if precision == Precision::Minute { floor_minute(at) } else { at };
        return Ok(made(Stamp { at, precision, approx }, rest, Vec::new()));
    }
    if let Some(date) = date(bare) {
        let Some(date) = date else { return bad(format!("there is no day `{bare}`")) };
        let (second, after) = first_word(rest);
        let Some(clock) = clock(second.trim_start_matches('~')) else {
            let at = start_of(date, zone);
            if at > now {
                return bad(format!("{date} is in the future"));
            }
            return Ok(made(Stamp { at, precision: Precision::Day, approx }, rest, Vec::new()));
        };
        let clock = clock?;
        let (at, ambiguous) = on(date, &clock, if clock.utc { Tz::UTC } else { zone }, now)?;
        let approx = approx || second.starts_with('~');
        return Ok(Read { stamp: Stamp { at, precision: clock.precision, approx }, rest: after.to_owned(), ambiguous });
    }
    match clock(bare) {
        Some(clock) => {
            let clock = clock?;
            let (at, ambiguous) = latest(&clock, now, if clock.utc { Tz::UTC } else { zone })?;
            Ok(made(Stamp { at, precision: clock.precision, approx }, rest, ambiguous))
        }
        None => Ok(Read { stamp: Stamp::exact(now), rest: text.to_owned(), ambiguous: Vec::new() }),
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    match text.find(char::is_whitespace) {
        Some(end) => (&text[..end], text[end..].trim_start()),
        None => (text, ""),
    }
}

fn floor_minute(at: Moment) -> Moment {
    at.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(at)
}

#[allow(clippy::option_option, reason = "no such thing, such a thing out of range, such a thing")]
/// `-4m`, `-1h20m`, `-30s`, `-2d` in seconds; outer nothing where it is no such thing, inner nothing where it overflows.
fn ago(word: &str) -> Option<Option<(i64, Precision)>> {
    let mut left = word.strip_prefix(['-', '−'])?;
    let (mut total, mut precision, mut any) = (Some(0i64), Precision::Minute, false);
    while !left.is_empty() {
        let digits = left.len() - left.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = left.split_at(digits);
        let mut letters = unit.chars();
        let seconds = match letters.next()? {
            's' => {
                precision = Precision::Exact;
                1
            }
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        if digits == 0 {
            return None;
        }
        let number = number.parse::<i64>().ok();
        total = total.zip(number).and_then(|(total, number)| number.checked_mul(seconds)?.checked_add(total));
        left = letters.as_str();
        any = true;
    }
    any.then_some(total.map(|total| (total, precision)))
}

#[allow(clippy::option_option, reason = "no such thing, such a thing out of range, such a thing")]
/// `2026-11-25`; inner nothing where there is no such day.
fn date(word: &str) -> Option<Option<NaiveDate>> {
    let mut parts = word.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(day)
}

/// A time of day.
struct Clock {
    time: NaiveTime,
    precision: Precision,
    utc: bool,
    word: String,
}

/// `14:32`, `14:32:05`, `14:??`, each with `Z` where UTC is meant.
fn clock(word: &str) -> Option<Result<Clock, BadTime>> {
    let (plain, utc) = match word.strip_suffix(['Z', 'z']) {
        Some(plain) => (plain, true),
        None => (word, false),
    };
    let mut parts = plain.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next());
    let two = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let hour_like = (1..=2).contains(&hour.len()) && hour.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !hour_like || !(two(minute) || minute == "??") || second.is_some_and(|s| !two(s)) {
        return None;
    }
    let precision = match (minute, second) {
        ("??", Some(_)) => return None,
        ("??", None) => Precision::Hour,
        (_, None) => Precision::Minute,
        (_, Some(_)) => Precision::Exact,
    };
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let time = NaiveTime::from_hms_opt(number(hour), number(minute), second.map_or(0, number));
    Some(match time {
        Some(time) => Ok(Clock { time, precision, utc, word: word.to_owned() }),
        None => bad(format!("there is no time `{word}`")),
    })
}

/// The latest instant not in the future at which the zone's clocks showed this.
fn latest(clock: &Clock, now: Moment, zone: Tz) -> Result<(Moment, Vec<Moment>), BadTime> {
    let today = now.with_timezone(&zone).date_naive();
    // Some zones have skipped a whole day: three days back there is always one.
    for back in 0..4 {
        let Some(date) = today.checked_sub_days(Days::new(back)) else { break };
        let local = date.and_time(clock.time);
        match zone.from_local_datetime(&local) {
            MappedLocalTime::Single(at) if at <= now => return Ok((at.to_utc(), Vec::new())),
            MappedLocalTime::Ambiguous(one, two) if two <= now => {
                return Ok((two.to_utc(), vec![one.to_utc(), two.to_utc()]));
            }
            MappedLocalTime::Ambiguous(one, _) if one <= now => return Ok((one.to_utc(), Vec::new())),
            MappedLocalTime::None if local <= now.with_timezone(&zone).naive_local() => {
                return bad(skipped(clock, date, zone));
            }
            _ => {}
        }
    }
    bad(format!("`{}` was not in the last days", clock.word))
}

/// The instant on one day at which the zone's clocks showed this.
fn on(date: NaiveDate, clock: &Clock, zone: Tz, now: Moment) -> Result<(Moment, Vec<Moment>), BadTime> {
    let (at, both) = match zone.from_local_datetime(&date.and_time(clock.time)) {
        MappedLocalTime::Single(at) => (at.to_utc(), Vec::new()),
        MappedLocalTime::Ambiguous(one, two) if two <= now => (two.to_utc(), vec![one.to_utc(), two.to_utc()]),
        MappedLocalTime::Ambiguous(one, _) => (one.to_utc(), Vec::new()),
        MappedLocalTime::None => return bad(skipped(clock, date, zone)),
    };
    if at > now {
        return bad(format!("{date} {} is in the future", clock.word));
    }
    Ok((at, both))
}

fn skipped(clock: &Clock, date: NaiveDate, zone: Tz) -> String {
    format!("`{}` did not happen on {date} in {zone}: the clocks were put forward over it", clock.word)
}

/// The first instant of a day in the zone.
fn start_of(date: NaiveDate, zone: Tz) -> Moment {
    let midnight: NaiveDateTime = date.and_time(NaiveTime::MIN);
    (0..=24 * 4)
        .filter_map(|quarter| midnight.checked_add_signed(Duration::minutes(15 * quarter)))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map_or_else(|| Utc.from_utc_datetime(&midnight), |at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BERLIN: Tz = chrono_tz::Europe::Berlin;

    fn moment(text: &str) -> Moment {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    /// 2026-11-26 15:05:20 in Berlin.
    fn now() -> Moment {
        moment("2026-11-26T14:05:20Z")
    }

    fn stamp(text: &str) -> (String, Precision, bool, String) {
        let found = read(text, now(), BERLIN).unwrap();
        let Stamp { at, precision, approx } = found.stamp;
        (at.format("%dT%H:%M:%S").to_string(), precision, approx, found.rest)
    }

    #[test]
    fn times_as_people_type_them() {
        use Precision::{Day, Exact, Hour, Minute};
        for (text, at, precision, approx, rest) in [
            ("cart is slow", "26T14:05:20", Exact, false, "cart is slow"),
            ("-4m cart is slow", "26T14:01:00", Minute, false, "cart is slow"),
            ("~-1h10m cart", "26T12:55:00", Minute, true, "cart"),
            ("-30s cart", "26T14:04:50", Exact, false, "cart"),
            ("14:32 cart", "26T13:32:00", Minute, false, "cart"),
            ("~14:30", "26T13:30:00", Minute, true, ""),
            ("14:?? cart", "26T13:00:00", Hour, false, "cart"),
            ("15:06 cart", "25T14:06:00", Minute, false, "cart"),
            ("9:15 cart", "26T08:15:00", Minute, false, "cart"),
            ("09:15Z cart", "26T09:15:00", Minute, false, "cart"),
            ("14:32:07 cart", "26T13:32:07", Exact, false, "cart"),
            ("2026-11-24 14:32 cart", "24T13:32:00", Minute, false, "cart"),
            ("2026-11-24 cart", "23T23:00:00", Day, false, "cart"),
            ("14 pods down", "26T14:05:20", Exact, false, "14 pods down"),
            ("-4 degrees", "26T14:05:20", Exact, false, "-4 degrees"),
            ("- first", "26T14:05:20", Exact, false, "- first"),
            ("3:1 odds", "26T14:05:20", Exact, false, "3:1 odds"),
        ] {
            assert_eq!(stamp(text), (at.to_owned(), precision, approx, rest.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_says_why() {
        for (text, why) in [
            ("25:10 x", "there is no time `25:10`"),
            ("2026-02-30 x", "there is no day `2026-02-30`"),
            ("2026-11-27 10:00", "2026-11-27 10:00 is in the future"),
            ("-99999999999999999999h", "`-99999999999999999999h` is too long ago"),
            ("-999999999999d", "`-999999999999d` is too long ago"),
        ] {
            assert_eq!(read(text, now(), BERLIN).unwrap_err().why, why, "{text}");
        }
    }

    #[test]
    fn an_hour_that_occurs_twice_gives_both_instants_and_means_the_later() {
        let found = read("02:30 x", moment("2026-10-25T08:00:00Z"), BERLIN).unwrap();
        assert_eq!(found.ambiguous, [moment("2026-10-25T00:30:00Z"), moment("2026-10-25T01:30:00Z")]);
        assert_eq!(found.stamp.at, found.ambiguous[1]);
        let between = read("02:30 x", moment("2026-10-25T00:45:00Z"), BERLIN).unwrap();
        assert_eq!((between.stamp.at, between.ambiguous.len()), (moment("2026-10-25T00:30:00Z"), 0));
    }

    #[test]
    fn a_time_the_clocks_skipped_is_refused_only_on_the_day_they_did() {
        let why = read("02:30 x", moment("2026-03-29T06:00:00Z"), BERLIN).unwrap_err().why;
        assert_eq!(why, "`02:30` did not happen on 2026-03-29 in Europe/Berlin: the clocks were put forward over it");
        let before = read("02:30 x", moment("2026-03-29T00:30:00Z"), BERLIN).unwrap();
        assert_eq!(before.stamp.at, moment("2026-03-28T01:30:00Z"));
    }

    proptest! {
        #[test]
        fn a_time_of_day_is_never_in_the_future_and_shows_what_was_typed(
            seconds in 1_700_000_000i64..1_900_000_000, hour in 0u32..24, minute in 0u32..60, zone in 0usize..5,
        ) {
            let zone = [BERLIN, Tz::UTC, chrono_tz::Asia::Kathmandu, chrono_tz::America::New_York,
                chrono_tz::Australia::Lord_Howe][zone];
            let now = Moment::from_timestamp(seconds, 0).unwrap();
            if let Ok(found) = read(&format!("{hour:02}:{minute:02} x"), now, zone) {
                prop_assert!(found.stamp.at <= now);
                prop_assert!(now - found.stamp.at < Duration::hours(50));
                let local = found.stamp.at.with_timezone(&zone);
                prop_assert_eq!((local.hour(), local.minute()), (hour, minute));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            let _ = read(&text, now(), BERLIN);
        }
    }
}
