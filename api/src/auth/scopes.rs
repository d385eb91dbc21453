//! Which scope an API key needs for which call: the one table. What is not in it is for people: an operation is closed to
//! keys until somebody opens it here.

use http::Method;
use inventory::EventId;
use uuid::Uuid;
use wire::ApiScope;
use wire::ApiScope::{Booking, CatalogueRead, CatalogueWrite, Refunds, Reports, Scan, Webhooks};

/// Under `/api/v1`, as the routes name them.
pub const TABLE: &[(ApiScope, &[(&str, &str)])] = &[
    (
        CatalogueRead,
        &[
            ("GET", "/events"),
            ("GET", "/events/{id}"),
            ("GET", "/events/{id}/availability"),
            ("GET", "/events/{id}/calendar.ics"),
            ("GET", "/events/{id}/feedback"),
            ("GET", "/events/{id}/seat-map"),
            ("GET", "/events/{id}/tiers"),
            ("GET", "/series"),
            ("GET", "/series/{id}"),
            ("GET", "/series/{id}/sessions"),
            ("GET", "/venues"),
            ("GET", "/venues/{id}"),
            ("GET", "/venues/{id}/seat-maps"),
            ("GET", "/venues/{id}/seat-maps/{name}"),
            ("GET", "/events/{id}/waiting-room/proof"),
            ("GET", "/events/{id}/waiting-room/settings"),
            ("GET", "/me/events"),
        ],
    ),
    (
        CatalogueWrite,
        &[
            ("POST", "/events"),
            ("PATCH", "/events/{id}"),
            ("DELETE", "/events/{id}"),
            ("POST", "/events/{id}/publish"),
            ("POST", "/events/{id}/cancel"),
            ("GET", "/events/{id}/cancellation"),
            ("POST", "/events/{id}/clone"),
            ("POST", "/series"),
            ("PATCH", "/series/{id}"),
            ("DELETE", "/series/{id}"),
            ("POST", "/series/{id}/sessions"),
            ("DELETE", "/series/{id}/sessions/{event_id}"),
            ("POST", "/series/{id}/publish"),
            ("POST", "/series/{id}/cancel"),
            ("PUT", "/events/{id}/seat-map"),
            ("POST", "/events/{id}/seat-map/copy"),
            ("POST", "/venues"),
            ("PATCH", "/venues/{id}"),
            ("DELETE", "/venues/{id}"),
            ("PUT", "/venues/{id}/seat-maps/{name}"),
            ("DELETE", "/venues/{id}/seat-maps/{name}"),
            ("POST", "/events/{id}/images"),
            ("PUT", "/events/{id}/images"),
            ("DELETE", "/events/{id}/images/{image_id}"),
            ("POST", "/events/{id}/tiers"),
            ("PATCH", "/events/{id}/tiers/{tier_id}"),
            ("DELETE", "/events/{id}/tiers/{tier_id}"),
            ("GET", "/events/{id}/access-codes"),
            ("PUT", "/events/{id}/access-codes"),
            ("GET", "/events/{id}/discount-codes"),
            ("PUT", "/events/{id}/discount-codes"),
            ("GET", "/events/{id}/history/availability"),
            ("GET", "/events/{id}/history/seats/{seat}"),
            ("GET", "/events/{id}/attendees/cut-off"),
            ("PUT", "/events/{id}/attendees/cut-off"),
            ("POST", "/events/{id}/blocks/{name}/release"),
            ("POST", "/events/{id}/blocks/{name}/withhold"),
            ("PUT", "/events/{id}/waiting-room/settings"),
            ("POST", "/events/{id}/waiting-room/open"),
            ("GET", "/events/{id}/waitlist/settings"),
            ("PUT", "/events/{id}/waitlist/settings"),
            ("DELETE", "/events/{id}/waitlist/entries/{user_id}"),
            ("GET", "/events/{id}/waiting-room/priority-passes"),
            ("POST", "/events/{id}/waiting-room/priority-passes"),
        ],
    ),
    (
        Booking,
        &[
            ("POST", "/events/{id}/holds"),
            ("DELETE", "/events/{id}/holds/{hold_id}"),
            ("POST", "/events/{id}/holds/{hold_id}/extend"),
            ("GET", "/events/{id}/waiting-room"),
            ("POST", "/events/{id}/waiting-room"),
            ("DELETE", "/events/{id}/waiting-room"),
            ("GET", "/events/{id}/waitlist"),
            ("POST", "/events/{id}/waitlist"),
            ("DELETE", "/events/{id}/waitlist"),
            ("GET", "/orders"),
            ("POST", "/orders"),
            ("GET", "/orders/{id}"),
            ("GET", "/orders/{id}/tickets"),
            ("POST", "/orders/{id}/pay"),
            ("POST", "/orders/{id}/cancel"),
            ("GET", "/tickets"),
            ("GET", "/tickets/{id}"),
            ("GET", "/tickets/{id}/qr"),
            ("GET", "/tickets/{id}/pdf"),
            ("GET", "/tickets/{id}/print"),
            ("GET", "/tickets/{id}/calendar"),
            ("GET", "/orders/{id}/tickets.pdf"),
            ("GET", "/tickets/{id}/attendee"),
            ("PATCH", "/tickets/{id}/attendee"),
            ("POST", "/tickets/{id}/transfer"),
            ("DELETE", "/tickets/{id}/transfer"),
            ("GET", "/ticket-transfers"),
            ("GET", "/ticket-transfers/{id}"),
            ("POST", "/ticket-transfers/{id}/accept"),
            ("POST", "/ticket-transfers/{id}/decline"),
        ],
    ),
    (
        Scan,
        &[
            ("POST", "/events/{id}/gate/scans"),
            ("POST", "/events/{id}/gate/scans/batch"),
            ("POST", "/events/{id}/gate/scans/undo"),
            ("GET", "/events/{id}/gate/bundle"),
            ("GET", "/events/{id}/gate/conflicts"),
            ("GET", "/events/{id}/gate/occupancy"),
            ("GET", "/events/{id}/gate/refusals"),
            ("GET", "/events/{id}/gate/tickets"),
            ("GET", "/events/{id}/check-in-lists"),
        ],
    ),
    (Refunds, &[("POST", "/orders/{id}/refund")]),
    (
        Webhooks,
        &[
            ("GET", "/webhooks"),
            ("POST", "/webhooks"),
            ("GET", "/webhooks/{id}"),
            ("PATCH", "/webhooks/{id}"),
            ("DELETE", "/webhooks/{id}"),
            ("POST", "/webhooks/{id}/rotate-secret"),
            ("GET", "/webhooks/{id}/deliveries"),
            ("POST", "/webhooks/{id}/replay"),
        ],
    ),
    (
        Reports,
        &[
            ("GET", "/events/{id}/attendees"),
            ("GET", "/events/{id}/attendees.csv"),
            ("GET", "/events/{id}/rsvps"),
            ("GET", "/events/{id}/waitlist/entries"),
        ],
    ),
];

