//! Moments as expressions read and write them: the proleptic Gregorian calendar, in UTC.
//!
//! Own code, because the crate that knows all time zones and calendars weighs more than all other filters together.

use std::fmt::Write;

const DAY_MS: i64 = 86_400_000;
/// The years of four digits, before and after Christ.
const YEARS: std::ops::RangeInclusive<i64> = -9999..=9999;
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Characters a width may ask for.
const MOST_WIDE: usize = 255;

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Days since 1970-01-01.
    day: i64,
    /// Milliseconds of the day.
    time: i64,
}

/// A letter behind `%` that stands for nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoDirective(pub(super) String);

impl Moment {
    /// `None` beyond the years of four digits.
    pub(super) fn at(milliseconds: f64) -> Option<Self> {
        let milliseconds = milliseconds as i64;
        let moment = Self {
            day: milliseconds.div_euclid(DAY_MS),
            time: milliseconds.rem_euclid(DAY_MS),
        };
        moment.in_range()
    }

    /// Reads RFC 3339: a date, and a time with or without an offset. With one it is converted to UTC, without one it
    /// is taken as it stands.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let year = number(&mut rest, 4)?;
        let month = number(skip(&mut rest, &['-'])?, 2)?;
        let day = number(skip(&mut rest, &['-'])?, 2)?;
        if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
            return None;
        }
        let day = days_since_1970(year, month, day);
        if rest.is_empty() {
            return Some(Self { day, time: 0 });
        }
        let hour = number(skip(&mut rest, &['T', 't', ' '])?, 2)?;
        let minute = number(skip(&mut rest, &[':'])?, 2)?;
        let mut time = (hour * 60 + minute) * 60_000;
        let mut second = 0;
        if skip(&mut rest, &[':']).is_some() {
            second = number(&mut rest, 2)?;
            // A leap second is the one before it, since no clock here knows it.
            time += second.min(59) * 1000;
            if skip(&mut rest, &['.', ',']).is_some() {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let fraction = rest.get(..digits).filter(|fraction| !fraction.is_empty())?;
                let milliseconds = fraction.bytes().chain(*b"00").take(3);
                time += milliseconds.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
                rest = &rest[digits..];
            }
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let offset = offset(rest)?;
        let time = time - offset * 60_000;
        let moment = Self {
            day: day + time.div_euclid(DAY_MS),
            time: time.rem_euclid(DAY_MS),
        };
        moment.in_range()
    }

    fn in_range(self) -> Option<Self> {
        let (year, ..) = self.date();
        YEARS.contains(&year).then_some(self)
    }

    /// Writes by the directives of strftime, with its flags (`-` `_` `0` `^`) and a width. Those of time zones and of
    /// a country's habits are not among them.
    pub(super) fn format(self, format: &str) -> Result<String, NoDirective> {
        let mut text = String::new();
        let mut parts = format.split('%');
        text.push_str(parts.next().unwrap_or_default());
        while let Some(part) = parts.next() {
            if part.is_empty() {
                // Two signs write one.
                text.push('%');
                text.push_str(parts.next().ok_or_else(|| NoDirective("%".to_owned()))?);
                continue;
            }
            let mut rest = part.chars();
            let mut how = How::default();
            let letter = loop {
                match rest.next() {
                    Some('-') => how.pad = Pad::Nothing,
                    Some('_') => how.pad = Pad::Spaces,
                    Some('0') if how.width.is_none() => how.pad = Pad::Zeros,
                    Some('^') => how.upper = true,
                    Some(digit @ '0'..='9') => {
                        let digit = digit as usize - '0' as usize;
                        how.width = Some((how.width.unwrap_or(0) * 10 + digit).min(MOST_WIDE));
                    }
                    letter => break letter,
                }
            };
            let written = letter.and_then(|letter| self.directive(letter, how));
            let written = written
                .ok_or_else(|| NoDirective(format!("%{}", &part[..part.len() - rest.as_str().len()])))?;
            text.push_str(&written);
            text.push_str(rest.as_str());
        }
        Ok(text)
    }

    fn directive(self, letter: char, how: How) -> Option<String> {
        let (year, month, day) = self.date();
        let (hour, minute, second) = (
            self.time / 3_600_000,
            self.time / 60_000 % 60,
            self.time / 1000 % 60,
        );
        let weekday = (self.day + 3).rem_euclid(7);
        let of_year = self.day - days_since_1970(year, 1, 1) + 1;
        let half = if hour < 12 { "AM" } else { "PM" };
        let of_twelve = (hour + 11) % 12 + 1;
        let (week_year, week) = self.iso_week(year, weekday, of_year);
        let number = |value, width| how.number(value, width, Pad::Zeros);
        Some(match letter {
            'A' => how.text(WEEKDAYS[weekday as usize]),
            'a' => how.text(&WEEKDAYS[weekday as usize][..3]),
            'B' => how.text(MONTHS[month as usize - 1]),
            'b' | 'h' => how.text(&MONTHS[month as usize - 1][..3]),
            'C' => number(year.div_euclid(100), 1),
            'D' => self.format("%m/%d/%y").ok()?,
            'd' => number(day, 2),
            'e' => how.number(day, 2, Pad::Spaces),
            'F' => self.format("%Y-%m-%d").ok()?,
            'f' => format!("{:03}", self.time % 1000),
            'G' => number(week_year, 4),
            'g' => number(week_year.rem_euclid(100), 2),
            'H' => number(hour, 2),
            'I' => number(of_twelve, 2),
            'j' => number(of_year, 3),
            'k' => how.number(hour, 2, Pad::Spaces),
            'l' => how.number(of_twelve, 2, Pad::Spaces),
            'M' => number(minute, 2),
            'm' => number(month, 2),
            'n' => "\n".to_owned(),
            'P' => how.text(&half.to_ascii_lowercase()),
            'p' => how.text(half),
            'q' => number((month + 2) / 3, 1),
            'R' => self.format("%H:%M").ok()?,
            'r' => self.format("%I:%M:%S %p").ok()?,
            'S' => number(second, 2),
            's' => number(self.day * 86_400 + self.time / 1000, 1),
            'T' => self.format("%H:%M:%S").ok()?,
            't' => "\t".to_owned(),
            'U' => number((of_year + 6 - (weekday + 1) % 7) / 7, 2),
            'u' => number(weekday + 1, 1),
            'V' => number(week, 2),
            'W' => number((of_year + 6 - weekday) / 7, 2),
            'w' => number((weekday + 1) % 7, 1),
            'Y' => number(year, 4),
            'y' => number(year.rem_euclid(100), 2),
            _ => return None,
        })
    }

    /// The week by ISO 8601, which belongs to the year its Thursday is in.
    fn iso_week(self, year: i64, weekday: i64, of_year: i64) -> (i64, i64) {
        let week = (of_year - weekday + 9) / 7;
        let thursday = of_year - weekday + 3;
        if thursday < 1 {
            let last_day = Self {
                day: self.day - of_year,
                ..self
            };
            return (
                year - 1,
                (last_day.day - days_since_1970(year - 1, 1, 1) + 10 - (last_day.day + 3).rem_euclid(7)) / 7,
            );
        }
        let days = 337 + days_of(year, 2);
        if thursday > days {
            (year + 1, 1)
        } else {
            (year, week)
        }
    }

    /// Year, month from 1, day from 1.
    fn date(self) -> (i64, i64, i64) {
        // Years begin in March here, so that the leap day is the last one.
        let day = self.day + 719_468;
        let era = day.div_euclid(146_097);
        let of_era = day.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year + era * 400 + i64::from(month <= 2), month, day)
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn days_of(year: i64, month: i64) -> i64 {
    let next = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    days_since_1970(next.0, next.1, 1) - days_since_1970(year, month, 1)
}

