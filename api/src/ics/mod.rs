//! iCalendar, RFC 5545: lines of at most 75 octets that end in CRLF, texts escaped, times in UTC.
//!
//! Written here and not by a crate: the one at hand folds some lines at 76 octets and takes the square of their length.

pub mod answer;

use chrono::{DateTime, Utc};
use persistence::{Event, EventStatus};

use crate::time;

pub use answer::Audience;

const LINE_OCTETS_MAX: usize = 75;
const PRODUCT: &str = "-//Usher//Usher//EN";
/// How often those who subscribe should look.
const REFRESH: &str = "PT1H";
/// Of a description where there are many. The whole of it is in the event's own.
const NOTE_CHARS_MAX: usize = 1_000;

/// A calendar on its way.
pub struct Calendar(String);

impl Calendar {
    /// To be taken over once.
    pub fn single() -> Self {
        let mut calendar = Self(String::new());
        calendar.line("BEGIN", "VCALENDAR");
        calendar.line("VERSION", "2.0");
        calendar.line("PRODID", PRODUCT);
        calendar.line("CALSCALE", "GREGORIAN");
        calendar
    }

    /// To be subscribed to.
    pub fn feed(name: &str) -> Self {
        let mut calendar = Self::single();
        calendar.text("NAME", name);
        calendar.text("X-WR-CALNAME", name);
        calendar.line("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
        calendar.line("X-PUBLISHED-TTL", REFRESH);
        calendar
    }

    /// `note` stands before its description.
    pub fn event(&mut self, event: &Event, note: Option<&str>) {
        self.whole_event(event, &[note.unwrap_or_default(), &cut(&event.description)]);
    }

    /// With its description whole.
    pub fn whole_event(&mut self, event: &Event, description: &[&str]) {
        let is_cancelled = event.status == EventStatus::Cancelled;
        // Cancelling is the last change, and the journal's: the row's number counts the others, its time all of them.
        let sequence = event.revision.saturating_add(i64::from(is_cancelled));
        self.line("BEGIN", "VEVENT");
        self.line("UID", &format!("{}@usher", event.id));
        // Of a calendar that is no invitation: when it was last changed. The same text as long as nothing changes.
        self.line("DTSTAMP", &stamp(time::utc(event.changed_at)));
        self.line("CREATED", &stamp(time::utc(event.created_at)));
        self.line("LAST-MODIFIED", &stamp(time::utc(event.changed_at)));
        self.line("SEQUENCE", &sequence.to_string());
        self.line(
            "STATUS",
            match event.status {
                EventStatus::Cancelled => "CANCELLED",
                EventStatus::Published => "CONFIRMED",
                EventStatus::Draft => "TENTATIVE",
            },
        );
        self.line("DTSTART", &stamp(time::utc(event.starts_at)));
        if let Some(ends_at) = event.ends_at {
            self.line("DTEND", &stamp(time::utc(ends_at)));
        }
        self.text("SUMMARY", &event.title);
        self.texts("DESCRIPTION", description, "\n\n");
        self.texts("LOCATION", &[&event.location, &event.address, &event.city, &event.country], ", ");
        if let (Some(latitude), Some(longitude)) = (event.latitude_e6, event.longitude_e6) {
            self.line("GEO", &format!("{};{}", degrees(latitude), degrees(longitude)));
        }
        // Letters, digits and hyphens.
        let labels = [event.category.as_str()].into_iter().chain(event.tags.0.iter().map(String::as_str));
        let labels: Vec<&str> = labels.filter(|label| !label.is_empty()).collect();
        if !labels.is_empty() {
            self.line("CATEGORIES", &labels.join(","));
        }
        self.line("END", "VEVENT");
    }

    pub fn finish(mut self) -> String {
        self.line("END", "VCALENDAR");
        self.0
    }

    /// Those that are not empty.
    fn texts(&mut self, name: &str, parts: &[&str], between: &str) {
        let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.trim().is_empty()).collect();
        if !parts.is_empty() {
            self.text(name, &parts.join(between));
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(name, &escaped(value));
    }

    /// Folded between characters: a line goes on behind a line break and a space.
    fn line(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for character in name.chars().chain([':']).chain(value.chars()) {
            if octets + character.len_utf8() > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(character);
            octets += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// Without what no text may hold: of the control characters the line feed alone is left, as `\n`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push(' '),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(NOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn degrees(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let millionths = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: &str) -> String {
        let mut calendar = Calendar(String::new());
        calendar.text("SUMMARY", value);
        calendar.0
    }

    #[test]
    fn a_line_is_never_longer_than_75_octets_and_unfolds_to_what_it_was() {
        for length in 0..400 {
            for unit in ["x", "ß", "虎", "🎻"] {
                let value = unit.repeat(length);
                let folded = line(&value);
                let lines: Vec<&str> = folded.strip_suffix("\r\n").unwrap().split("\r\n").collect();
                assert!(lines.iter().all(|line| line.len() <= 75), "{length} of {unit}");
                assert!(lines[1..].iter().all(|line| line.starts_with(' ')), "{length} of {unit}");
                assert_eq!(folded.replace("\r\n ", "").trim_end(), format!("SUMMARY:{value}"));
            }
        }
    }

    #[test]
    fn no_text_ends_its_line_or_begins_another_property() {
        assert_eq!(line("a,b;c\\d"), "SUMMARY:a\\,b\\;c\\\\d\r\n");
        assert_eq!(line("x\r\nATTENDEE:y\n\u{7}z"), "SUMMARY:x\\nATTENDEE:y\\nz\r\n");
    }

    #[test]
    fn a_place_is_told_in_degrees() {
        let rows = [(52_520_008, "52.520008"), (-13_404_954, "-13.404954"), (-5, "-0.000005"), (0, "0.000000")];
        for (millionths, expected) in rows {
            assert_eq!(degrees(millionths), expected);
        }
    }
}
