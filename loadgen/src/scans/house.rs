//! What the organizer of an event does before its doors open.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use uuid::Uuid;
use wire::{
    Hold, HoldItem, HoldRequest, Order, OrderRequest, PayRequest, PaymentMethod, RefundRequest, ScannerCreate,
    ScannerIssued,
};

use crate::account::Account;
use crate::client::Client;
use crate::measure::Step;
use crate::pool::Call;

/// As many as a hold may have.
const TICKETS_PER_ORDER: u32 = 10;
/// That are bought to be given back, and at another event.
pub(super) const SPARE_TICKETS: u32 = TICKETS_PER_ORDER;
/// The event, by its organizer.
pub(super) struct House<'a> {
    client: &'a Client,
    owner: &'a Account,
    event: String,
    id: Uuid,
}

impl<'a> House<'a> {
    pub(super) fn new(client: &'a Client, owner: &'a Account, id: Uuid) -> Self {
        Self { client, owner, event: format!("/api/v1/events/{id}"), id }
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        let reply = self.client.ask_raw(Step::Setup, Some(self.owner), &call).await?;
        Ok(serde_json::from_slice(&reply.body)?)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let path = format!("{}{path}", self.event);
        self.ask(Call { method: hyper::Method::GET, path, key: None, body: None }).await
    }

    /// The codes of as many tickets, and the orders that they are of.
    pub(super) async fn tickets(&self, count: u32) -> Result<(Vec<Arc<str>>, Vec<Uuid>)> {
        let (mut codes, mut orders) = (Vec::with_capacity(count as usize), Vec::new());
        while codes.len() < count as usize {
            let quantity = TICKETS_PER_ORDER.min(count - codes.len() as u32);
            let area = Some("FLOOR".to_owned());
            let item = HoldItem { area, quantity: Some(i64::from(quantity)), ..HoldItem::default() };
            let wanted = HoldRequest { items: vec![item], ..HoldRequest::default() };
            let hold: Hold = self.ask(Call::post(format!("{}/holds", self.event), None, &wanted)?).await?;
            let wanted =
                OrderRequest { event_id: self.id, hold_id: hold.id, attendees: Vec::new(), accept_other_seats: false };
            let order: Order = self.ask(Call::post("/api/v1/orders".to_owned(), None, &wanted)?).await?;
            let pay = PayRequest { method: PaymentMethod::Mock, outcome: None, amount: Some(order.total) };
            let paid: Order = self.ask(Call::post(format!("/api/v1/orders/{}/pay", order.id), None, &pay)?).await?;
            orders.push(paid.id);
            codes.extend(paid.tickets.into_iter().filter_map(|ticket| ticket.code).map(Arc::from));
        }
        Ok((codes, orders))
    }

    /// Codes of tickets that were good once.
    pub(super) async fn refunded(&self) -> Result<Vec<Arc<str>>> {
        let (codes, orders) = self.tickets(SPARE_TICKETS).await?;
        for order in orders {
            let all = RefundRequest { tickets: Vec::new(), amount: None, to: None, reason: None };
            let _: Order = self.ask(Call::post(format!("/api/v1/orders/{order}/refund"), None, &all)?).await?;
        }
        Ok(codes)
    }

    pub(super) fn scans(&self) -> String {
        format!("{}/gate/scans", self.event)
    }

    /// The key of a scanner that is made for it.
    pub(super) async fn gate(&self, number: u32) -> Result<String> {
        let wanted = ScannerCreate { name: format!("Gate {number}"), list: None, gate: None, expires_at: None };
        let made: ScannerIssued = self.ask(Call::post(format!("{}/scanners", self.event), None, &wanted)?).await?;
        made.key.context("a scanner without its key")
    }
}