/// What a scanner may do: its key is good for one event, and there for this alone.
pub const SCANNER: &[(&str, &str)] = &[
    ("POST", "/events/{id}/gate/scans"),
    ("POST", "/events/{id}/gate/scans/batch"),
    ("POST", "/events/{id}/gate/scans/undo"),
    ("GET", "/events/{id}/gate/bundle"),
    ("GET", "/events/{id}/gate/occupancy"),
    ("GET", "/events/{id}/gate/tickets"),
];

/// Whether a call to this path by this route is for the scanners of the event.
pub fn for_scanner(method: &Method, route: &str, path: &str, event: EventId) -> bool {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let is_gate = route.strip_prefix("/api/v1").is_some_and(|route| SCANNER.contains(&(method, route)));
    // Nested routes see what follows the prefix.
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let named = path.strip_prefix("/events/").and_then(|rest| rest.split('/').next());
    is_gate && named.and_then(|id| Uuid::try_parse(id).ok()) == Some(event.uuid())
}

/// `None`: not for keys. `route` is the whole pattern that the router matched.
pub fn needed(method: &Method, route: &str) -> Option<ApiScope> {
    let path = route.strip_prefix("/api/v1")?;
    // A HEAD is answered by the route of its GET.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let row = TABLE.iter().find(|(_, calls)| calls.contains(&(method, path)));
    row.map(|(scope, _)| *scope)
}