/// Minutes east of UTC; none where nothing is written.
fn offset(mut rest: &str) -> Option<i64> {
    if matches!(rest, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let hours = number(skip(&mut rest, &['+', '-'])?, 2)?;
    let _ = skip(&mut rest, &[':']);
    let minutes = if rest.is_empty() { 0 } else { number(&mut rest, 2)? };
    (rest.is_empty() && hours < 26 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn skip<'a, 's>(rest: &'a mut &'s str, signs: &[char]) -> Option<&'a mut &'s str> {
    *rest = rest.strip_prefix(signs)?;
    Some(rest)
}

/// A number of exactly so many digits.
fn number(rest: &mut &str, digits: usize) -> Option<i64> {
    let (read, left) = rest.split_at_checked(digits)?;
    *rest = left;
    let all_digits = read.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { read.parse().ok() } else { None }
}

#[derive(Clone, Copy, Default)]
enum Pad {
    #[default]
    AsUsual,
    Nothing,
    Spaces,
    Zeros,
}

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Default)]
struct How {
    pad: Pad,
    upper: bool,
    width: Option<usize>,
}

impl How {
    fn text(self, text: &str) -> String {
        let text = if self.upper {
            text.to_ascii_uppercase()
        } else {
            text.to_owned()
        };
        format!("{text:>width$}", width = self.width.unwrap_or(0))
    }

    fn number(self, value: i64, width: usize, usual: Pad) -> String {
        let width = self.width.unwrap_or(width);
        let pad = match self.pad {
            Pad::AsUsual => usual,
            asked => asked,
        };
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = match pad {
            Pad::Nothing | Pad::AsUsual => write!(text, "{value}"),
            Pad::Spaces => write!(text, "{value:>width$}"),
            Pad::Zeros => write!(text, "{value:0width$}"),
        };
        text
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use jiff::{Timestamp, fmt::strtime};
    use proptest::prelude::*;

    use super::*;

    const DIRECTIVES: [&str; 31] = [
        "%A", "%a", "%B", "%b", "%h", "%C", "%D", "%d", "%e", "%F", "%G", "%g", "%H", "%I", "%j", "%k", "%l",
        "%M", "%m", "%P", "%p", "%R", "%S", "%T", "%U", "%u", "%V", "%W", "%w", "%Y", "%y",
    ];

    proptest! {
        /// The crate is the measure of what it was replaced by.
        #[test]
        fn writes_as_jiff_does(at in -62_135_596_800_000i64..253_402_207_200_000) {
            let theirs = TimeZone::UTC.to_datetime(Timestamp::from_millisecond(at).unwrap());
            let ours = Moment::at(at as f64).unwrap();
            for directive in DIRECTIVES {
                prop_assert_eq!(
                    ours.format(directive).unwrap(),
                    strtime::format(directive, theirs).unwrap(),
                    "{} of {}", directive, theirs
                );
            }
            for flagged in ["%-d.%-m.", "%_d|%_m|%_H", "%^A %^b", "%05d", "%e%%%n%t"] {
                prop_assert_eq!(ours.format(flagged).unwrap(), strtime::format(flagged, theirs).unwrap());
            }
        }

        #[test]
        fn reads_as_jiff_does(text in "(0|1|2)[0-9]{3}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]{1,4})?)?(Z|[+-][01][0-9](:[0-5][0-9])?)?)?") {
            let theirs = match text.parse::<Timestamp>() {
                Ok(timestamp) => Some(TimeZone::UTC.to_datetime(timestamp)),
                Err(_) => text.parse::<DateTime>().ok(),
            };
            let written = theirs.map(|theirs| strtime::format("%F %T", theirs).unwrap());
            let ours = Moment::parse(&text).map(|ours| ours.format("%F %T").unwrap());
            prop_assert_eq!(ours, written, "{}", text);
        }
    }

    #[test]
    fn what_is_no_date_or_directive_is_told() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-13-01",
            "2026-1-1",
            "2026-01-01T24:00",
            "2026-01-01x",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
        assert_eq!(Moment::at(1e300), None);
        let moment = Moment::at(0.0).unwrap();
        for (format, directive) in [
            ("%Q!", "%Q"),
            ("a %-", "%-"),
            ("%", "%"),
            ("%é", "%é"),
            ("%d %12Ö", "%12Ö"),
        ] {
            assert_eq!(
                moment.format(format),
                Err(NoDirective(directive.to_owned())),
                "{format}"
            );
        }
        assert_eq!(moment.format("%999999d").unwrap().len(), 255);
    }
}
