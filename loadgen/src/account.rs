//! The buyers' accounts, made or signed in before the clock starts, and shared in turn when there are fewer than buyers.

use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use wire::{LoginRequest, RegisterRequest, Tokens};

use crate::client::Client;
use crate::measure::Step;
use crate::pool::Call;
use crate::terminal::Progress;

/// Log-ins under way at once. The server hashes each password for tens of milliseconds on a core of its own.
const SIGN_INS_AT_ONCE: usize = 16;

/// As kept in the accounts file and the log. The passwords guard nothing: they are made for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    pub email: String,
    pub password: String,
    #[serde(default)]
    pub token: String,
}

#[derive(Debug)]
pub struct Account {
    email: String,
    password: String,
    token: RwLock<Arc<str>>,
    holds: AtomicU32,
    units: AtomicU32,
}

impl Account {
    pub fn new(credentials: Credentials) -> Self {
        Self {
            email: credentials.email,
            password: credentials.password,
            token: RwLock::new(credentials.token.into()),
            holds: AtomicU32::new(0),
            units: AtomicU32::new(0),
        }
    }

    pub fn token(&self) -> Arc<str> {
        Arc::clone(&self.token.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn credentials(&self) -> Credentials {
        Credentials { email: self.email.clone(), password: self.password.clone(), token: self.token().to_string() }
    }

    /// # Errors
    /// The server does not know the account, or does not answer.
    pub async fn sign_in(&self, client: &Client) -> Result<()> {
        let body = LoginRequest { email: self.email.clone(), password: self.password.clone() };
        let call = Call::post("/api/v1/auth/login".to_owned(), None, &body)?;
        let tokens: Tokens = client.ask(Step::Setup, None, &call).await?;
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = tokens.access_token.into();
        Ok(())
    }

    async fn register(&self, client: &Client) -> Result<()> {
        let (name, email) = ("Load Generator".to_owned(), self.email.clone());
        let body = RegisterRequest { name, email, password: self.password.clone() };
        let call = Call::post("/api/v1/auth/register".to_owned(), None, &body)?;
        client.ask_raw(Step::Setup, None, &call).await?;
        self.sign_in(client).await
    }

    /// Ends a visit: `kept` says that its hold lives on, `bought` how many units became the account's own.
    pub fn leave(&self, kept: bool, wanted: u32, bought: u32) {
        if !kept {
            self.holds.fetch_sub(1, Relaxed);
        }
        self.units.fetch_sub(wanted.saturating_sub(bought), Relaxed);
    }
}

/// What one customer may have, by the event's policy.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    pub holds: u32,
    pub units: u32,
}

pub struct Accounts {
    all: Vec<Arc<Account>>,
    next: AtomicUsize,
}

impl Accounts {
    pub fn new(all: Vec<Arc<Account>>) -> Self {
        Self { all, next: AtomicUsize::new(0) }
    }

    /// Signs in those of `file` and registers what is missing to `wanted`; writes them all back to `file`.
    ///
    /// # Errors
    /// The file cannot be read or written, or an account cannot be made.
    pub async fn prepare(
        client: &Client,
        wanted: usize,
        file: Option<&Path>,
        tag: &str,
        progress: &Progress,
    ) -> Result<Self> {
        let known = match file {
            Some(path) if path.exists() => read(path)?,
            Some(_) | None => Vec::new(),
        };
        let is_known = known.len();
        let fresh = (is_known..wanted).map(|number| Credentials {
            email: format!("buyer-{tag}-{number}@load.example"),
            password: format!("load-{tag}-{:016x}", rand::random::<u64>()),
            token: String::new(),
        });
        let all: Vec<Arc<Account>> =
            known.into_iter().take(wanted).chain(fresh).map(|one| Arc::new(Account::new(one))).collect();
        progress.begin("accounts", all.len() as u64);
        let mut tasks = JoinSet::new();
        for (number, account) in all.iter().enumerate() {
            if tasks.len() == SIGN_INS_AT_ONCE {
                next(&mut tasks, progress).await?;
            }
            let (client, account) = (client.clone(), Arc::clone(account));
            tasks.spawn(async move {
                if number < is_known { account.sign_in(&client).await } else { account.register(&client).await }
            });
        }
        while !tasks.is_empty() {
            next(&mut tasks, progress).await?;
        }
        progress.end();
        let accounts = Self::new(all);
        if let Some(path) = file {
            accounts.write(path)?;
        }
        Ok(accounts)
    }

    fn write(&self, path: &Path) -> Result<()> {
        let all: Vec<Credentials> = self.all.iter().map(|account| account.credentials()).collect();
        std::fs::write(path, serde_json::to_vec(&all)?).with_context(|| format!("writing {}", path.display()))
    }

    pub fn all(&self) -> &[Arc<Account>] {
        &self.all
    }

    /// The next account that may still hold `units`, and its number; when none may, the next one, and the server says
    /// no. The visit must end by [`Account::leave`].
    pub fn take(&self, units: u32, allowance: Allowance) -> (u32, Arc<Account>) {
        let first = self.next.fetch_add(1, Relaxed);
        let index = (0..self.all.len()).map(|step| (first + step) % self.all.len()).find(|index| {
            let account = &self.all[*index];
            account.holds.load(Relaxed) < allowance.holds
                && account.units.load(Relaxed).saturating_add(units) <= allowance.units
        });
        let index = index.unwrap_or(first % self.all.len());
        let account = &self.all[index];
        account.holds.fetch_add(1, Relaxed);
        account.units.fetch_add(units, Relaxed);
        (index as u32, Arc::clone(account))
    }
}

fn read(path: &Path) -> Result<Vec<Credentials>> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not an accounts file", path.display()))
}

async fn next(tasks: &mut JoinSet<Result<()>>, progress: &Progress) -> Result<()> {
    match tasks.join_next().await {
        Some(Ok(done)) => done.context("preparing an account")?,
        Some(Err(error)) => bail!("preparing an account: {error}"),
        None => {}
    }
    progress.step();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(number: usize) -> Accounts {
        let one = |at| Credentials { email: format!("{at}@x"), password: String::new(), token: String::new() };
        Accounts::new((0..number).map(|at| Arc::new(Account::new(one(at)))).collect())
    }

    #[test]
    fn buyers_share_accounts_in_turn_and_skip_those_that_have_enough() {
        let accounts = accounts(3);
        let allowance = Allowance { holds: 1, units: 4 };
        let taken: Vec<u32> = (0..3).map(|_| accounts.take(2, allowance).0).collect();
        assert_eq!(taken, [0, 1, 2]);
        accounts.all()[1].leave(false, 2, 0);
        assert_eq!(accounts.take(2, allowance).0, 1, "the only one without a hold");
        accounts.all()[2].leave(false, 2, 2);
        assert_eq!(accounts.take(3, allowance).0, 1, "nobody may: whose turn it is");
        accounts.all()[1].leave(false, 3, 0);
        assert_eq!(accounts.take(2, allowance).0, 2, "two bought and two more");
    }
}
