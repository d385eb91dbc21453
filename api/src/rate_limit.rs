//! How often one account, one API key and one address may ask. Lanes keep a browser that polls from using up what a purchase needs.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::Method;
use inventory::UserId;
use uuid::Uuid;

use crate::config;
use crate::error::ApiError;

/// A lane lets through at once what it lets through in so many seconds.
const BURST_S: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Login,
    Booking,
    Browsing,
    /// Joining a waiting room, looking after a place in it, leaving.
    Queue,
    /// Opening a live feed.
    Live,
}

impl Lane {
    pub fn of(method: &Method, path: &str) -> Self {
        if path.starts_with("/api/v1/auth/") || (!method.is_safe() && asks_for_a_password(method, path)) {
            Self::Login
        } else if path.ends_with("/waiting-room") {
            Self::Queue
        } else if path.starts_with("/api/v1/events/") && path.ends_with("/live") {
            Self::Live
        } else if method.is_safe() || path == "/api/v1/payments/stripe/webhook" {
            // A provider tells of all purchases from a few addresses; what it does not sign is refused at no cost.
            Self::Browsing
        } else {
            Self::Booking
        }
    }
}

/// A way to guess it.
fn asks_for_a_password(method: &Method, path: &str) -> bool {
    match path {
        "/api/v1/me" => *method == Method::DELETE,
        "/api/v1/me/password" | "/api/v1/me/api-keys" => true,
        _ => path.starts_with("/api/v1/me/second-factor"),
    }
}

/// Passes everything when switched off.
pub struct RateLimits(Option<Lanes>);

struct Lanes {
    clock: DefaultClock,
    booking_per_user: DefaultKeyedRateLimiter<[u8; 16]>,
    browsing_per_user: DefaultKeyedRateLimiter<[u8; 16]>,
    per_api_key: DefaultKeyedRateLimiter<[u8; 16]>,
    queue_per_user: DefaultKeyedRateLimiter<[u8; 16]>,
    booking_per_ip: DefaultKeyedRateLimiter<IpAddr>,
    browsing_per_ip: DefaultKeyedRateLimiter<IpAddr>,
    queue_per_ip: DefaultKeyedRateLimiter<IpAddr>,
    live_per_ip: DefaultKeyedRateLimiter<IpAddr>,
    login_per_ip: DefaultKeyedRateLimiter<IpAddr>,
}

impl RateLimits {
    pub fn new(config: &config::RateLimit) -> Self {
        Self(config.enabled.then(|| Lanes {
            clock: DefaultClock::default(),
            booking_per_user: RateLimiter::keyed(per_second(config.booking_per_user_per_s)),
            browsing_per_user: RateLimiter::keyed(per_second(config.browsing_per_user_per_s)),
            queue_per_user: RateLimiter::keyed(per_second(config.queue_per_user_per_s)),
            per_api_key: RateLimiter::keyed(per_second(config.per_api_key_per_s)),
            booking_per_ip: RateLimiter::keyed(per_second(config.booking_per_ip_per_s)),
            browsing_per_ip: RateLimiter::keyed(per_second(config.browsing_per_ip_per_s)),
            queue_per_ip: RateLimiter::keyed(per_second(config.queue_per_ip_per_s)),
            live_per_ip: RateLimiter::keyed(per_second(config.live_per_ip_per_s)),
            login_per_ip: RateLimiter::keyed(Quota::per_minute(at_least_one(config.login_per_ip_per_min))),
        }))
    }

    /// # Errors
    /// 429 with the time after which the next request passes.
    pub fn check_user(&self, lane: Lane, user: UserId) -> Result<(), ApiError> {
        let Some(lanes) = &self.0 else { return Ok(()) };
        match lane {
            // Open feeds of one account are counted.
            Lane::Login | Lane::Live => Ok(()),
            Lane::Booking => lanes.check(&lanes.booking_per_user, &user.bytes()),
            Lane::Browsing => lanes.check(&lanes.browsing_per_user, &user.bytes()),
            Lane::Queue => lanes.check(&lanes.queue_per_user, &user.bytes()),
        }
    }

    /// A machine has a share of its own. What it books counts against that of its owner as well.
    ///
    /// # Errors
    /// 429 with the time after which the next request passes.
    pub fn check_api_key(&self, key: Uuid) -> Result<(), ApiError> {
        let Some(lanes) = &self.0 else { return Ok(()) };
        lanes.check(&lanes.per_api_key, &key.into_bytes())
    }

    /// # Errors
    /// 429 with the time after which the next request passes.
    pub fn check_ip(&self, lane: Lane, ip: IpAddr) -> Result<(), ApiError> {
        let Some(lanes) = &self.0 else { return Ok(()) };
        let limiter = match lane {
            Lane::Login => &lanes.login_per_ip,
            Lane::Booking => &lanes.booking_per_ip,
            Lane::Browsing => &lanes.browsing_per_ip,
            Lane::Queue => &lanes.queue_per_ip,
            Lane::Live => &lanes.live_per_ip,
        };
        lanes.check(limiter, &subscriber(ip))
    }

