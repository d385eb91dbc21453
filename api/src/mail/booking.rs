//! Letters about what somebody has bought. Each holds what it says as it was when it was written, but no code of a ticket:
//! who reads the store gets nobody in.

use inventory::{EventId, TicketId, TimeUs};
use persistence::KnownEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::render::{Block, Picture};
use crate::code_picture;
use crate::ticket_code::{Claim, TicketSigner};
use crate::time_zone::Zone;

/// Codes drawn in one mail. Of further tickets it has links.
const PICTURES_MAX: usize = 10;

/// An event in words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    pub id: Uuid,
    pub title: String,
    /// By the clock on its wall.
    pub starts: String,
    /// Empty when it is nowhere in particular.
    pub place: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketNote {
    pub id: Uuid,
    /// Of its code: one of an earlier generation is dead.
    pub generation: u32,
    /// What it is for.
    pub label: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub order: Uuid,
    pub show: Show,
    pub total: String,
    pub tickets: Vec<TicketNote>,
    /// By somebody without an account: nothing is at his, and all codes are in the mail.
    #[serde(default)]
    pub at_box_office: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub order: Uuid,
    pub show: Show,
    pub total: String,
    /// All in all.
    pub refunded: String,
    /// The money is there.
    #[serde(default)]
    pub at_box_office: bool,
}

/// What a letter may need beside what it says.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Where the server's pages are.
    pub site: &'a str,
    pub signer: &'a TicketSigner,
}

impl Show {
    pub fn of(id: EventId, known: &KnownEvent) -> Self {
        let starts = moment(known, TimeUs(known.starts_at_us));
        let parts = [&known.location, &known.address, &known.city].map(String::as_str);
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { id: id.uuid(), title: known.title.clone(), starts, place: parts.join(", ") }
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = vec![Block::text(&self.title), Block::text(&self.starts)];
        if !self.place.is_empty() {
            blocks.push(Block::text(&self.place));
        }
        blocks
    }

    fn link(&self, means: Means<'_>) -> Block {
        Block::link("The event", format!("{}/events/{}", means.site, self.id))
    }
}

impl Purchase {
    pub fn blocks(&self, means: Means<'_>) -> Vec<Block> {
        let mut blocks = vec![Block::text("Thank you: your order is paid. You have tickets for")];
        blocks.extend(self.show.blocks());
        blocks.push(Block::Text(format!("Total: {}", self.total)));
        if self.at_box_office {
            blocks.push(self.show.link(means));
            blocks.extend(all_tickets(&self.show, &self.tickets, means));
        } else {
            blocks.push(Block::link("Your order", format!("{}/orders/{}", means.site, self.order)));
            blocks.extend(tickets(&self.show, &self.tickets, means));
        }
        blocks
    }
}

impl Refund {
    pub fn blocks(&self, means: Means<'_>) -> Vec<Block> {
        let mut blocks = vec![Block::text("Money of your order goes back to you. It was for")];
        blocks.extend(self.show.blocks());
        blocks.push(Block::Text(format!("Refunded so far: {} of {}", self.refunded, self.total)));
        blocks.push(Block::text("Tickets that were refunded admit nobody any more."));
        if self.at_box_office {
            blocks.push(Block::text("You bought at the box office: it gives you the money."));
            blocks.push(self.show.link(means));
        } else {
            blocks.push(Block::link("Your order", format!("{}/orders/{}", means.site, self.order)));
        }
        blocks
    }
}

pub fn cancelled_order(show: &Show, order: Uuid, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text("Your order was cancelled, and its places are free again. It was for")];
    blocks.extend(show.blocks());
    blocks.push(Block::text("Nothing is to be paid for it."));
    blocks.push(Block::link("Your order", format!("{}/orders/{order}", means.site)));
    blocks
}

pub fn received(show: &Show, ticket: &TicketNote, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text("Somebody has given you a ticket for")];
    blocks.extend(show.blocks());
    blocks.extend(tickets(show, std::slice::from_ref(ticket), means));
    blocks
}

pub fn given(show: &Show, label: &str, means: Means<'_>) -> Vec<Block> {
    let what = "Your offer was accepted: you have given a ticket away. The code that you had is dead. It was for";
    let mut blocks = vec![Block::text(what)];
    blocks.extend(show.blocks());
    blocks.push(Block::text(label));
    blocks.push(Block::text("If it was not you, choose a new password now:"));
    blocks.push(Block::link("Choose a new password", format!("{}/forgot-password", means.site)));
    blocks
}

pub fn offer_declined(show: &Show, label: &str, means: Means<'_>) -> Vec<Block> {
    kept("Your offer was declined. The ticket stays yours, and its code good. It is for", show, label, means)
}

