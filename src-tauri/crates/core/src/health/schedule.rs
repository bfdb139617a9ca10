//! The schedule of a `CronJob` (batch/v1, which reads it with robfig/cron v3: five fields, or a word such as `@hourly`).

use std::str::FromStr;

use chrono::{Datelike, Duration, NaiveDate, TimeZone};
use chrono_tz::Tz;

use crate::time::Moment;

/// No schedule waits longer: the 29th of February comes at least every eight years.
const LONGEST_WAIT_DAYS: i64 = 8 * 366;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// At times of the calendar.
    Calendar(Box<Calendar>),
    /// So long after the last time (`@every`).
    Every(Duration),
}

/// Times of the calendar; each field is a set of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    zone: Tz,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Either field of days says every day, so the other alone decides; otherwise one of them suffices.
    both_days: bool,
}

impl Schedule {
    /// Reads a schedule in a time zone, UTC where none is named.
    ///
    /// # Errors
    /// When the text is no schedule or the zone is not known.
    pub(super) fn read(text: &str, zone: &str) -> Result<Self, String> {
        let (named, text) = match text.trim().split_once(' ') {
            Some((head, rest)) if head.starts_with("TZ=") || head.starts_with("CRON_TZ=") => {
                (head.split_once('=').map_or("", |(_, zone)| zone), rest.trim())
            }
            _ => ("", text.trim()),
        };
        let zone = if zone.is_empty() { named } else { zone };
        let zone = match zone {
            "" | "Local" => Tz::UTC,
            zone => Tz::from_str(zone).map_err(|_| format!("`{zone}` is no time zone"))?,
        };
        if let Some(wait) = text.strip_prefix("@every ") {
            return every(wait.trim()).map(Self::Every);
        }
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!("`{text}` has {} fields where five are expected", fields.len()));
        };
        let every_day = |field: &&str| field.split(',').any(|part| matches!(part, "*" | "?" | "*/1" | "?/1"));
        let mut weekday_bits = bits(weekdays, 0, 7, &DAYS)?;
        if weekday_bits & (1 << 7) != 0 {
            // Some write Sunday as 7.
            weekday_bits = (weekday_bits | 1) & 0x7f;
        }
        Ok(Self::Calendar(Box::new(Calendar {
            zone,
            minutes: bits(minutes, 0, 59, &[])?,
            hours: bits(hours, 0, 23, &[])?,
            days: bits(days, 1, 31, &[])?,
            months: bits(months, 1, 12, &MONTHS)?,
            weekdays: weekday_bits,
            both_days: [days, weekdays].into_iter().any(every_day),
        })))
    }

    /// The first time it is due after a moment; nothing where that never comes (the 31st of February).
    pub(super) fn after(&self, moment: Moment) -> Option<Moment> {
        match self {
            Self::Every(wait) => moment.checked_add_signed(*wait),
            Self::Calendar(calendar) => calendar.after(moment),
        }
    }
}

impl Calendar {
    fn after(&self, moment: Moment) -> Option<Moment> {
        let first = moment.with_timezone(&self.zone).date_naive();
        let days = (0..=LONGEST_WAIT_DAYS).map_while(|ahead| first.checked_add_signed(Duration::days(ahead)));
        days.filter(|day| self.is_on(*day)).find_map(|day| self.times(day).find(|at| *at > moment))
    }

    fn is_on(&self, day: NaiveDate) -> bool {
        let month = self.months & (1 << day.month()) != 0;
        let of_month = self.days & (1 << day.day()) != 0;
        let of_week = self.weekdays & (1 << day.weekday().num_days_from_sunday()) != 0;
        month && if self.both_days { of_month && of_week } else { of_month || of_week }
    }

    /// The times of a day, in order; hours the clock jumps over have none.
    fn times(&self, day: NaiveDate) -> impl Iterator<Item = Moment> {
        let hours = (0..24u32).filter(|hour| self.hours & (1 << hour) != 0);
        hours.flat_map(move |hour| {
            let minutes = (0..60u32).filter(|minute| self.minutes & (1 << minute) != 0);
            minutes.filter_map(move |minute| {
                let local = day.and_hms_opt(hour, minute, 0)?;
                Some(self.zone.from_local_datetime(&local).earliest()?.to_utc())
            })
        })
    }
}

