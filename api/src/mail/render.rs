use askama::Template;

use super::Letter;
use super::booking::Means;

/// What letters are made of. Text and HTML say the same.
pub enum Block {
    Text(String),
    Code(String),
    Link { label: &'static str, url: String },
    Ticket { label: String, url: Option<String>, picture: Option<Picture> },
}

/// Travels with the mail.
pub struct Picture {
    /// By this the mail's HTML names it.
    pub cid: String,
    pub png: Vec<u8>,
}

impl Block {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub const fn link(label: &'static str, url: String) -> Self {
        Self::Link { label, url }
    }
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Plain<'a> {
    site: &'a str,
    blocks: &'a [Block],
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    site: &'a str,
    subject: &'a str,
    blocks: &'a [Block],
}

pub struct Rendered {
    pub plain: String,
    pub html: String,
    pub pictures: Vec<Picture>,
}

pub fn render(letter: &Letter, means: Means<'_>) -> Result<Rendered, askama::Error> {
    let (site, blocks) = (means.site, letter.blocks(means));
    let plain = Plain { site, blocks: &blocks }.render()?;
    let html = Html { site, subject: &letter.subject(), blocks: &blocks }.render()?;
    let pictures = blocks.into_iter().filter_map(|block| match block {
        Block::Ticket { picture, .. } => picture,
        Block::Text(_) | Block::Code(_) | Block::Link { .. } => None,
    });
    Ok(Rendered { plain, html, pictures: pictures.collect() })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::mail::{Purchase, Refund, Show, TicketNote};
    use crate::ticket_code::TicketSigner;

    const SITE: &str = "https://tickets.example";

    fn rendered(letter: &Letter) -> Rendered {
        let signer = TicketSigner::from_seed(&[7; 32]).unwrap();
        render(letter, Means { site: SITE, signer: &signer }).unwrap()
    }

    fn show() -> Show {
        let (title, starts) = ("Tosca & <friends>".to_owned(), "Tuesday, 1 May 2035, 21:00 (Europe/Berlin)".to_owned());
        Show { id: Uuid::from_u128(5), title, starts, place: "Opera, Graz".to_owned() }
    }

    fn purchase(tickets: u128) -> Letter {
        let note = |ticket| TicketNote {
            id: Uuid::from_u128(ticket),
            generation: 1,
            label: format!("Seat A-1-{ticket}, Stalls"),
        };
        Letter::OrderPaid(Box::new(Purchase {
            order: Uuid::from_u128(9),
            show: show(),
            total: "45.00 EUR".to_owned(),
            tickets: (1..=tickets).map(note).collect(),
            at_box_office: false,
        }))
    }

    #[test]
    fn both_forms_carry_what_the_reader_needs() {
        let token = || "t0k-en".to_owned();
        let table = [
            (Letter::ConfirmEmail { token: token() }, "https://tickets.example/confirm-email#token=t0k-en"),
            (Letter::ResetPassword { token: token() }, "https://tickets.example/reset-password#token=t0k-en"),
            (Letter::ConfirmNewEmail { token: token() }, "https://tickets.example/confirm-email-change#token=t0k-en"),
            (
                Letter::EmailChanged {},
                "Your account has another e-mail address from now on. This one does not open it any more.",
            ),
            (Letter::LoginCode { code: "012345".to_owned() }, "012345"),
            (
                Letter::PasswordChanged { api_keys_left: 2 },
                "API keys of the account still open it. A new password by mail ends them, too.",
            ),
            (Letter::AddressProved {}, "https://tickets.example/forgot-password"),
            (Letter::ApiKeyCreated {}, "https://tickets.example/forgot-password"),
            (Letter::SecondFactorOn {}, "https://tickets.example/forgot-password"),
            (Letter::SecondFactorOff {}, "https://tickets.example/forgot-password"),
            (Letter::IdentityLinked {}, "https://tickets.example/forgot-password"),
            (Letter::IdentityUnlinked {}, "https://tickets.example/forgot-password"),
            (Letter::SecondFactorReset {}, "https://tickets.example/forgot-password"),
            (
                Letter::TicketOffered { token: token(), event: "Fidelio".to_owned() },
                "https://tickets.example/ticket-transfer#token=t0k-en",
            ),
            (
                Letter::TicketOffered { token: token(), event: "Fidelio".to_owned() },
                "Somebody who holds a ticket to “Fidelio” offers it to you.",
            ),
        ];
        for (letter, needle) in table {
            let Rendered { plain, html, .. } = rendered(&letter);
            assert!(plain.lines().any(|line| line.trim() == needle), "{plain}");
            assert!(html.contains(&format!(">{needle}</")), "{html}");
            assert!(!letter.subject().contains("t0k") && !letter.subject().contains("012"));
        }
    }

    #[test]
    fn the_plain_form_is_paragraphs() {
        let letter = Letter::ConfirmEmail { token: "t".to_owned() };
        assert_eq!(
            rendered(&letter).plain,
            "Somebody, hopefully you, made an account with this address.\n\n\
             Confirm the address:\nhttps://tickets.example/confirm-email#token=t\n\n\
             The link is good for 24 hours. If it was not you, do nothing.\n\n\
             -- \nSent by https://tickets.example. Nobody reads answers to this mail.",
        );
    }

    #[test]
    fn markup_in_data_stays_text_in_html() {
        let letter = Letter::LoginCode { code: "<b>&\"".to_owned() };
        let Rendered { plain, html, .. } = rendered(&letter);
        assert!(plain.contains("<b>&\""));
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn tickets_are_drawn_up_to_a_number_and_all_of_them_linked() {
        for (tickets, drawn) in [(0, 0), (2, 2), (10, 10), (23, 10)] {
            let Rendered { plain, html, pictures } = rendered(&purchase(tickets));
            assert_eq!(pictures.len(), drawn);
            for picture in &pictures {
                assert!(picture.png.starts_with(b"\x89PNG") && html.contains(&format!("src=\"cid:{}\"", picture.cid)));
            }
            for ticket in 1..=tickets {
                let url = format!("{SITE}/tickets/{}", Uuid::from_u128(ticket));
                assert!(plain.contains(&url) && html.contains(&url), "{url}");
            }
            assert_eq!(plain.contains("Codes of the first 10"), tickets > 10);
        }
        let codes = rendered(&purchase(2)).pictures;
        assert!(codes[0].png != codes[1].png, "each ticket has a code of its own");
    }

    #[test]
    fn a_letter_from_the_box_office_has_every_code_and_nothing_that_takes_an_account() {
        let Letter::OrderPaid(purchase) = purchase(12) else { unreachable!() };
        let letter = Letter::OrderPaid(Box::new(Purchase { at_box_office: true, ..*purchase }));
        let mail = rendered(&letter);
        assert_eq!(mail.pictures.len(), 12);
        for text in [&mail.plain, &mail.html] {
            assert!(text.contains("Seat A-1-12, Stalls") && text.contains(&format!("{SITE}/events/")), "{text}");
            assert!(!text.contains("/orders/") && !text.contains("/tickets/"), "{text}");
        }
    }

    #[test]
    fn letters_about_a_purchase_name_the_event_and_carry_no_code_in_words() {
        let show = || Box::new(show());
        let note = TicketNote { id: Uuid::from_u128(1), generation: 1, label: "Seat A-1-1, Stalls".to_owned() };
        let moved = Show { starts: "Wednesday".to_owned(), ..*show() };
        let refund = Refund {
            order: Uuid::from_u128(9),
            show: *show(),
            total: "9 EUR".to_owned(),
            refunded: "4 EUR".to_owned(),
            at_box_office: false,
        };
        let offer = Letter::WaitlistOffer {
            hold: Uuid::from_u128(7),
            show: show(),
            what: "2 × Stalls".to_owned(),
            until: "Monday, 30 April 2035, 21:00".to_owned(),
            good_for_s: 3_600,
        };
        let table = [
            (purchase(1), "Total: 45.00 EUR"),
            (Letter::OrderCancelled { order: Uuid::from_u128(9), show: show() }, "Nothing is to be paid for it."),
            (Letter::OrderRefunded(Box::new(refund)), "Refunded so far: 4 EUR of 9 EUR"),
            (Letter::TicketReceived { show: show(), ticket: note.clone() }, "Seat A-1-1, Stalls"),
            (Letter::TicketGiven { show: show(), label: note.label.clone() }, "Seat A-1-1, Stalls"),
            (Letter::TransferDeclined { show: show(), label: note.label.clone() }, "Seat A-1-1, Stalls"),
            (Letter::TransferLapsed { show: show(), label: note.label }, "Seat A-1-1, Stalls"),
            (Letter::EventReminder { show: show() }, "Tuesday, 1 May 2035, 21:00 (Europe/Berlin)"),
            (
                Letter::EventChanged { before: Box::new(moved), show: show() },
                "Begins: Tuesday, 1 May 2035, 21:00 (Europe/Berlin) (was: Wednesday)",
            ),
            (Letter::EventCancelled { show: show() }, "Opera, Graz"),
            (offer, "Until Monday, 30 April 2035, 21:00. Then they go to the next."),
        ];
        for (letter, needle) in table {
            let Rendered { plain, html, .. } = rendered(&letter);
            assert!(plain.lines().any(|line| line == needle), "{needle}: {plain}");
            assert!(html.contains(needle) && !html.contains("<friends>"), "{html}");
            assert!(plain.contains("Tosca & <friends>") && letter.subject().ends_with(": Tosca & <friends>"));
        }
    }
}
