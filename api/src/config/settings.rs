//! The table of settings: each is a flag of `usher serve`, an environment variable and a key of the file.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::text::Text;
use super::{Config, ConfigError};

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File,
    Environment,
    Flag,
}

impl Source {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// One setting in force, as `usher config` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    pub value: String,
    pub source: Source,
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $key:ident, $flag:literal, $env:literal => $group:ident.$field:ident;)+) => {
        /// What flags and environment say.
        #[derive(Clone, Debug, Default, clap::Args)]
        pub struct Overrides {
            $(
                $(#[doc = $doc])+
                #[arg(long = $flag, env = $env, value_name = "VALUE", hide_env_values = true, global = true)]
                pub $key: Option<String>,
            )+
        }

        pub(super) const KEYS: &[&str] = &[$(stringify!($key)),+];

        impl Overrides {
            /// Flag before environment before file before default.
            ///
            /// # Errors
            /// The first value that cannot be read, with its name and source.
            pub(super) fn apply(
                &self,
                matches: &ArgMatches,
                file: &super::file::Values,
            ) -> Result<(Config, Vec<Setting>), ConfigError> {
                let mut config = Config::default();
                let mut settings = Vec::with_capacity(KEYS.len());
                $({
                    let key = stringify!($key);
                    let given = match (&self.$key, file.get(key)) {
                        (Some(text), _) if matches.value_source(key) == Some(ValueSource::EnvVariable) => {
                            Some((text, Source::Environment))
                        }
                        (Some(text), _) => Some((text, Source::Flag)),
                        (None, Some(text)) => Some((text, Source::File)),
                        (None, None) => None,
                    };
                    let mut source = Source::Default;
                    if let Some((text, from)) = given {
                        config.$group.$field = Text::read(text).map_err(|problem| ConfigError::Value {
                            key,
                            source_name: from.name(),
                            problem,
                        })?;
                        source = from;
                    }
                    settings.push(Setting { key, value: config.$group.$field.show(), source });
                })+
                Ok((config, settings))
            }
        }
    };
}