    /// Forgets who has not asked for a while: the stores never shrink by themselves. Called each minute.
    pub fn prune(&self) {
        let Some(lanes) = &self.0 else { return };
        for by_id in [&lanes.booking_per_user, &lanes.browsing_per_user, &lanes.queue_per_user, &lanes.per_api_key] {
            by_id.retain_recent();
            by_id.shrink_to_fit();
        }
        for by_ip in [
            &lanes.booking_per_ip,
            &lanes.browsing_per_ip,
            &lanes.queue_per_ip,
            &lanes.live_per_ip,
            &lanes.login_per_ip,
        ] {
            by_ip.retain_recent();
            by_ip.shrink_to_fit();
        }
    }
}

impl Lanes {
    fn check<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
    ) -> Result<(), ApiError> {
        limiter.check_key(key).map_err(|denied| {
            let retry_after = denied.wait_time_from(self.clock.now());
            ApiError::RateLimited { retry_after: retry_after.max(Duration::from_millis(1)) }
        })
    }
}

fn per_second(rate: u32) -> Quota {
    Quota::per_second(at_least_one(rate)).allow_burst(at_least_one(rate.saturating_mul(BURST_S)))
}

fn at_least_one(rate: u32) -> NonZeroU32 {
    NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN)
}

/// One IPv6 customer has a whole /64.
pub fn subscriber(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        let config = crate::config::Config::default().rate_limit;
        RateLimits::new(&config::RateLimit { booking_per_user_per_s: 2, booking_per_ip_per_s: 2, ..config })
    }

    fn admitted(mut check: impl FnMut() -> Result<(), ApiError>) -> usize {
        (0..50).take_while(|_| check().is_ok()).count()
    }

    #[test]
    fn the_line_has_a_lane_of_its_own_for_waiters_and_not_for_organizers() {
        let room = "/api/v1/events/019aa1b2-0000-7000-8000-000000000001/waiting-room";
        for method in [Method::GET, Method::POST, Method::DELETE] {
            assert_eq!(Lane::of(&method, room), Lane::Queue, "{method}");
        }
        assert_eq!(Lane::of(&Method::PUT, &format!("{room}/settings")), Lane::Booking);
        assert_eq!(Lane::of(&Method::GET, &format!("{room}/proof")), Lane::Browsing);
    }

    #[test]
    fn what_asks_for_a_password_has_the_lane_of_logins() {
        for (method, path) in [
            (Method::POST, "/api/v1/auth/login"),
            (Method::PUT, "/api/v1/me/password"),
            (Method::DELETE, "/api/v1/me"),
            (Method::POST, "/api/v1/me/api-keys"),
            (Method::POST, "/api/v1/me/second-factor"),
            (Method::POST, "/api/v1/me/second-factor/confirm"),
            (Method::DELETE, "/api/v1/me/second-factor"),
        ] {
            assert_eq!(Lane::of(&method, path), Lane::Login, "{method} {path}");
        }
        assert_eq!(Lane::of(&Method::GET, "/api/v1/me/second-factor"), Lane::Browsing);
        assert_eq!(Lane::of(&Method::PATCH, "/api/v1/me"), Lane::Booking);
    }

    #[test]
    fn notices_of_a_provider_do_not_share_the_few_bookings_of_one_address() {
        assert_eq!(Lane::of(&Method::POST, "/api/v1/payments/stripe/webhook"), Lane::Browsing);
        assert_eq!(Lane::of(&Method::POST, "/api/v1/payments/stripe/webhook/x"), Lane::Booking);
    }

    #[test]
    fn lanes_and_accounts_do_not_use_up_each_others_share() {
        let limits = limits();
        let (alice, bob) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        assert_eq!(admitted(|| limits.check_user(Lane::Booking, alice)), 4);
        assert!(limits.check_user(Lane::Browsing, alice).is_ok());
        assert!(limits.check_user(Lane::Booking, bob).is_ok());
    }

    #[test]
    fn a_machine_has_a_share_of_its_own() {
        let config = crate::config::Config::default().rate_limit;
        let limits = RateLimits::new(&config::RateLimit { per_api_key_per_s: 3, ..config });
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(admitted(|| limits.check_api_key(one)), 6);
        assert!(limits.check_api_key(other).is_ok());
        assert!(limits.check_user(Lane::Booking, UserId::from_uuid(one)).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_customer_share_a_limit() {
        let limits = limits();
        let mut host = 0;
        let count = admitted(|| {
            host += 1;
            let ip = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, host));
            limits.check_ip(Lane::Booking, ip)
        });
        assert_eq!(count, 4);
        let next = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 8, 0, 0, 0, 1));
        assert!(limits.check_ip(Lane::Booking, next).is_ok());
    }

    #[test]
    fn a_denial_says_how_long_to_wait() {
        let limits = limits();
        let ip = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        admitted(|| limits.check_ip(Lane::Booking, ip));
        let Err(ApiError::RateLimited { retry_after }) = limits.check_ip(Lane::Booking, ip) else { panic!("admitted") };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_millis(500), "{retry_after:?}");
    }

    #[test]
    fn switched_off_it_lets_everything_through() {
        let config = crate::config::Config::default().rate_limit;
        let limits = RateLimits::new(&config::RateLimit { enabled: false, booking_per_user_per_s: 1, ..config });
        assert_eq!(admitted(|| limits.check_user(Lane::Booking, UserId::from_bytes([1; 16]))), 50);
    }
}