/// A field as bits: lists of `*`, `?`, a number, a range, each with a step.
fn bits(field: &str, least: u32, most: u32, names: &[&str]) -> Result<u64, String> {
    let number = |text: &str| -> Result<u32, String> {
        let word = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        // Months are counted from 1, weekdays from 0.
        let word = word.map(|at| at as u32 + least);
        let number = word.or_else(|| text.parse().ok()).filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("`{text}` is not between {least} and {most}"))
    };
    let mut found = 0u64;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step = step.parse().ok().filter(|step| *step > 0);
                (range, Some(step.ok_or_else(|| format!("`{part}` has no usable step"))?))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (least, most.min(if names.len() == 7 { 6 } else { most })),
            Some((from, to)) => (number(from)?, number(to)?),
            // With a step a single number means from there on.
            None => (number(range)?, if step.is_some() { most } else { number(range)? }),
        };
        if from > to {
            return Err(format!("`{part}` ends before it begins"));
        }
        for value in (from..=to).step_by(step.unwrap_or(1) as usize) {
            found |= 1 << value;
        }
    }
    Ok(found)
}

/// A duration as Go writes it, down to the second: `1h30m`.
fn every(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is no duration");
    let mut total = 0i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: i64 = rest[..end].parse().map_err(|_| bad())?;
        let unit = rest[end..].chars().next().ok_or_else(bad)?;
        let seconds = match unit {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return Err(bad()),
        };
        total = number.checked_mul(seconds).and_then(|more| total.checked_add(more)).ok_or_else(bad)?;
        rest = &rest[end + unit.len_utf8()..];
    }
    let wait = Duration::try_seconds(total).filter(|_| total > 0);
    wait.ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn check(schedule: &str, zone: &str, after: &str, expected: &str) {
        let next = Schedule::read(schedule, zone).unwrap().after(at(after));
        assert_eq!(next.map(|next| next.to_rfc3339()), Some(at(expected).to_rfc3339()), "{schedule} {zone}");
    }

    #[test]
    fn the_next_time_is_the_first_that_every_field_allows() {
        // 2026-05-14 is a Thursday.
        check("*/5 * * * *", "", "2026-05-14T12:03:00Z", "2026-05-14T12:05:00Z");
        check("*/5 * * * *", "", "2026-05-14T12:05:00Z", "2026-05-14T12:10:00Z");
        check("0 3 * * *", "", "2026-05-14T12:00:00Z", "2026-05-15T03:00:00Z");
        check("15 10-12 * * *", "", "2026-05-14T12:20:00Z", "2026-05-15T10:15:00Z");
        check("0 0 1 * *", "", "2026-05-14T12:00:00Z", "2026-06-01T00:00:00Z");
        check("0 0 * * mon", "", "2026-05-14T12:00:00Z", "2026-05-18T00:00:00Z");
        check("0 0 * * 7", "", "2026-05-14T12:00:00Z", "2026-05-17T00:00:00Z");
        check("0 0 29 FEB ?", "", "2026-05-14T12:00:00Z", "2028-02-29T00:00:00Z");
        check("10/20 * * * *", "", "2026-05-14T12:11:00Z", "2026-05-14T12:30:00Z");
        // Both kinds of days named: one of them suffices.
        check("0 0 20 * fri", "", "2026-05-14T12:00:00Z", "2026-05-15T00:00:00Z");
        check("@hourly", "", "2026-05-14T12:00:00Z", "2026-05-14T13:00:00Z");
        check("@weekly", "", "2026-05-14T12:00:00Z", "2026-05-17T00:00:00Z");
        check("@every 1h30m", "", "2026-05-14T12:00:10Z", "2026-05-14T13:30:10Z");
    }

    #[test]
    fn a_schedule_keeps_the_clock_of_its_zone() {
        check("0 3 * * *", "Europe/Berlin", "2026-05-14T12:00:00Z", "2026-05-15T01:00:00Z");
        check("TZ=America/New_York 0 3 * * *", "", "2026-01-14T12:00:00Z", "2026-01-15T08:00:00Z");
        // The clock jumps from two to three: that night there is no half past two.
        check("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z");
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "x * * * *",
            "@every",
            "@every 0s",
        ] {
            assert!(Schedule::read(text, "").is_err(), "{text}");
        }
        assert!(Schedule::read("* * * * *", "Mars/Olympus").unwrap_err().contains("no time zone"));
        assert_eq!(Schedule::read("0 0 31 2 *", "").unwrap().after(at("2026-05-14T12:00:00Z")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,30}", zone in ".{0,10}") {
            let _ = Schedule::read(&text, &zone);
        }

        #[test]
        fn the_next_time_is_later_and_none_lies_between(minute in 0u32..60, step in 1u32..30, start in 0i64..2_000_000_000) {
            let schedule = Schedule::read(&format!("{minute}/{step} * * * *"), "").unwrap();
            let start = Moment::from_timestamp(start, 0).unwrap();
            let next = schedule.after(start).unwrap();
            prop_assert!(next > start && next - start <= Duration::hours(1));
            prop_assert_eq!(schedule.after(next - Duration::seconds(1)), Some(next));
        }
    }
}
