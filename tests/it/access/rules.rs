//! Who may call an operation, and what everybody else hears.

use serde_json::Value;

use super::ids::Ids;

#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Looks at no token.
    Open,
    /// Nobody in particular; a token that is sent must be good.
    Anybody,
    /// Opens a WebSocket: whoever asks by plain HTTP is told so before all else.
    Socket,
    SignedIn,
    Organizers,
    Admins,
    /// Those who run the event, and its staff of these roles.
    Event {
        staff: &'static [&'static str],
        /// What other organizers hear.
        unknown: &'static str,
    },
    /// All who have to do with the event; to others it does not exist.
    Preview,
    /// The buyer, and the event's staff of these roles; to others it does not exist.
    Own {
        staff: &'static [&'static str],
        unknown: &'static str,
    },
}

pub const OPEN: Rule = Rule::Open;
pub const ANYBODY: Rule = Rule::Anybody;
pub const SIGNED_IN: Rule = Rule::SignedIn;
pub const ORGANIZERS: Rule = Rule::Organizers;
pub const ADMINS: Rule = Rule::Admins;
pub const RUNS: Rule = Rule::Event { staff: &[], unknown: "EVENT_NOT_FOUND" };

pub const fn staff(staff: &'static [&'static str]) -> Rule {
    Rule::Event { staff, unknown: "EVENT_NOT_FOUND" }
}

pub const fn own(unknown: &'static str) -> Rule {
    Rule::Own { staff: &[], unknown }
}

/// To the buyer and to the event's staff of these roles.
pub const fn shown(staff: &'static [&'static str], unknown: &'static str) -> Rule {
    Rule::Own { staff, unknown }
}

/// One operation of the table.
pub struct Operation {
    /// Method and path, the latter without `/api/v1`.
    pub name: &'static str,
    pub rule: Rule,
    pub is_about_draft: bool,
    /// Reading it may change something, so that the suspended may not.
    pub is_no_mere_look: bool,
    pub body: Option<fn(&Ids) -> Value>,
}

pub fn op(name: &'static str, rule: Rule) -> Operation {
    Operation { name, rule, is_about_draft: false, is_no_mere_look: false, body: None }
}

impl Operation {
    pub fn draft(self) -> Self {
        Self { is_about_draft: true, ..self }
    }

    pub fn body(self, body: fn(&Ids) -> Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub fn no_mere_look(self) -> Self {
        Self { is_no_mere_look: true, ..self }
    }

    pub fn method(&self) -> &'static str {
        self.name.split_once(' ').map_or(self.name, |(method, _)| method)
    }

    pub fn is_write(&self) -> bool {
        self.method() != "GET" || self.is_no_mere_look
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anonymous,
    Attendee,
    /// An organizer of another event.
    Rival,
    /// At the door of another event.
    Elsewhere,
    /// At the box office of another event.
    SellsElsewhere,
    /// An admin who has nothing to do with the event.
    Admin,
    /// An admin, suspended.
    Suspended,
    /// At the door of the event.
    Door,
    /// At the box office of the event.
    BoxOffice,
    /// Who has every right.
    Right,
}

/// The one with the right comes last: he changes what the others asked for.
const EVERYBODY: [Who; 10] = [
    Who::Anonymous,
    Who::Attendee,
    Who::Rival,
    Who::Elsewhere,
    Who::SellsElsewhere,
    Who::Admin,
    Who::Suspended,
    Who::Door,
    Who::BoxOffice,
    Who::Right,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is answered: not for want of a right.
    LetIn,
    Refused(u16, &'static str),
}

use Expected::{LetIn, Refused};

const NO_TOKEN: Expected = Refused(401, "TOKEN_MISSING");
const ROLE: Expected = Refused(403, "ROLE_REQUIRED");
const SUSPENDED: Expected = Refused(403, "ACCOUNT_SUSPENDED");

impl Rule {
    pub const fn callers(self) -> &'static [Who] {
        match self {
            // A token may be looked at after all: signing out ends its login.
            Self::Open => &[Who::Anonymous],
            _ => &EVERYBODY,
        }
    }

    pub fn expects(self, who: Who, is_write: bool) -> Expected {
        match (self, who) {
            (Self::Socket, _) => Refused(426, "UPGRADE_REQUIRED"),
            (Self::Open | Self::Anybody, _) | (_, Who::Right) => LetIn,
            (Self::Preview, Who::Admin | Who::Suspended | Who::Door | Who::BoxOffice) => LetIn,
            // They hang on an account and its secret: no admin has to do with those of others.
            (Self::Event { unknown: unknown @ "WEBHOOK_NOT_FOUND", .. }, Who::Admin) => Refused(404, unknown),
            (Self::Organizers | Self::Admins | Self::Event { .. }, Who::Admin) => LetIn,
            // What staff may see, an admin may.
            (Self::Own { staff, .. }, Who::Admin) if !staff.is_empty() => LetIn,
            (Self::Preview, _) => Refused(404, "EVENT_NOT_FOUND"),
            (_, Who::Anonymous) => NO_TOKEN,
            (_, Who::Suspended) if is_write => SUSPENDED,
            (Self::SignedIn, _) => LetIn,
            (Self::Own { staff, .. } | Self::Event { staff, .. }, Who::Door) if staff.contains(&"door") => LetIn,
            (Self::Own { staff, .. } | Self::Event { staff, .. }, Who::BoxOffice) if staff.contains(&"box_office") => {
                LetIn
            }
            (Self::Own { unknown, .. }, _) => Refused(404, unknown),
            (_, Who::Suspended) => SUSPENDED,
            (Self::Organizers, Who::Rival) => LetIn,
            (Self::Organizers | Self::Admins, _) => ROLE,
            (Self::Event { unknown, .. }, Who::Rival) => Refused(404, unknown),
            (Self::Event { .. }, _) => ROLE,
        }
    }
}