pub fn offer_lapsed(show: &Show, label: &str, means: Means<'_>) -> Vec<Block> {
    kept(
        "Nobody has accepted your offer in time. The ticket stays yours, and its code good. It is for",
        show,
        label,
        means,
    )
}

fn kept(what: &str, show: &Show, label: &str, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text(what)];
    blocks.extend(show.blocks());
    blocks.push(Block::text(label));
    blocks.push(Block::text("You may offer it to somebody else, or come yourself."));
    blocks.push(Block::link("Your tickets", format!("{}/tickets", means.site)));
    blocks
}

/// By the clock on the event's wall.
pub fn moment(known: &KnownEvent, at: TimeUs) -> String {
    match Zone::find(&known.timezone) {
        Some(zone) => format!("{} ({})", zone.text(at), known.timezone),
        None => format!("{} (UTC)", Zone::utc().text(at)),
    }
}

/// What a ticket is for.
pub fn label(place: &str, is_area: bool, tier_name: &str) -> String {
    let kind = if is_area { "Area" } else { "Seat" };
    format!("{kind} {place}, {tier_name}")
}

pub fn reminder(show: &Show, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text("It begins soon:")];
    blocks.extend(show.blocks());
    blocks.push(Block::link("Your tickets", format!("{}/tickets", means.site)));
    blocks.push(Block::text("You get this because you have a ticket. Reminders can be switched off in your account."));
    blocks
}

pub fn changed(before: &Show, show: &Show, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text("An event that you have a ticket for was changed. Your ticket stays good.")];
    for (what, before, now) in [
        ("Title", &before.title, &show.title),
        ("Begins", &before.starts, &show.starts),
        ("Place", &before.place, &show.place),
    ] {
        blocks.push(Block::Text(if before == now {
            format!("{what}: {now}")
        } else {
            format!("{what}: {now} (was: {before})")
        }));
    }
    blocks.push(show.link(means));
    blocks
}

pub fn cancelled_event(show: &Show, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text("An event that you have a ticket for does not take place:")];
    blocks.extend(show.blocks());
    blocks.push(Block::text("What becomes of your money is told in a mail of its own, and with your orders."));
    blocks.push(Block::link("Your orders", format!("{}/orders", means.site)));
    blocks
}

pub fn waitlist_offer(show: &Show, hold: Uuid, what: &str, until: &str, means: Means<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::text("You have waited, and places are free. They are held for you:")];
    blocks.push(Block::text(what));
    blocks.extend(show.blocks());
    blocks.push(Block::Text(format!("Until {until}. Then they go to the next.")));
    blocks.push(Block::link("Your places", format!("{}/events/{}?hold={hold}", means.site, show.id)));
    blocks.push(Block::text("If you do not want them any more, give them back there: others are waiting."));
    blocks
}

fn tickets(show: &Show, tickets: &[TicketNote], means: Means<'_>) -> Vec<Block> {
    let block = |(ix, ticket): (usize, &TicketNote)| {
        let picture = (ix < PICTURES_MAX).then(|| picture(show, ix, ticket, means)).flatten();
        let url = format!("{}/tickets/{}", means.site, ticket.id);
        Block::Ticket { label: ticket.label.clone(), url: Some(url), picture }
    };
    let mut blocks: Vec<Block> = tickets.iter().enumerate().map(block).collect();
    if tickets.len() > PICTURES_MAX {
        blocks.push(Block::Text(format!("Codes of the first {PICTURES_MAX} are in this mail; the links have all.")));
    }
    blocks.extend((!tickets.is_empty()).then(warning));
    blocks
}

/// For a reader to whom the links would open nothing. An order has no more tickets than a hold has units.
fn all_tickets(show: &Show, tickets: &[TicketNote], means: Means<'_>) -> Vec<Block> {
    let block = |(ix, ticket): (usize, &TicketNote)| Block::Ticket {
        label: ticket.label.clone(),
        url: None,
        picture: picture(show, ix, ticket, means),
    };
    tickets.iter().enumerate().map(block).chain((!tickets.is_empty()).then(warning)).collect()
}

fn picture(show: &Show, ix: usize, ticket: &TicketNote, means: Means<'_>) -> Option<Picture> {
    let claim = Claim { ticket: TicketId::from_uuid(ticket.id), generation: ticket.generation };
    let png = code_picture::png(&means.signer.code(EventId::from_uuid(show.id), claim))?;
    Some(Picture { cid: format!("ticket-{}@usher", ix + 1), png })
}

fn warning() -> Block {
    Block::text("Whoever shows a code gets in: keep this mail to yourself.")
}
