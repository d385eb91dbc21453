use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;

use super::{LogFormat, SmtpTls};

/// How a setting is written, the same in flags, environment and file.
pub trait Text: Sized {
    fn read(text: &str) -> Result<Self, String>;

    fn show(&self) -> String;
}

macro_rules! by_from_str {
    ($($type:ty),+) => {$(
        impl Text for $type {
            fn read(text: &str) -> Result<Self, String> {
                text.trim().parse().map_err(|error| format!("`{text}`: {error}"))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

by_from_str!(SocketAddr, IpAddr, Mailbox, u16, u32, usize);

impl Text for String {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Err("empty".to_owned()) } else { Ok(text.trim().to_owned()) }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Text for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("empty".to_owned()) } else { Ok(Self::from(text)) }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Text for bool {
    fn read(text: &str) -> Result<Self, String> {
        match text.trim() {
            "on" | "true" | "yes" | "1" => Ok(true),
            "off" | "false" | "no" | "0" => Ok(false),
            other => Err(format!("`{other}`: neither `on` nor `off`")),
        }
    }

    fn show(&self) -> String {
        if *self { "on" } else { "off" }.to_owned()
    }
}

impl Text for Duration {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let problem = || format!("`{text}`: not a duration such as `500ms`, `10s`, `15m`, `24h` or `30d`");
        let number: u64 = text[..digits].parse().map_err(|_| problem())?;
        let ms_each: u64 = match &text[digits..] {
            "ms" => 1,
            "s" | "" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(problem()),
        };
        number.checked_mul(ms_each).map(Self::from_millis).ok_or_else(problem)
    }

    fn show(&self) -> String {
        let ms = self.as_millis();
        if ms.is_multiple_of(1_000) { format!("{}s", ms / 1_000) } else { format!("{ms}ms") }
    }
}

impl Text for SecretString {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("empty".to_owned()) } else { Ok(Self::from(text)) }
    }

    fn show(&self) -> String {
        "<redacted>".to_owned()
    }
}

/// Empty means none.
impl<T: Text> Text for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(Text::show).unwrap_or_default()
    }
}

impl<T: Text> Text for Vec<T> {
    fn read(text: &str) -> Result<Self, String> {
        text.split(',').filter(|item| !item.trim().is_empty()).map(T::read).collect()
    }

    fn show(&self) -> String {
        self.iter().map(Text::show).collect::<Vec<_>>().join(",")
    }
}

impl Text for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        match text.trim() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "auto" => Ok(Self::Auto),
            other => Err(format!("`{other}`: not one of `json`, `text`, `auto`")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Auto => "auto",
        }
        .to_owned()
    }
}

impl Text for SmtpTls {
    fn read(text: &str) -> Result<Self, String> {
        match text.trim() {
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Wrapped),
            "off" => Ok(Self::Off),
            other => Err(format!("`{other}`: not one of `starttls`, `tls`, `off`")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::StartTls => "starttls",
            Self::Wrapped => "tls",
            Self::Off => "off",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_default_to_seconds() {
        let table = [("500ms", 500), ("10", 10_000), ("10s", 10_000), ("15m", 900_000), ("30d", 2_592_000_000)];
        for (text, ms) in table {
            let duration = Duration::read(text).unwrap();
            assert_eq!(duration, Duration::from_millis(ms), "{text}");
            assert_eq!(Duration::read(&duration.show()).unwrap(), duration, "{text}");
        }
        for text in ["", "s", "-1s", "1.5s", "10 weeks", "99999999999999999999s", "18446744073709551615d"] {
            Duration::read(text).unwrap_err();
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = Option::<SecretString>::read("hunter22").unwrap();
        assert_eq!(secret.show(), "<redacted>");
        assert_eq!(Option::<SecretString>::read("").unwrap().show(), "");
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let proxies = Vec::<IpAddr>::read("10.0.0.1, ::1,").unwrap();
        assert_eq!(proxies.show(), "10.0.0.1,::1");
        Vec::<IpAddr>::read("10.0.0.1,proxy").unwrap_err();
    }
}
