use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use crate::spare_time::SpareTime;
use crate::yielding_threads::YieldingThreads;

/// Passes over the memory; with 19 MiB and one lane the OWASP baseline for argon2id.
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// For a core. Whoever has waited so long tries again, and by then others have given up.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// As low as can be, 1.5 % of the share of a thread that answers: a sale that needs all cores goes on beside a flood of logins.
const NICENESS: i32 = 19;
/// And then a thread rests, so that hashing has what answers leave of the cores: a thread that has slept is given one at once,
/// however nice it is, and keeps it for milliseconds. At most so many times as long as a hash took, and so long.
const RESTS_MAX: u32 = 9;
const REST_MAX: Duration = Duration::from_millis(250);

/// Hashes and checks passwords on threads of their own: at most one per core at a time, a bounded number in the queue, none
/// for longer than [`WAIT_MAX`]. Memory is that of one hash per core.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Compared with when there is no account, so that the answer takes as long.
    nobody: String,
    cores: Arc<Semaphore>,
    hashers: YieldingThreads,
    spare: Arc<Mutex<SpareTime>>,
    queued: AtomicUsize,
    queue_max: usize,
    hashed: AtomicU64,
}

#[derive(Debug, Error)]
pub enum PasswordError {
    /// Nothing happened.
    #[error("too many passwords wait to be checked")]
    QueueFull,
    /// Nothing happened.
    #[error("no core was free in time to check a password")]
    TooLate,
    #[error("no thread can be started to hash passwords")]
    Thread(#[from] std::io::Error),
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

impl Passwords {
    /// # Errors
    /// Parameters that argon2 refuses; no threads.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new(memory_kib: u32, cores: usize, queue_max: usize) -> Result<Self, PasswordError> {
        let params = Params::new(memory_kib, PASSES, LANES, None).map_err(hash_error)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = argon2.hash_password(&crate::ids::entropy::<16>()).map_err(hash_error)?.to_string();
        let cores = cores.max(1);
        Ok(Self {
            argon2,
            nobody,
            cores: Arc::new(Semaphore::new(cores)),
            hashers: YieldingThreads::start("hash", cores, cores, NICENESS)?,
            spare: Arc::new(Mutex::new(SpareTime::of_this_runtime())),
            queued: AtomicUsize::new(0),
            queue_max,
            hashed: AtomicU64::new(0),
        })
    }

    /// Hashes begun since the start, whatever for.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// A hash that no password has, for an account without one.
    pub fn nobody(&self) -> &str {
        &self.nobody
    }

    /// # Errors
    /// A full queue: whatever would be asked next is refused.
    pub fn check_room(&self) -> Result<(), PasswordError> {
        let is_full = self.queued.load(Ordering::Relaxed) >= self.queue_max;
        if is_full { Err(PasswordError::QueueFull) } else { Ok(()) }
    }

    /// # Errors
    /// A full queue, or no core in time: nothing happened.
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        let argon2 = self.argon2.clone();
        self.run(move || {
            let hash = argon2.hash_password(password.expose_secret().as_bytes()).map_err(hash_error)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// `hash`: of the account, or `None` when there is none: takes as long and is never right.
    ///
    /// # Errors
    /// A full queue, no core in time, or a stored hash that is none.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, PasswordError> {
        let argon2 = self.argon2.clone();
        let is_account = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(hash_error)?;
            let is_right = argon2.verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            Ok(is_right && is_account)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = Place::take(&self.queued, self.queue_max).ok_or(PasswordError::QueueFull)?;
        let core = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.cores).acquire_owned()).await;
        let core = core.map_err(|_| PasswordError::TooLate)?.map_err(hash_error)?;
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let spare = Arc::clone(&self.spare);
        // The core is given back by the thread: a caller who hangs up does not free it early.
        self.hashers.run(move || {
            let begun = Instant::now();
            // Nobody may be waiting any more.
            let _gone = answer.send(work());
            let took = begun.elapsed();
            let rest = spare.lock().rest(took);
            std::thread::sleep(rest.min(took * RESTS_MAX).min(REST_MAX));
            drop(core);
        });
        answered.await.map_err(hash_error)?
    }
}

fn hash_error(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Hash(error.to_string())
}

/// One place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(queued: &'a AtomicUsize, max: usize) -> Option<Self> {
        let place = Place(queued);
        (queued.fetch_add(1, Ordering::Relaxed) < max).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn the_right_password_and_no_other_is_right() {
        let passwords = Passwords::new(8, 2, 10).unwrap();
        let hash = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(secret("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("correct horsf"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn without_an_account_no_password_is_right_and_the_work_is_the_same() {
        let passwords = Passwords::new(8, 2, 10).unwrap();
        assert!(!passwords.verify(secret("anything"), None).await.unwrap());
        let stored = passwords.hash(secret("x")).await.unwrap();
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(&passwords.nobody), cost(&stored));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_a_caller_who_leaves_gives_his_place_back() {
        let passwords = Passwords::new(8, 1, 1).unwrap();
        let busy = Arc::clone(&passwords.cores).acquire_owned().await.unwrap();
        {
            let mut waiting = std::pin::pin!(passwords.hash(secret("first")));
            assert!(futures_util::poll!(waiting.as_mut()).is_pending());
            let refused = passwords.hash(secret("second")).await;
            assert!(matches!(refused, Err(PasswordError::QueueFull)), "{refused:?}");
        }
        drop(busy);
        passwords.hash(secret("third")).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gets_no_core_in_time_is_told_so() {
        let passwords = Passwords::new(8, 1, 1).unwrap();
        let busy = Arc::clone(&passwords.cores).acquire_owned().await.unwrap();
        let refused = passwords.hash(secret("first")).await;
        assert!(matches!(refused, Err(PasswordError::TooLate)), "{refused:?}");
        assert_eq!((passwords.hashed(), passwords.queued.load(Ordering::Relaxed)), (0, 0));
        drop(busy);
    }

    #[tokio::test]
    async fn a_caller_who_leaves_early_does_not_free_the_core_early() {
        let passwords = Passwords::new(8, 1, 2).unwrap();
        let (go, wait) = std::sync::mpsc::sync_channel::<()>(1);
        {
            let mut leaving = std::pin::pin!(passwords.run(move || { wait.recv().map_err(hash_error) }));
            assert!(futures_util::poll!(leaving.as_mut()).is_pending());
        }
        assert_eq!(passwords.cores.available_permits(), 0);
        go.send(()).unwrap();
        passwords.hash(secret("next")).await.unwrap();
    }
}
