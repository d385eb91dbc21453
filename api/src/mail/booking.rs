//! Letters about what somebody has bought. Each holds what it says as it was when it was written, but no code of a ticket:
//! who reads the store gets nobody in.

use inventory::{EventId, TicketId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::render::{Block, Picture};
use crate::code_picture;
use crate::ticket_code::{Claim, TicketSigner};

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
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub order: Uuid,
    pub show: Show,
    pub total: String,
    /// All in all.
    pub refunded: String,
}

/// What a letter may need beside what it says.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Where the server's pages are.
    pub site: &'a str,
    pub signer: &'a TicketSigner,
}

impl Show {
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
        blocks.push(Block::link("Your order", format!("{}/orders/{}", means.site, self.order)));
        blocks.extend(tickets(&self.show, &self.tickets, means));
        blocks
    }
}

impl Refund {
    pub fn blocks(&self, means: Means<'_>) -> Vec<Block> {
        let mut blocks = vec![Block::text("Money of your order goes back to you. It was for")];
        blocks.extend(self.show.blocks());
        blocks.push(Block::Text(format!("Refunded so far: {} of {}", self.refunded, self.total)));
        blocks.push(Block::text("Tickets that were refunded admit nobody any more."));
        blocks.push(Block::link("Your order", format!("{}/orders/{}", means.site, self.order)));
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
    let mut blocks =
        vec![Block::text("You have given a ticket away. The code that you had for it is dead. It was for")];
    blocks.extend(show.blocks());
    blocks.push(Block::text(label));
    blocks.push(Block::text("If it was not you, choose a new password now:"));
    blocks.push(Block::link("Choose a new password", format!("{}/forgot-password", means.site)));
    blocks
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
    let event = EventId::from_uuid(show.id);
    let block = |(ix, ticket): (usize, &TicketNote)| {
        let claim = Claim { ticket: TicketId::from_uuid(ticket.id), generation: ticket.generation };
        let png = (ix < PICTURES_MAX).then(|| code_picture::png(&means.signer.code(event, claim))).flatten();
        let picture = png.map(|png| Picture { cid: format!("ticket-{}@usher", ix + 1), png });
        let url = format!("{}/tickets/{}", means.site, ticket.id);
        Block::Ticket { label: ticket.label.clone(), url, picture }
    };
    let mut blocks: Vec<Block> = tickets.iter().enumerate().map(block).collect();
    if tickets.len() > PICTURES_MAX {
        blocks.push(Block::Text(format!("Codes of the first {PICTURES_MAX} are in this mail; the links have all.")));
    }
    if !tickets.is_empty() {
        blocks.push(Block::text("Whoever shows a code gets in: keep this mail to yourself."));
    }
    blocks
}
