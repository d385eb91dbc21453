//! What every request shares.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use engine::{Clock, Directory, SystemClock};
use inventory::TimeUs;
use metrics_exporter_prometheus::PrometheusHandle;
use persistence::Store;

use crate::access_code::AccessCodes;
use crate::aside::Aside;
use crate::audit_log::Security;
use crate::auth::{ApiKeys, OneTimeKeys, Passwords, RefreshTokens, Standings, Tokens};
use crate::cancelling::Cancelling;
use crate::config::Config;
use crate::event_facts::EventFacts;
use crate::event_pages::EventPages;
use crate::finishing::Finishing;
use crate::gate_log::GateLog;
use crate::gateways::Gateways;
use crate::history::Replays;
use crate::images::Workers;
use crate::in_flight::InFlight;
use crate::line::Keepers;
use crate::line::tokens::LineTokens;
use crate::live::Hub;
use crate::mail::Mailer;
use crate::objects::Objects;
use crate::openid::Provider;
use crate::rate_limit::RateLimits;
use crate::sealed::Seals;
use crate::ticket_code::TicketSigner;
use crate::tickets::Press;
use crate::unpaid_orders::UnpaidOrders;

#[derive(Clone)]
pub struct AppState(Arc<Inner>);

pub struct Inner {
    pub config: Config,
    pub clock: Arc<SystemClock>,
    pub store: Store,
    pub directory: Directory,
    pub tokens: Tokens,
    pub refresh_tokens: RefreshTokens,
    pub standings: Standings,
    pub api_keys: ApiKeys,
    pub passwords: Passwords,
    /// Cut pictures.
    pub images: Workers,
    /// Sets documents.
    pub press: Press,
    /// Of journals.
    pub replays: Replays,
    pub objects: Objects,
    pub seals: Seals,
    /// `None`: nobody signs in with Google.
    pub google: Option<Provider>,
    pub in_flight: InFlight,
    pub event_facts: EventFacts,
    pub unpaid_orders: UnpaidOrders,
    pub event_pages: EventPages,
    pub finishing: Finishing,
    /// Of payments.
    pub gateways: Gateways,
    pub rate_limit: RateLimits,
    pub security: Security,
    pub gate_log: GateLog,
    pub live: Hub,
    pub mail: Mailer,
    pub one_time: OneTimeKeys,
    pub aside: Aside,
    pub cancelling: Cancelling,
    pub ticket_signer: TicketSigner,
    pub line_tokens: LineTokens,
    pub access_codes: AccessCodes,
    /// Of the active waiting rooms.
    pub keepers: Keepers,
    pub prometheus: PrometheusHandle,
    /// Whether load balancers should send requests: not while events are brought back, not while stopping.
    pub ready: AtomicBool,
}

impl AppState {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub fn now(&self) -> TimeUs {
        self.clock.now()
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
