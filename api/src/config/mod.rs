//! Every setting, one struct per concern, built once at start. Sizes carry their unit in the name, durations are typed.

mod file;
mod google;
mod jobs;
mod payments;
mod settings;
mod text;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use lettre::Address;
use lettre::message::Mailbox;
use secrecy::SecretString;
use thiserror::Error;

pub use google::Google;
pub use jobs::Jobs;
pub use payments::Payments;
pub use settings::{Overrides, Setting, Source};

#[derive(Clone, Debug)]
pub struct Config {
    pub http: Http,
    pub store: Store,
    pub objects: Objects,
    pub auth: Auth,
    pub google: Google,
    pub accounts: Accounts,
    pub payments: Payments,
    pub rate_limit: RateLimit,
    pub live: Live,
    pub mail: Mail,
    pub jobs: Jobs,
    pub logs: Logs,
    pub first_start: FirstStart,
}

#[derive(Clone, Debug)]
pub struct Http {
    pub listen: SocketAddr,
    /// How the world reaches this server, for links. `None`: `http://` and the address it listens on.
    pub public_url: Option<String>,
    pub body_bytes_max: usize,
    pub seat_map_bytes_max: usize,
    pub header_bytes_max: usize,
    pub headers_max: usize,
    /// From the connection's start, or the end of the request before, to the end of the next request's head.
    pub header_read_timeout: Duration,
    /// From the end of the head to the answer.
    pub request_timeout: Duration,
    /// For how long a client may leave its answer unread.
    pub write_timeout: Duration,
    pub connections_max: usize,
    /// Requests that still run when the server stops may take so long.
    pub stop_timeout: Duration,
    pub cors_origins: Vec<String>,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

#[derive(Clone, Debug)]
pub struct Store {
    pub data_dir: PathBuf,
    /// `None`: the embedded store in `data_dir`.
    pub database_url: Option<SecretString>,
    pub allow_unsafe_durability: bool,
    pub connections_max: u32,
    /// Where nodes of one Postgres tell each other that lists have changed. `None`: lists are not kept there.
    pub redis_url: Option<SecretString>,
}

/// Where pictures and other files are kept.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Of an S3-compatible storage. `None`: a folder in `data_dir`.
    pub bucket: Option<String>,
    /// `None`: Amazon's own, by the region.
    pub endpoint: Option<String>,
    pub region: String,
    pub access_key: Option<String>,
    pub secret_key: Option<SecretString>,
    /// Whether the endpoint may be spoken to without TLS.
    pub allow_http: bool,
    /// Of one call.
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct Auth {
    pub access_ttl: Duration,
    pub refresh_ttl: Duration,
    /// Memory of one password hash.
    pub password_memory_kib: u32,
    /// Passwords that wait for their turn. One more is refused.
    pub password_queue: usize,
}

#[derive(Clone, Debug)]
pub struct Accounts {
    /// Signing in and buying need an e-mail address that somebody has confirmed.
    pub require_confirmed_email: bool,
}

/// Each a sustained rate with a burst of two seconds' worth.
#[derive(Clone, Debug)]
pub struct RateLimit {
    pub enabled: bool,
    pub booking_per_user_per_s: u32,
    pub browsing_per_user_per_s: u32,
    pub queue_per_user_per_s: u32,
    pub per_api_key_per_s: u32,
    pub booking_per_ip_per_s: u32,
    pub browsing_per_ip_per_s: u32,
    pub queue_per_ip_per_s: u32,
    /// Live feeds that are opened.
    pub live_per_ip_per_s: u32,
    pub login_per_ip_per_min: u32,
}

/// Sockets of the live feed.
#[derive(Clone, Debug)]
pub struct Live {
    /// They count as connections, too.
    pub sockets_max: usize,
    pub sockets_per_ip_max: usize,
    pub sockets_per_user_max: usize,
    /// Being opened at the same time.
    pub handshakes_max: usize,
    /// A peer that is silent for so long is asked for a sign of life.
    pub ping_after: Duration,
    /// A peer that is silent for so long is gone.
    pub idle_timeout: Duration,
    /// Writing one frame.
    pub write_timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct Mail {
    /// `None`: mails are written into `folder`.
    pub smtp_host: Option<String>,
    /// `None`: the usual one for `smtp_tls`.
    pub smtp_port: Option<u16>,
    pub smtp_tls: SmtpTls,
    pub smtp_user: Option<String>,
    pub smtp_password: Option<SecretString>,
    pub from: Mailbox,
    /// `None`: `mail` in the data directory.
    pub folder: Option<PathBuf>,
    /// Sending one mail.
    pub timeout: Duration,
    /// Pause after the first attempt; each next one is twice as long.
    pub retry_after: Duration,
    pub attempts_max: u32,
    /// How long it is remembered that a mail was sent or given up.
    pub kept: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Plain at first, then `STARTTLS`, without which nothing is sent.
    StartTls,
    /// From the first byte.
    Wrapped,
    Off,
}

impl SmtpTls {
    /// RFC 8314 and RFC 5321.
    pub const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Wrapped => 465,
            Self::Off => 25,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
    /// Text on a terminal, JSON elsewhere.
    Auto,
}

#[derive(Clone, Debug)]
pub struct Logs {
    pub format: LogFormat,
    pub filter: String,
    /// One line per request.
    pub access: bool,
    /// A request that takes longer is logged.
    pub slow_request: Duration,
}

#[derive(Clone, Debug)]
pub struct FirstStart {
    pub demo: bool,
    pub admin_email: String,
    pub admin_password: Option<SecretString>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            http: Http {
                listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
                public_url: None,
                body_bytes_max: 512 << 10,
                seat_map_bytes_max: 16 << 20,
                header_bytes_max: 64 << 10,
                headers_max: 100,
                header_read_timeout: Duration::from_secs(30),
                request_timeout: Duration::from_secs(10),
                write_timeout: Duration::from_secs(30),
                connections_max: 10_000,
                stop_timeout: Duration::from_secs(20),
                cors_origins: Vec::new(),
                trusted_proxies: Vec::new(),
            },
            store: Store {
                data_dir: PathBuf::from("usher-data"),
                database_url: None,
                allow_unsafe_durability: false,
                connections_max: 8,
                redis_url: None,
            },
            objects: Objects {
                bucket: None,
                endpoint: None,
                region: "us-east-1".to_owned(),
                access_key: None,
                secret_key: None,
                allow_http: false,
                timeout: Duration::from_secs(5),
            },
            auth: Auth {
                access_ttl: Duration::from_secs(15 * 60),
                refresh_ttl: Duration::from_secs(30 * 24 * 3_600),
                password_memory_kib: 19 << 10,
                password_queue: 256,
            },
            google: Google {
                issuer: "https://accounts.google.com".to_owned(),
                client_id: None,
                client_secret: None,
                redirect_url: None,
                return_url: None,
                cookie_domain: None,
            },
            accounts: Accounts { require_confirmed_email: false },
            payments: Payments::default(),
            rate_limit: RateLimit {
                enabled: true,
                booking_per_user_per_s: 10,
                browsing_per_user_per_s: 50,
                queue_per_user_per_s: 5,
                per_api_key_per_s: 50,
                booking_per_ip_per_s: 100,
                browsing_per_ip_per_s: 500,
                queue_per_ip_per_s: 500,
                live_per_ip_per_s: 100,
                login_per_ip_per_min: 60,
            },
            live: Live {
                sockets_max: 8_000,
                sockets_per_ip_max: 200,
                sockets_per_user_max: 8,
                handshakes_max: 256,
                ping_after: Duration::from_secs(12),
                idle_timeout: Duration::from_secs(27),
                write_timeout: Duration::from_secs(10),
            },
            mail: Mail {
                smtp_host: None,
                smtp_port: None,
                smtp_tls: SmtpTls::StartTls,
                smtp_user: None,
                smtp_password: None,
                from: Mailbox::new(Some("Usher".to_owned()), Address::new_dangerous("usher", "localhost")),
                folder: None,
                timeout: Duration::from_secs(15),
                retry_after: Duration::from_secs(30),
                attempts_max: 10,
                kept: Duration::from_secs(30 * 24 * 3_600),
            },
            jobs: Jobs::default(),
            logs: Logs {
                format: LogFormat::Auto,
                filter: "info,kameo=warn,sqlx=warn".to_owned(),
                access: false,
                slow_request: Duration::from_secs(1),
            },
            first_start: FirstStart { demo: true, admin_email: "admin@usher.local".to_owned(), admin_password: None },
        }
    }
}

