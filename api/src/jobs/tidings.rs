//! What is told to whom when something has happened to an order, a ticket or an event.

use inventory::{OutboxKind, TicketId, TimeUs, UserId};
use persistence::{
    Event, KnownEvent, NewMail, NewNotice, NoticeKind, Order, Outbox, OutboxOutcome, Store, StoreError, Ticket,
    TicketState, WebhookNews,
};
use thiserror::Error;
use wire::WebhookType;

use crate::mail::{self, Letter, Purchase, Refund, Show, TicketNote};
use crate::{counter, derived_id, money, time};

#[derive(Debug, Error)]
pub enum TidingsError {
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A row that the same commit has written.
    #[error("{0} has no row")]
    Missing(&'static str),
    #[error("a letter cannot be written: {0}")]
    Letter(#[from] serde_json::Error),
    #[error("it is not for this worker")]
    Foreign,
}

/// What follows from the work on the event, to be written when it is called done.
///
/// # Errors
/// The store is not available, or lacks what it must have.
pub async fn of(store: &Store, event: &Event, work: &Outbox, now: TimeUs) -> Result<OutboxOutcome, TidingsError> {
    let desk = Desk { store, work, event, now };
    let (r#type, object, mails) = match work.kind {
        OutboxKind::OrderPaid => (WebhookType::OrderPaid, work.order_id.uuid(), desk.paid().await?),
        OutboxKind::OrderCancelled => (WebhookType::OrderCancelled, work.order_id.uuid(), desk.cancelled().await?),
        OutboxKind::OrderRefunded => (WebhookType::OrderRefunded, work.order_id.uuid(), desk.refunded().await?),
        OutboxKind::TicketTransferred => {
            let ticket = desk.ticket().await?;
            (WebhookType::TicketTransferred, ticket.id.uuid(), desk.transferred(&ticket).await?)
        }
        OutboxKind::EventPublished => (WebhookType::EventPublished, event.id.uuid(), Vec::new()),
        OutboxKind::EventCancelled => (WebhookType::EventCancelled, event.id.uuid(), Vec::new()),
        OutboxKind::TicketCheckedIn => {
            let ticket = work.ticket_id.ok_or(TidingsError::Missing("the ticket"))?;
            (WebhookType::TicketCheckedIn, ticket.uuid(), Vec::new())
        }
        OutboxKind::WaitlistOffer => {
            return Ok(OutboxOutcome::Done { mails: desk.offered().await?, news: None, notice: None });
        }
        OutboxKind::PaymentRefund => return Err(TidingsError::Foreign),
    };
    let news = WebhookNews {
        id: desk.id("news", None),
        organizer: event.organizer_id,
        event: event.id,
        kind: r#type.name(),
        object,
        occurred_at: work.created_at,
        now,
    };
    let is_off = work.kind == OutboxKind::EventCancelled;
    let notice =
        is_off.then_some(NewNotice { event: event.id, kind: NoticeKind::Cancelled, due_at: now, before: None, now });
    Ok(OutboxOutcome::Done { mails, news: Some(news), notice })
}

/// What a buyer is told of a paid order. What has become of its tickets since is told by mails of its own.
pub fn purchase(event: &Event, order: &Order, tickets: &[Ticket]) -> Purchase {
    let is_his = |ticket: &&Ticket| ticket.holder_id == order.customer_id && ticket.state != TicketState::Voided;
    Purchase {
        order: order.id.uuid(),
        show: Show::of(event.id, &KnownEvent::of(event)),
        total: money::text(order.total_minor, &order.currency),
        tickets: tickets.iter().filter(is_his).map(note).collect(),
        at_box_office: counter::is_house(order.customer_id, order.event_id),
    }
}

/// Where the letters of one happening are written.
struct Desk<'a> {
    store: &'a Store,
    work: &'a Outbox,
    event: &'a Event,
    now: TimeUs,
}

impl Desk<'_> {
    /// The same whenever it is asked for.
    fn id(&self, what: &str, user: Option<UserId>) -> uuid::Uuid {
        let Outbox { event_id, lsn, kind, created_at, .. } = self.work;
        let user = user.map(UserId::bytes).unwrap_or_default();
        let parts: [&[u8]; 5] =
            [what.as_bytes(), &event_id.bytes(), &lsn.0.to_le_bytes(), kind.name().as_bytes(), &user];
        derived_id::of(*created_at, &parts)
    }

    fn show(&self) -> Show {
        Show::of(self.event.id, &KnownEvent::of(self.event))
    }

    async fn order(&self) -> Result<Order, TidingsError> {
        self.store.order_find(self.work.order_id).await?.ok_or(TidingsError::Missing("the order"))
    }

