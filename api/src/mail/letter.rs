use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::booking::{self, Means, Purchase, Refund, Show, TicketNote};
use super::render::Block;

/// How long a link that confirms an address is good.
pub const CONFIRM_GOOD_FOR: Duration = Duration::from_secs(24 * 3_600);
/// How long a link that resets a password is good.
pub const RESET_GOOD_FOR: Duration = Duration::from_secs(3_600);
/// How long an offered ticket can be accepted.
pub const TRANSFER_GOOD_FOR: Duration = Duration::from_secs(72 * 3_600);
/// It is written a day before what it reminds of.
const REMINDER_GOOD_FOR: Duration = Duration::from_secs(24 * 3_600);
/// How long a code to sign in with is good.
pub const CODE_GOOD_FOR: Duration = Duration::from_secs(5 * 60);

/// Everything the server ever writes to somebody. Kept in the store as JSON: a kind may get new fields only with a
/// default, since mails of the release before are still queued when this one starts.
///
/// None names its reader: anybody can register any name with somebody else's address, and would have the server carry
/// his text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    ConfirmEmail {
        token: String,
    },
    /// To the address that an account is to have.
    ConfirmNewEmail {
        token: String,
    },
    /// To the address that it had.
    EmailChanged {},
    LoginCode {
        code: String,
    },
    ResetPassword {
        token: String,
    },
    PasswordChanged {
        #[serde(default)]
        api_keys_left: u32,
    },
    /// Somebody was the first to show that he reads what is sent to the address, by a code.
    AddressProved {},
    ApiKeyCreated {},
    SecondFactorOn {},
    /// By its owner.
    SecondFactorOff {},
    SecondFactorReset {},
    IdentityLinked {},
    IdentityUnlinked {},
    /// To whoever it is offered to, with or without an account. Its event alone is named: not who offers it.
    TicketOffered {
        token: String,
        /// Title of the event.
        event: String,
    },
    OrderPaid(Box<Purchase>),
    OrderCancelled {
        order: Uuid,
        show: Box<Show>,
    },
    OrderRefunded(Box<Refund>),
    TicketReceived {
        show: Box<Show>,
        ticket: TicketNote,
    },
    /// To whom it was before.
    TicketGiven {
        show: Box<Show>,
        label: String,
    },
    /// To who offered it, as the next one.
    TransferDeclined {
        show: Box<Show>,
        label: String,
    },
    TransferLapsed {
        show: Box<Show>,
        label: String,
    },
    EventReminder {
        show: Box<Show>,
    },
    EventChanged {
        before: Box<Show>,
        show: Box<Show>,
    },
    EventCancelled {
        show: Box<Show>,
    },
    /// Places are held for whoever has waited.
    WaitlistOffer {
        hold: Uuid,
        show: Box<Show>,
        what: String,
        /// By the clock on the event's wall.
        until: String,
        /// From when it was written.
        good_for_s: u64,
    },
}