/// hyper's own smallest buffer.
const HEADER_BYTES_MIN: usize = 8 << 10;

#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{file}: {problem}")]
    File { file: String, problem: String },
    #[error("setting `{key}` (from {source_name}): {problem}")]
    Value { key: &'static str, source_name: &'static str, problem: String },
    #[error("setting `{key}`: {problem}")]
    Relation { key: &'static str, problem: String },
}

impl Config {
    /// Flags and environment as `matches` has them, over the file, over the defaults.
    ///
    /// # Errors
    /// A file or value that cannot be read, or values that contradict each other.
    pub fn load(
        overrides: &Overrides,
        matches: &ArgMatches,
        file: Option<&std::path::Path>,
    ) -> Result<(Self, Vec<Setting>), ConfigError> {
        let file = file.map(file::Values::read).transpose()?.unwrap_or_default();
        let (config, settings) = overrides.apply(matches, &file)?;
        config.check()?;
        Ok((config, settings))
    }

    /// # Errors
    /// The first setting that contradicts another or what it is used for.
    pub fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, problem: &str| Err(ConfigError::Relation { key, problem: problem.to_owned() });
        if self.http.header_bytes_max < HEADER_BYTES_MIN {
            return refuse("header_bytes_max", "at least 8192");
        }
        if self.http.headers_max == 0 || self.http.connections_max == 0 {
            return refuse("headers_max, connections_max", "at least 1");
        }
        for (key, timeout) in [
            ("header_read_timeout", self.http.header_read_timeout),
            ("request_timeout", self.http.request_timeout),
            ("write_timeout", self.http.write_timeout),
            ("live_ping_after", self.live.ping_after),
            ("live_write_timeout", self.live.write_timeout),
            ("mail_timeout", self.mail.timeout),
            ("access_ttl", self.auth.access_ttl),
            ("refresh_ttl", self.auth.refresh_ttl),
            ("objects_timeout", self.objects.timeout),
        ] {
            if timeout.is_zero() {
                return refuse(key, "0 would refuse everything");
            }
        }
        if self.live.idle_timeout <= self.live.ping_after {
            return refuse("live_idle_timeout", "not longer than live_ping_after: nobody could answer in time");
        }
        self.google.check()?;
        self.payments.check(self)?;
        if self.auth.access_ttl > self.auth.refresh_ttl {
            return refuse("access_ttl", "longer than refresh_ttl: the login would end before its token");
        }
        if self.auth.password_memory_kib < 8 {
            return refuse("password_memory_kib", "at least 8");
        }
        self.mail.check()?;
        self.jobs.check(&self.store)?;
        let objects = &self.objects;
        if objects.bucket.is_some() && (objects.access_key.is_none() || objects.secret_key.is_none()) {
            return refuse("objects_bucket", "needs objects_access_key and objects_secret_key");
        }
        if objects.endpoint.as_ref().is_some_and(|url| url.starts_with("http://")) && !objects.allow_http {
            return refuse("objects_endpoint", "without TLS only with objects_allow_http");
        }
        if self.store.connections_max == 0 {
            return refuse("database_connections_max", "at least 1");
        }
        Ok(())
    }
}

impl Mail {
    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, problem: &str| Err(ConfigError::Relation { key, problem: problem.to_owned() });
        if self.attempts_max == 0 {
            return refuse("mail_attempts_max", "at least 1");
        }
        if self.smtp_user.is_some() != self.smtp_password.is_some() {
            return refuse("mail_smtp_user", "a user and a password come together");
        }
        let is_here = self.smtp_host.as_deref().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "::1"));
        if self.smtp_password.is_some() && self.smtp_tls == SmtpTls::Off && !is_here {
            return refuse("mail_smtp_tls", "off: the password would cross the network for all to read");
        }
        Ok(())
    }
}