/// Some of all scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Names with a space between them. A name that this version does not know gives nothing.
    pub fn read(text: &str) -> Self {
        let names: Vec<&str> = text.split(' ').collect();
        ApiScope::ALL.into_iter().filter(|scope| names.contains(&scope.name())).collect()
    }

    pub fn has(self, scope: ApiScope) -> bool {
        self.0 & bit(scope) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = ApiScope> {
        ApiScope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    pub fn text(self) -> String {
        self.iter().map(ApiScope::name).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<ApiScope> for Scopes {
    fn from_iter<I: IntoIterator<Item = ApiScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | bit(scope)))
    }
}

const fn bit(scope: ApiScope) -> u8 {
    1 << scope as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_written_reads_back_and_an_unknown_name_gives_nothing() {
        for scopes in [vec![], vec![Scan], vec![CatalogueRead, Reports], ApiScope::ALL.to_vec()] {
            let set: Scopes = scopes.iter().copied().collect();
            assert_eq!(Scopes::read(&set.text()), set);
            assert_eq!(set.iter().collect::<Vec<_>>(), scopes);
        }
        assert_eq!(Scopes::read("everything scan "), [Scan].into_iter().collect());
    }

    #[test]
    fn a_call_needs_one_scope_and_most_calls_are_not_for_keys() {
        let calls: Vec<_> = TABLE.iter().flat_map(|(_, calls)| calls.iter()).collect();
        assert_eq!(calls.iter().collect::<BTreeSet<_>>().len(), calls.len());
        assert_eq!(needed(&Method::HEAD, "/api/v1/events"), Some(CatalogueRead));
        assert_eq!(needed(&Method::POST, "/api/v1/events/{id}/gate/scans"), Some(Scan));
        for (method, route) in [
            (Method::POST, "/api/v1/me/api-keys"),
            (Method::PATCH, "/api/v1/me"),
            (Method::DELETE, "/api/v1/me"),
            (Method::PATCH, "/api/v1/users/{id}"),
            (Method::GET, "/events"),
        ] {
            assert_eq!(needed(&method, route), None, "{method} {route}");
        }
    }

    #[test]
    fn a_scanner_is_for_the_gate_of_its_event_alone() {
        for (method, route) in SCANNER {
            let scan = Some(Scan);
            assert_eq!(needed(&method.parse().unwrap(), &format!("/api/v1{route}")), scan, "{method} {route}");
        }
        let own = EventId::from_bytes([7; 16]);
        let path = |event: EventId, rest: &str| format!("/api/v1/events/{event}{rest}");
        let scans = "/api/v1/events/{id}/gate/scans";
        let may = |method: &Method, route: &str, path: &str| for_scanner(method, route, path, own);
        assert!(may(&Method::POST, scans, &path(own, "/gate/scans")));
        assert!(may(&Method::POST, scans, &format!("/events/{own}/gate/scans")));
        assert!(may(&Method::HEAD, "/api/v1/events/{id}/gate/bundle", &path(own, "/gate/bundle")));
        assert!(!may(&Method::POST, scans, &path(EventId::from_bytes([8; 16]), "/gate/scans")));
        assert!(!may(&Method::GET, scans, &path(own, "/gate/scans")));
        assert!(!may(&Method::GET, "/api/v1/events/{id}", &path(own, "")));
        assert!(!may(&Method::GET, "/api/v1/events/{id}/gate/conflicts", &path(own, "/gate/conflicts")));
        assert!(!may(&Method::POST, scans, "/api/v1/events/the-first-night/gate/scans"));
    }

    #[test]
    fn every_call_of_the_table_exists() {
        let document = crate::router::routes().to_openapi();
        for (method, path) in TABLE.iter().flat_map(|(_, calls)| calls.iter()) {
            let item = document.paths.paths.get(&format!("/api/v1{path}"));
            let is_known = item.is_some_and(|item| match *method {
                "GET" => item.get.is_some(),
                "POST" => item.post.is_some(),
                "PUT" => item.put.is_some(),
                "PATCH" => item.patch.is_some(),
                "DELETE" => item.delete.is_some(),
                _ => false,
            });
            assert!(is_known, "{method} {path}");
        }
    }
}