impl Letter {
    /// As admins and metrics see it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::ConfirmNewEmail { .. } => "confirm_new_email",
            Self::EmailChanged {} => "email_changed",
            Self::LoginCode { .. } => "login_code",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::AddressProved {} => "address_proved",
            Self::ApiKeyCreated {} => "api_key_created",
            Self::SecondFactorOn {} => "second_factor_on",
            Self::SecondFactorOff {} => "second_factor_off",
            Self::IdentityLinked {} => "identity_linked",
            Self::IdentityUnlinked {} => "identity_unlinked",
            Self::SecondFactorReset {} => "second_factor_reset",
            Self::TicketOffered { .. } => "ticket_offered",
            Self::OrderPaid(_) => "order_paid",
            Self::OrderCancelled { .. } => "order_cancelled",
            Self::OrderRefunded(_) => "order_refunded",
            Self::TicketReceived { .. } => "ticket_received",
            Self::TicketGiven { .. } => "ticket_given",
            Self::TransferDeclined { .. } => "transfer_declined",
            Self::TransferLapsed { .. } => "transfer_lapsed",
            Self::EventReminder { .. } => "event_reminder",
            Self::EventChanged { .. } => "event_changed",
            Self::EventCancelled { .. } => "event_cancelled",
            Self::WaitlistOffer { .. } => "waitlist_offer",
        }
    }

    /// Shown to admins and kept after sending: nothing secret.
    pub fn subject(&self) -> Cow<'static, str> {
        let about = |what: &str, show: &Show| -> Cow<'static, str> { format!("{what}: {}", show.title).into() };
        Cow::Borrowed(match self {
            Self::ConfirmEmail { .. } => "Confirm your e-mail address",
            Self::ConfirmNewEmail { .. } => "Confirm your new e-mail address",
            Self::EmailChanged {} => "Your e-mail address was changed",
            Self::LoginCode { .. } => "Your code to sign in",
            Self::ResetPassword { .. } => "Choose a new password",
            Self::PasswordChanged { .. } => "Your password was changed",
            Self::AddressProved {} => "Your address is confirmed",
            Self::ApiKeyCreated {} => "An API key was made for your account",
            Self::SecondFactorOn {} => "Your second factor was switched on",
            Self::SecondFactorOff {} | Self::SecondFactorReset {} => "Your second factor was switched off",
            Self::IdentityLinked {} => "Google signs in to your account",
            Self::IdentityUnlinked {} => "Google does not sign in to your account any more",
            Self::TicketOffered { .. } => "A ticket is offered to you",
            Self::OrderPaid(purchase) => return about("Your tickets", &purchase.show),
            Self::OrderCancelled { show, .. } => return about("Your order was cancelled", show),
            Self::OrderRefunded(refund) => return about("Your refund", &refund.show),
            Self::TicketReceived { show, .. } => return about("A ticket for you", show),
            Self::TicketGiven { show, .. } => return about("You have given a ticket away", show),
            Self::TransferDeclined { show, .. } => return about("Your offer was declined", show),
            Self::TransferLapsed { show, .. } => return about("Your offer has lapsed", show),
            Self::EventReminder { show, .. } => return about("Soon", show),
            Self::EventChanged { show, .. } => return about("Changed", show),
            Self::EventCancelled { show } => return about("Cancelled", show),
            Self::WaitlistOffer { show, .. } => return about("Places for you", show),
        })
    }

    /// After this it is not sent any more. `None`: good for ever.
    pub const fn good_for(&self) -> Option<Duration> {
        match self {
            Self::ConfirmEmail { .. } | Self::ConfirmNewEmail { .. } => Some(CONFIRM_GOOD_FOR),
            Self::LoginCode { .. } => Some(CODE_GOOD_FOR),
            Self::ResetPassword { .. } => Some(RESET_GOOD_FOR),
            Self::TicketOffered { .. } => Some(TRANSFER_GOOD_FOR),
            Self::PasswordChanged { .. }
            | Self::EmailChanged {}
            | Self::AddressProved {}
            | Self::ApiKeyCreated {}
            | Self::SecondFactorOn {}
            | Self::SecondFactorOff {}
            | Self::SecondFactorReset {}
            | Self::IdentityLinked {}
            | Self::IdentityUnlinked {}
            | Self::OrderPaid(_)
            | Self::OrderCancelled { .. }
            | Self::OrderRefunded(_)
            | Self::TicketReceived { .. }
            | Self::TicketGiven { .. }
            | Self::TransferDeclined { .. }
            | Self::TransferLapsed { .. }
            | Self::EventChanged { .. }
            | Self::EventCancelled { .. } => None,
            Self::EventReminder { .. } => Some(REMINDER_GOOD_FOR),
            Self::WaitlistOffer { good_for_s, .. } => Some(Duration::from_secs(*good_for_s)),
        }
    }

    /// A token stands behind `#`, which browsers keep to themselves.
    pub(super) fn blocks(&self, means: Means<'_>) -> Vec<Block> {
        let site = means.site;
        match self {
            Self::OrderPaid(purchase) => purchase.blocks(means),
            Self::OrderCancelled { order, show } => booking::cancelled_order(show, *order, means),
            Self::OrderRefunded(refund) => refund.blocks(means),
            Self::TicketReceived { show, ticket } => booking::received(show, ticket, means),
            Self::TicketGiven { show, label } => booking::given(show, label, means),
            Self::TransferDeclined { show, label } => booking::offer_declined(show, label, means),
            Self::TransferLapsed { show, label } => booking::offer_lapsed(show, label, means),
            Self::EventReminder { show } => booking::reminder(show, means),
            Self::EventChanged { before, show } => booking::changed(before, show, means),
            Self::EventCancelled { show } => booking::cancelled_event(show, means),
            Self::WaitlistOffer { hold, show, what, until, good_for_s: _ } => {
                booking::waitlist_offer(show, *hold, what, until, means)
            }
            Self::ConfirmEmail { token } => vec![
                Block::text("Somebody, hopefully you, made an account with this address."),
                Block::link("Confirm the address", format!("{site}/confirm-email#token={token}")),
                Block::text("The link is good for 24 hours. If it was not you, do nothing."),
            ],
            Self::ConfirmNewEmail { token } => vec![
                Block::text("Somebody, hopefully you, wants to use this address for his account."),
                Block::link("Use this address", format!("{site}/confirm-email-change#token={token}")),
                Block::text("The link is good for 24 hours and for one use. If it was not you, do nothing."),
            ],
            Self::EmailChanged {} => vec![
                Block::text("Your account has another e-mail address from now on. This one does not open it any more."),
                Block::text("If it was not you, tell us at once: whoever did it knows your password."),
            ],
            Self::LoginCode { code } => vec![
                Block::text("Your code to sign in:"),
                Block::Code(code.clone()),
                Block::text("It is good for 5 minutes and for one sign-in. Nobody of ours ever asks you for it."),
                Block::text("If nobody has an account with this address yet, signing in makes one."),
                Block::text("If you did not ask for it, do nothing."),
            ],
            Self::ResetPassword { token } => vec![
                Block::text("Somebody, hopefully you, asked for a new password for your account."),
                Block::link("Choose a new password", format!("{site}/reset-password#token={token}")),
                Block::text("The link is good for one hour and for one use. If it was not you, do nothing."),
            ],
            Self::PasswordChanged { api_keys_left } => {
                let mut blocks =
                    vec![Block::text("The password of your account was changed, and other devices were signed out.")];
                if *api_keys_left > 0 {
                    blocks.push(Block::text(
                        "API keys of the account still open it. A new password by mail ends them, too.",
                    ));
                }
                blocks.extend(unless_it_was_you(site));
                blocks
            }
            Self::AddressProved {} => vec![
                Block::text("Somebody, hopefully you, signed in with a code that was sent to this address."),
                Block::text(
                    "Until then nobody had shown that the address is his. So everything else that opened the account was \
                     removed: its password, other logins, API keys and second factor.",
                ),
                Block::text("To sign in with a password again, choose one:"),
                Block::link("Choose a password", format!("{site}/forgot-password")),
            ],
            Self::SecondFactorReset {} => vec![
                Block::text("An administrator has switched off the second factor of your account, and signed you out."),
                Block::text("Your password is enough to sign in now. Set up a second factor again as soon as you can."),
                Block::text("If you have not asked for it, choose a new password now, and tell us:"),
                Block::link("Choose a new password", format!("{site}/forgot-password")),
            ],
            Self::TicketOffered { token, event } => vec![
                Block::text(&format!("Somebody who holds a ticket to “{event}” offers it to you.")),
                Block::link("Look at the offer", format!("{site}/ticket-transfer#token={token}")),
                Block::text(
                    "To accept it, sign in with this address, or make an account with it. The offer is open for 72 hours at \
                     most.",
                ),
                Block::text("If you do not want it, do nothing."),
            ],
            Self::ApiKeyCreated {} => {
                told("An API key was made for your account: a program can act for you with it.", site)
            }
            Self::SecondFactorOn {} => told(
                "Signing in to your account asks for a code of an app from now on. Other devices were signed out.",
                site,
            ),
            Self::SecondFactorOff {} => told(
                "Signing in to your account does not ask for a code of an app any more: the password is enough.",
                site,
            ),
            Self::IdentityLinked {} => told(
                "Whoever signs in at Google with this address signs in to your account from now on. You can end that in \
                 your account.",
                site,
            ),
            Self::IdentityUnlinked {} => told(
                "Signing in at Google does not open your account any more. A code by mail or a password does.",
                site,
            ),
        }
    }
}

fn told(what: &str, site: &str) -> Vec<Block> {
    let mut blocks = vec![Block::text(what)];
    blocks.extend(unless_it_was_you(site));
    blocks
}

fn unless_it_was_you(site: &str) -> [Block; 2] {
    [
        Block::text("If it was not you, choose a new password now:"),
        Block::link("Choose a new password", format!("{site}/forgot-password")),
    ]
}
