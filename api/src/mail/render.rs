use askama::Template;

use super::Letter;

/// What letters are made of. Text and HTML say the same.
pub enum Block {
    Text(String),
    Code(String),
    Link { label: &'static str, url: String },
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
}

pub fn render(letter: &Letter, site: &str) -> Result<Rendered, askama::Error> {
    let blocks = letter.blocks(site);
    Ok(Rendered {
        plain: Plain { site, blocks: &blocks }.render()?,
        html: Html { site, subject: letter.subject(), blocks: &blocks }.render()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "https://tickets.example";

    #[test]
    fn both_forms_carry_what_the_reader_needs() {
        let token = || "t0k-en".to_owned();
        let table = [
            (Letter::ConfirmEmail { token: token() }, "https://tickets.example/confirm-email#token=t0k-en"),
            (Letter::ResetPassword { token: token() }, "https://tickets.example/reset-password#token=t0k-en"),
            (Letter::LoginCode { code: "012345".to_owned() }, "012345"),
            (
                Letter::PasswordChanged { api_keys_left: 2 },
                "API keys of the account still open it. A new password by mail ends them, too.",
            ),
            (Letter::AddressProved {}, "https://tickets.example/forgot-password"),
            (Letter::ApiKeyCreated {}, "https://tickets.example/forgot-password"),
            (Letter::SecondFactorOn {}, "https://tickets.example/forgot-password"),
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
            let Rendered { plain, html } = render(&letter, SITE).unwrap();
            assert!(plain.lines().any(|line| line.trim() == needle), "{plain}");
            assert!(html.contains(&format!(">{needle}</")), "{html}");
            assert!(!letter.subject().contains("t0k") && !letter.subject().contains("012"));
        }
    }

    #[test]
    fn the_plain_form_is_paragraphs() {
        let letter = Letter::ConfirmEmail { token: "t".to_owned() };
        assert_eq!(
            render(&letter, SITE).unwrap().plain,
            "Somebody, hopefully you, made an account with this address.\n\n\
             Confirm the address:\nhttps://tickets.example/confirm-email#token=t\n\n\
             The link is good for 24 hours. If it was not you, do nothing.\n\n\
             -- \nSent by https://tickets.example. Nobody reads answers to this mail.",
        );
    }

    #[test]
    fn markup_in_data_stays_text_in_html() {
        let letter = Letter::LoginCode { code: "<b>&\"".to_owned() };
        let Rendered { plain, html } = render(&letter, SITE).unwrap();
        assert!(plain.contains("<b>&\""));
        assert!(!html.contains("<b>"), "{html}");
    }
}
