//! What the server shows after the run: each acknowledged order and its tickets, every order of every account, the counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use tokio::task::JoinSet;
use uuid::Uuid;
use wire::{Availability, Order, Page, Ticket};

use super::Asked;
use crate::account::{Account, Accounts};
use crate::arena::Arena;
use crate::client::{Client, Outcome};
use crate::measure::Step;
use crate::pool::Call;
use crate::terminal::Progress;

const AT_ONCE: usize = 32;

pub struct Found {
    /// By `GET /orders/{id}`, of those acknowledged as paid. Missing: answered as not found.
    pub orders: BTreeMap<Uuid, Order>,
    /// By `GET /orders/{id}/tickets`, of the same.
    pub tickets: BTreeMap<Uuid, Vec<Ticket>>,
    /// By `GET /orders` of each account: those of this event since the run began, with the account's number.
    pub listed: BTreeMap<Uuid, (u32, Order)>,
    pub after: Availability,
    /// Places of the seat map.
    pub capacity: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tickets {
    Page(Page<Ticket>),
    All(Vec<Ticket>),
}

enum Piece {
    Order(Uuid, Option<Box<(Order, Vec<Ticket>)>>),
    Listed(u32, Vec<Order>),
}

impl Found {
    /// # Errors
    /// The server refuses or does not answer. An order that is not there is no error: it is what is looked for.
    pub async fn collect(
        client: &Client,
        asked: &Asked,
        arena: &Arena,
        accounts: &Accounts,
        progress: &Progress,
    ) -> Result<Self> {
        let accounts = accounts.all();
        progress.begin("audit", (asked.paid.len() + accounts.len()) as u64);
        let mut found = Self {
            orders: BTreeMap::new(),
            tickets: BTreeMap::new(),
            listed: BTreeMap::new(),
            after: client.ask(Step::Audit, None, &arena.availability_call()).await?,
            capacity: arena.capacity(),
        };
        let mut tasks = JoinSet::new();
        for (id, paid) in &asked.paid {
            let account =
                accounts.get(paid.account as usize).context("an order of an account that is not in the log")?;
            let (client, account, id) = (client.clone(), Arc::clone(account), *id);
            tasks.spawn(async move { order(&client, &account, id).await });
            found.take(&mut tasks, AT_ONCE, asked, progress).await?;
        }
        for (number, account) in (0u32..).zip(accounts) {
            let (client, account, event) = (client.clone(), Arc::clone(account), asked.run.event);
            tasks.spawn(async move { Ok(Piece::Listed(number, list(&client, &account, event).await?)) });
            found.take(&mut tasks, AT_ONCE, asked, progress).await?;
        }
        found.take(&mut tasks, 1, asked, progress).await?;
        progress.end();
        Ok(found)
    }

    /// Takes in what is done until fewer than `fewer` are under way.
    async fn take(
        &mut self,
        tasks: &mut JoinSet<Result<Piece>>,
        fewer: usize,
        asked: &Asked,
        progress: &Progress,
    ) -> Result<()> {
        while tasks.len() >= fewer {
            match tasks.join_next().await.context("no task")??? {
                Piece::Order(id, Some(shown)) => {
                    let (order, tickets) = *shown;
                    self.orders.insert(id, order);
                    self.tickets.insert(id, tickets);
                }
                Piece::Order(_, None) => {}
                Piece::Listed(number, orders) => {
                    let ours = orders.into_iter().filter(|order| order.placed_at >= asked.run.started_at);
                    self.listed.extend(ours.map(|order| (order.id, (number, order))));
                }
            }
            progress.step();
        }
        Ok(())
    }
}

async fn order(client: &Client, account: &Account, id: Uuid) -> Result<Piece> {
    let path = format!("/api/v1/orders/{id}");
    let shown = client.settle(Step::Audit, Some(account), &Call::get(path.clone()), Instant::now()).await;
    let order = match shown.read::<Order>().outcome {
        Outcome::Done(order) => order,
        Outcome::Refused(refusal) if refusal.status == 404 => return Ok(Piece::Order(id, None)),
        Outcome::Refused(refusal) => bail!("{path}: {}", refusal.code),
        Outcome::GaveUp { .. } => bail!("{path}: no answer"),
        Outcome::Broken(what) => return Err(anyhow!("{path}: {what}")),
    };
    let tickets = match client.ask(Step::Audit, Some(account), &Call::get(format!("{path}/tickets"))).await? {
        Tickets::Page(page) => page.items,
        Tickets::All(tickets) => tickets,
    };
    Ok(Piece::Order(id, Some(Box::new((order, tickets)))))
}

async fn list(client: &Client, account: &Account, event: Uuid) -> Result<Vec<Order>> {
    let mut orders = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        let page: Page<Order> =
            client.ask(Step::Audit, Some(account), &Call::get(format!("/api/v1/orders{query}"))).await?;
        orders.extend(page.items.into_iter().filter(|order| order.event_id == event));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(orders),
        }
    }
}
