//! How many sockets there may be: in all, of one address, of one account.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use inventory::UserId;
use parking_lot::Mutex;

use crate::config;
use crate::rate_limit;

pub struct Caps {
    max: usize,
    per_ip_max: usize,
    per_user_max: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_ip: HashMap<IpAddr, usize>,
    by_user: HashMap<UserId, usize>,
}

/// One socket's place, given back when dropped.
pub struct Place {
    caps: Arc<Caps>,
    ip: IpAddr,
    user: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    All,
    Address,
    Account,
}

impl Caps {
    pub fn new(config: &config::Live) -> Arc<Self> {
        Arc::new(Self {
            max: config.sockets_max,
            per_ip_max: config.sockets_per_ip_max,
            per_user_max: config.sockets_per_user_max,
            counts: Mutex::default(),
        })
    }

    pub fn sockets(&self) -> usize {
        self.counts.lock().all
    }

    /// # Errors
    /// The first cap that is reached. Nothing is counted then.
    pub fn enter(self: &Arc<Self>, ip: IpAddr, user: Option<UserId>) -> Result<Place, Full> {
        let ip = rate_limit::subscriber(ip);
        let mut counts = self.counts.lock();
        let of_user = user.and_then(|user| counts.by_user.get(&user)).copied().unwrap_or(0);
        if of_user >= self.per_user_max {
            return Err(Full::Account);
        }
        if counts.by_ip.get(&ip).copied().unwrap_or(0) >= self.per_ip_max {
            return Err(Full::Address);
        }
        if counts.all >= self.max {
            return Err(Full::All);
        }
        counts.all += 1;
        *counts.by_ip.entry(ip).or_default() += 1;
        if let Some(user) = user {
            *counts.by_user.entry(user).or_default() += 1;
        }
        Ok(Place { caps: Arc::clone(self), ip, user })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.caps.counts.lock();
        counts.all -= 1;
        decrease(&mut counts.by_ip, &self.ip);
        if let Some(user) = self.user {
            decrease(&mut counts.by_user, &user);
        }
    }
}

/// Who has none left is forgotten: the maps are no larger than what is open.
fn decrease<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId::from_bytes([1; 16]);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn caps(all: usize, per_ip: usize, per_user: usize) -> Arc<Caps> {
        let config = config::Config::default().live;
        Caps::new(&config::Live {
            sockets_max: all,
            sockets_per_ip_max: per_ip,
            sockets_per_user_max: per_user,
            ..config
        })
    }

    #[test]
    fn each_cap_is_exact_and_a_place_is_given_back() {
        let caps = caps(5, 3, 2);
        let mut places: Vec<Place> =
            (0..3).map(|_| caps.enter(ip("10.0.0.1"), None).unwrap_or_else(|full| panic!("{full:?}"))).collect();
        assert_eq!(caps.enter(ip("10.0.0.1"), None).err(), Some(Full::Address));
        places.push(caps.enter(ip("10.0.0.2"), Some(ALICE)).unwrap_or_else(|full| panic!("{full:?}")));
        places.push(caps.enter(ip("10.0.0.3"), Some(ALICE)).unwrap_or_else(|full| panic!("{full:?}")));
        assert_eq!(caps.enter(ip("10.0.0.4"), Some(ALICE)).err(), Some(Full::Account));
        assert_eq!(caps.enter(ip("10.0.0.4"), None).err(), Some(Full::All));
        places.remove(0);
        places.push(caps.enter(ip("10.0.0.1"), None).unwrap_or_else(|full| panic!("{full:?}")));
        assert_eq!(caps.sockets(), 5);
        drop(places);
        let counts = caps.counts.lock();
        assert_eq!((counts.all, counts.by_ip.len(), counts.by_user.len()), (0, 0, 0));
    }

    #[test]
    fn addresses_of_one_ipv6_customer_count_together() {
        let caps = caps(5, 1, 5);
        let _first = caps.enter(ip("2001:db8:0:7::1"), None).unwrap_or_else(|full| panic!("{full:?}"));
        assert_eq!(caps.enter(ip("2001:db8:0:7::2"), None).err(), Some(Full::Address));
        assert!(caps.enter(ip("2001:db8:0:8::1"), None).is_ok());
    }
}