settings! {
    /// Address and port. Port 0 picks a free one.
    listen, "listen", "USHER_LISTEN" => http.listen;
    /// How the world reaches this server, for links.
    public_url, "public-url", "USHER_PUBLIC_URL" => http.public_url;
    /// Largest body, in bytes, of all calls but the seat map's.
    body_bytes_max, "body-bytes-max", "USHER_BODY_BYTES_MAX" => http.body_bytes_max;
    /// Largest seat map, in bytes.
    seat_map_bytes_max, "seat-map-bytes-max", "USHER_SEAT_MAP_BYTES_MAX" => http.seat_map_bytes_max;
    /// Largest head of a request, in bytes.
    header_bytes_max, "header-bytes-max", "USHER_HEADER_BYTES_MAX" => http.header_bytes_max;
    /// Most header fields of a request.
    headers_max, "headers-max", "USHER_HEADERS_MAX" => http.headers_max;
    /// How long a connection may take to send a request's head, idle time included.
    header_read_timeout, "header-read-timeout", "USHER_HEADER_READ_TIMEOUT" => http.header_read_timeout;
    /// How long a request may take.
    request_timeout, "request-timeout", "USHER_REQUEST_TIMEOUT" => http.request_timeout;
    /// How long a client may not read its answer.
    write_timeout, "write-timeout", "USHER_WRITE_TIMEOUT" => http.write_timeout;
    /// Connections at once.
    connections_max, "connections-max", "USHER_CONNECTIONS_MAX" => http.connections_max;
    /// How long requests may run on when the server stops.
    stop_timeout, "stop-timeout", "USHER_STOP_TIMEOUT" => http.stop_timeout;
    /// Origins of browsers that may call the API, separated by commas; `*` for all.
    cors_origins, "cors-origins", "USHER_CORS_ORIGINS" => http.cors_origins;
    /// Addresses whose `X-Forwarded-For` is believed, separated by commas.
    trusted_proxies, "trusted-proxies", "USHER_TRUSTED_PROXIES" => http.trusted_proxies;

    /// Where the embedded store lives.
    data_dir, "data-dir", "USHER_DATA_DIR" => store.data_dir;
    /// `postgres://…` instead of the embedded store.
    database_url, "database-url", "USHER_DATABASE_URL" => store.database_url;
    /// Starts on a database that may lose acknowledged commits. For development only.
    allow_unsafe_durability, "allow-unsafe-durability", "USHER_ALLOW_UNSAFE_DURABILITY" => store.allow_unsafe_durability;
    /// Connections to the database.
    database_connections_max, "database-connections-max", "USHER_DATABASE_CONNECTIONS_MAX" => store.connections_max;
    /// `redis://…`: with it, nodes of one Postgres keep pages of events for a second.
    redis_url, "redis-url", "USHER_REDIS_URL" => store.redis_url;

    /// Bucket of an S3-compatible storage for files, instead of a folder in `data_dir`.
    objects_bucket, "objects-bucket", "USHER_OBJECTS_BUCKET" => objects.bucket;
    /// URL of the S3-compatible storage, when it is not Amazon's own.
    objects_endpoint, "objects-endpoint", "USHER_OBJECTS_ENDPOINT" => objects.endpoint;
    /// Region of the bucket.
    objects_region, "objects-region", "USHER_OBJECTS_REGION" => objects.region;
    /// Name of the key to the bucket.
    objects_access_key, "objects-access-key", "USHER_OBJECTS_ACCESS_KEY" => objects.access_key;
    /// The key to the bucket.
    objects_secret_key, "objects-secret-key", "USHER_OBJECTS_SECRET_KEY" => objects.secret_key;
    /// Whether the storage may be spoken to without TLS.
    objects_allow_http, "objects-allow-http", "USHER_OBJECTS_ALLOW_HTTP" => objects.allow_http;
    /// How long one call of the storage may take.
    objects_timeout, "objects-timeout", "USHER_OBJECTS_TIMEOUT" => objects.timeout;

    /// How long an access token lives.
    access_ttl, "access-ttl", "USHER_ACCESS_TTL" => auth.access_ttl;
    /// How long a login lives without being refreshed.
    refresh_ttl, "refresh-ttl", "USHER_REFRESH_TTL" => auth.refresh_ttl;
    /// Memory of one password hash, in KiB. Less makes stolen hashes cheaper to guess.
    password_memory_kib, "password-memory-kib", "USHER_PASSWORD_MEMORY_KIB" => auth.password_memory_kib;
    /// Passwords that may wait to be hashed or checked.
    password_queue, "password-queue", "USHER_PASSWORD_QUEUE" => auth.password_queue;

    /// Provider of OpenID Connect that accounts may sign in at.
    google_issuer, "google-issuer", "USHER_GOOGLE_ISSUER" => google.issuer;
    /// Id of this server at the provider. None: nobody signs in there.
    google_client_id, "google-client-id", "USHER_GOOGLE_CLIENT_ID" => google.client_id;
    /// Secret that belongs to the id.
    google_client_secret, "google-client-secret", "USHER_GOOGLE_CLIENT_SECRET" => google.client_secret;
    /// Where the provider sends browsers back to, as registered there.
    google_redirect_url, "google-redirect-url", "USHER_GOOGLE_REDIRECT_URL" => google.redirect_url;
    /// The page that browsers end up at, with the code for their tokens.
    google_return_url, "google-return-url", "USHER_GOOGLE_RETURN_URL" => google.return_url;
    /// Domain whose hosts are sent the cookie of a sign-in. Without it the host that has set it.
    cookie_domain, "cookie-domain", "USHER_COOKIE_DOMAIN" => google.cookie_domain;

    /// Signing in and buying need a confirmed e-mail address.
    require_confirmed_email, "require-confirmed-email", "USHER_REQUIRE_CONFIRMED_EMAIL"
        => accounts.require_confirmed_email;

    /// Whether orders can be paid without money. Not said: as long as there is no key of Stripe.
    payment_mock, "payment-mock", "USHER_PAYMENT_MOCK" => payments.mock;
    /// Secret (or restricted) key of Stripe. None: nobody pays there.
    stripe_secret_key, "stripe-secret-key", "USHER_STRIPE_SECRET_KEY" => payments.stripe_secret_key;
    /// Secrets that Stripe signs its notices with, separated by commas: two while they are rotated.
    stripe_webhook_secrets, "stripe-webhook-secrets", "USHER_STRIPE_WEBHOOK_SECRETS" => payments.stripe_webhook_secrets;
    /// Where Stripe's API is.
    stripe_api_url, "stripe-api-url", "USHER_STRIPE_API_URL" => payments.stripe_api_url;
    /// What another provider sends as `X-Webhook-Secret`.
    payment_webhook_secret, "payment-webhook-secret", "USHER_PAYMENT_WEBHOOK_SECRET" => payments.webhook_secret;
    /// How long one call of a provider may take.
    payment_timeout, "payment-timeout", "USHER_PAYMENT_TIMEOUT" => payments.timeout;
    /// When a provider is first asked about a payment that it tells nothing of; each next time after twice as long.
    payment_check_after, "payment-check-after", "USHER_PAYMENT_CHECK_AFTER" => payments.check_after;
    /// The pause after a refund's first attempt; each next one is twice as long, up to an hour.
    payment_retry_after, "payment-retry-after", "USHER_PAYMENT_RETRY_AFTER" => payments.retry_after;
    /// Attempts after which a refund is given up.
    payment_attempts_max, "payment-attempts-max", "USHER_PAYMENT_ATTEMPTS_MAX" => payments.attempts_max;

    /// `on` or `off`.
    rate_limit, "rate-limit", "USHER_RATE_LIMIT" => rate_limit.enabled;
    /// Writes per second of one account.
    rate_limit_booking_per_user, "rate-limit-booking-per-user", "USHER_RATE_LIMIT_BOOKING_PER_USER"
        => rate_limit.booking_per_user_per_s;
    /// Reads per second of one account.
    rate_limit_browsing_per_user, "rate-limit-browsing-per-user", "USHER_RATE_LIMIT_BROWSING_PER_USER"
        => rate_limit.browsing_per_user_per_s;
    /// Joins and looks at a waiting room per second of one account.
    rate_limit_queue_per_user, "rate-limit-queue-per-user", "USHER_RATE_LIMIT_QUEUE_PER_USER"
        => rate_limit.queue_per_user_per_s;
    /// Requests per second of one API key.
    rate_limit_per_api_key, "rate-limit-per-api-key", "USHER_RATE_LIMIT_PER_API_KEY" => rate_limit.per_api_key_per_s;
    /// Writes per second of one address.
    rate_limit_booking_per_ip, "rate-limit-booking-per-ip", "USHER_RATE_LIMIT_BOOKING_PER_IP"
        => rate_limit.booking_per_ip_per_s;
    /// Reads per second of one address.
    rate_limit_browsing_per_ip, "rate-limit-browsing-per-ip", "USHER_RATE_LIMIT_BROWSING_PER_IP"
        => rate_limit.browsing_per_ip_per_s;
    /// Joins and looks at a waiting room per second of one address.
    rate_limit_queue_per_ip, "rate-limit-queue-per-ip", "USHER_RATE_LIMIT_QUEUE_PER_IP"
        => rate_limit.queue_per_ip_per_s;
    /// Live feeds that one address opens per second.
    rate_limit_live_per_ip, "rate-limit-live-per-ip", "USHER_RATE_LIMIT_LIVE_PER_IP" => rate_limit.live_per_ip_per_s;
    /// Calls of `/auth` per minute of one address.
    rate_limit_login_per_ip, "rate-limit-login-per-ip", "USHER_RATE_LIMIT_LOGIN_PER_IP"
        => rate_limit.login_per_ip_per_min;

    /// Sockets of the live feed.
    live_sockets_max, "live-sockets-max", "USHER_LIVE_SOCKETS_MAX" => live.sockets_max;
    /// Sockets of one address.
    live_sockets_per_ip_max, "live-sockets-per-ip-max", "USHER_LIVE_SOCKETS_PER_IP_MAX" => live.sockets_per_ip_max;
    /// Sockets of one account.
    live_sockets_per_user_max, "live-sockets-per-user-max", "USHER_LIVE_SOCKETS_PER_USER_MAX"
        => live.sockets_per_user_max;
    /// Sockets being opened at the same time.
    live_handshakes_max, "live-handshakes-max", "USHER_LIVE_HANDSHAKES_MAX" => live.handshakes_max;
    /// A socket that is silent for so long is pinged.
    live_ping_after, "live-ping-after", "USHER_LIVE_PING_AFTER" => live.ping_after;
    /// A socket that is silent for so long is closed.
    live_idle_timeout, "live-idle-timeout", "USHER_LIVE_IDLE_TIMEOUT" => live.idle_timeout;
    /// How long one frame may take to be written.
    live_write_timeout, "live-write-timeout", "USHER_LIVE_WRITE_TIMEOUT" => live.write_timeout;

    /// The server that mails are sent by. Without one they are written into a folder.
    mail_smtp_host, "mail-smtp-host", "USHER_MAIL_SMTP_HOST" => mail.smtp_host;
    /// Its port, if not the usual one.
    mail_smtp_port, "mail-smtp-port", "USHER_MAIL_SMTP_PORT" => mail.smtp_port;
    /// `starttls`, `tls`, or `off`.
    mail_smtp_tls, "mail-smtp-tls", "USHER_MAIL_SMTP_TLS" => mail.smtp_tls;
    /// Whom it knows the server as.
    mail_smtp_user, "mail-smtp-user", "USHER_MAIL_SMTP_USER" => mail.smtp_user;
    /// The password that goes with it.
    mail_smtp_password, "mail-smtp-password", "USHER_MAIL_SMTP_PASSWORD" => mail.smtp_password;
    /// Who mails are from, for instance `Usher <tickets@example.org>`.
    mail_from, "mail-from", "USHER_MAIL_FROM" => mail.from;
    /// Where mails are written without an SMTP server.
    mail_folder, "mail-folder", "USHER_MAIL_FOLDER" => mail.folder;
    /// How long sending one mail may take.
    mail_timeout, "mail-timeout", "USHER_MAIL_TIMEOUT" => mail.timeout;
    /// The pause after a mail's first attempt; each next one is twice as long, up to an hour.
    mail_retry_after, "mail-retry-after", "USHER_MAIL_RETRY_AFTER" => mail.retry_after;
    /// Attempts after which a mail is given up.
    mail_attempts_max, "mail-attempts-max", "USHER_MAIL_ATTEMPTS_MAX" => mail.attempts_max;
    /// How long mails that were sent or given up are listed.
    mail_kept, "mail-kept", "USHER_MAIL_KEPT" => mail.kept;

    /// Whether this server does the jobs (mails, webhooks, reminders). Off: `usher worker` does.
    jobs, "jobs", "USHER_JOBS" => jobs.run;
    /// Whether webhooks may go to private networks and without TLS. For development.
    webhook_allow_private, "webhook-allow-private", "USHER_WEBHOOK_ALLOW_PRIVATE" => jobs.webhook_allow_private;
    /// How long a webhook's receiver may take.
    webhook_timeout, "webhook-timeout", "USHER_WEBHOOK_TIMEOUT" => jobs.webhook_timeout;
    /// The pause after a webhook's first attempt; each next one is twice as long, up to an hour.
    webhook_retry_after, "webhook-retry-after", "USHER_WEBHOOK_RETRY_AFTER" => jobs.webhook_retry_after;
    /// How long a webhook is tried before it is given up.
    webhook_retry_for, "webhook-retry-for", "USHER_WEBHOOK_RETRY_FOR" => jobs.webhook_retry_for;

    /// `json`, `text`, or `auto`: text on a terminal.
    log_format, "log-format", "USHER_LOG_FORMAT" => logs.format;
    /// What is logged, for instance `info,usher=debug`.
    log_filter, "log-filter", "USHER_LOG" => logs.filter;
    /// A line for every request.
    log_access, "log-access", "USHER_LOG_ACCESS" => logs.access;
    /// A request that takes longer is logged.
    log_slow_request, "log-slow-request", "USHER_LOG_SLOW_REQUEST" => logs.slow_request;

    /// First start: whether the demo arena is made.
    demo, "demo", "USHER_DEMO" => first_start.demo;
    /// First start: e-mail address of the admin.
    admin_email, "admin-email", "USHER_ADMIN_EMAIL" => first_start.admin_email;
    /// First start: password of the admin, instead of a generated one.
    admin_password, "admin-password", "USHER_ADMIN_PASSWORD" => first_start.admin_password;
}