    async fn ticket(&self) -> Result<Ticket, TidingsError> {
        let missing = TidingsError::Missing("the ticket");
        let Some(ticket) = self.work.ticket_id else { return Err(missing) };
        self.store.ticket_find(ticket).await?.ok_or(missing)
    }

    /// Nobody is written to whose account is gone.
    async fn to(&self, user: UserId, letter: &Letter) -> Result<Option<NewMail>, TidingsError> {
        let Some(user) = self.store.user_find(user).await? else { return Ok(None) };
        Ok(Some(mail::row(self.id("mail", Some(user.id)), &user.email, letter, self.now)?))
    }

    /// Who bought at the counter has no account, and left an address or none.
    async fn to_counter_buyer(&self, order: &Order, letter: &Letter) -> Result<Option<NewMail>, TidingsError> {
        let named = self.store.attendees_list(order.id).await?;
        let email = named.into_iter().find(|buyer| buyer.position == 0).and_then(|buyer| buyer.email);
        let mail = email.map(|email| mail::row(self.id("mail", Some(order.customer_id)), &email, letter, self.now));
        Ok(mail.transpose()?)
    }

    /// Of a sale at the counter, that has sent the tickets itself: to nobody.
    async fn paid(&self) -> Result<Vec<NewMail>, TidingsError> {
        let order = self.order().await?;
        let tickets = self.store.ticket_list(order.id).await?;
        let letter = Letter::OrderPaid(Box::new(purchase(self.event, &order, &tickets)));
        Ok(self.to(order.customer_id, &letter).await?.into_iter().collect())
    }

    async fn cancelled(&self) -> Result<Vec<NewMail>, TidingsError> {
        let letter = Letter::OrderCancelled { order: self.work.order_id.uuid(), show: Box::new(self.show()) };
        Ok(self.to(self.work.user_id, &letter).await?.into_iter().collect())
    }

    async fn refunded(&self) -> Result<Vec<NewMail>, TidingsError> {
        let order = self.order().await?;
        let letter = Letter::OrderRefunded(Box::new(Refund {
            order: order.id.uuid(),
            show: self.show(),
            total: money::text(order.total_minor, &order.currency),
            refunded: money::text(order.refunded_minor, &order.currency),
            at_box_office: counter::is_house(order.customer_id, order.event_id),
        }));
        if counter::is_house(order.customer_id, order.event_id) {
            return Ok(self.to_counter_buyer(&order, &letter).await?.into_iter().collect());
        }
        Ok(self.to(order.customer_id, &letter).await?.into_iter().collect())
    }

    /// Nothing, when something has become of the offer since, or when nobody could buy it any more.
    async fn offered(&self) -> Result<Vec<NewMail>, TidingsError> {
        let Some(entry) = self.store.waitlist_find(self.event.id, self.work.user_id).await? else {
            return Ok(Vec::new());
        };
        let (Some(hold), Some(until)) = (entry.hold_id, entry.offered_until) else { return Ok(Vec::new()) };
        if entry.lsn != self.work.lsn || until.min(self.event.over_at()) <= self.now {
            return Ok(Vec::new());
        }
        let letter = Letter::WaitlistOffer {
            hold: hold.uuid(),
            show: Box::new(self.show()),
            what: format!("{} × {}", entry.quantity, entry.tier_name),
            until: mail::moment(&KnownEvent::of(self.event), until),
            good_for_s: time::seconds_until(self.now, until),
        };
        Ok(self.to(entry.customer_id, &letter).await?.into_iter().collect())
    }

    async fn transferred(&self, ticket: &Ticket) -> Result<Vec<NewMail>, TidingsError> {
        let heir = self.work.user_id;
        let mut mails = Vec::new();
        // Given on or voided already: its code of this moment is dead.
        if ticket.holder_id == heir && ticket.state != TicketState::Voided {
            let letter = Letter::TicketReceived { show: Box::new(self.show()), ticket: note(ticket) };
            mails.extend(self.to(heir, &letter).await?);
        }
        if let Some(giver) = self.work.asker_id.filter(|giver| *giver != heir) {
            let letter = Letter::TicketGiven { show: Box::new(self.show()), label: label(ticket) };
            mails.extend(self.to(giver, &letter).await?);
        }
        Ok(mails)
    }
}

fn note(ticket: &Ticket) -> TicketNote {
    TicketNote { id: TicketId::uuid(ticket.id), generation: ticket.generation, label: label(ticket) }
}

fn label(ticket: &Ticket) -> String {
    mail::label(&ticket.place, ticket.is_area, &ticket.tier_name)
}
