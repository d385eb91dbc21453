//! What people find at the addresses that mails name, and at the server's own: small pages without anything from elsewhere.
//! Those that are about somebody's own things are empty; a script beside them asks the API, as any other client does.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use inventory::EventId;
use persistence::{Event, EventPhase, EventQuery, EventSort, EventStatus};
use uuid::Uuid;

use crate::error::{ApiError, Failure, Noun};
use crate::extract::{IdOrSlug, PathIdOrSlug};
use crate::state::AppState;
use crate::time_zone::Zone;
use crate::{event_access, money};

/// On the start page. Whoever looks for more asks the API.
const EVENTS_MAX: u32 = 100;
/// Scripts and styles of our own alone; pictures also from what a script has made.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SCRIPT: &str = include_str!("pages.js");
const STYLE: &str = include_str!("pages.css");

/// Address, heading, and what the script calls it.
const SHELLS: [(&str, &str, &str); 9] = [
    ("/confirm-email", "Confirm your address", "confirm-email"),
    ("/confirm-email-change", "Confirm your new address", "confirm-email-change"),
    ("/forgot-password", "Forgotten password", "forgot-password"),
    ("/reset-password", "Choose a new password", "reset-password"),
    ("/ticket-transfer", "A ticket for you", "ticket-transfer"),
    ("/orders", "Your orders", "orders"),
    ("/orders/{id}", "Your order", "order"),
    ("/tickets", "Your tickets", "tickets"),
    ("/tickets/{id}", "Your ticket", "ticket"),
];

#[derive(Template)]
#[template(path = "pages/shell.html")]
struct Shell {
    heading: &'static str,
    page: &'static str,
}

#[derive(Template)]
#[template(path = "pages/start.html")]
struct Start {
    events: Vec<Listed>,
}

#[derive(Template)]
#[template(path = "pages/event.html")]
struct Shown {
    event: Listed,
    note: Option<&'static str>,
    paragraphs: Vec<String>,
}

#[derive(Template)]
#[template(path = "pages/missing.html")]
struct Missing;

/// An event in words.
struct Listed {
    id: Uuid,
    slug: String,
    title: String,
    when: String,
    place: String,
    price: Option<String>,
    is_sold_out: bool,
}

pub fn routes() -> Router<AppState> {
    let router = Router::new()
        .route("/", get(start))
        .route("/events/{event}", get(event))
        .route("/assets/pages.js", get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/assets/pages.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }));
    SHELLS.into_iter().fold(router, |router, (path, heading, page)| {
        router.route(path, get(move || async move { rendered(&Shell { heading, page }) }))
    })
}

async fn start(State(state): State<AppState>) -> Result<Response, ApiError> {
    let query = EventQuery { phase: Some(EventPhase::OnSale), sort: EventSort::Date, ..EventQuery::default() };
    let found = state.event_pages.find(&state.store, &query, state.now(), EVENTS_MAX).await?;
    let listed = found.into_iter().map(|found| Listed::of(found.event, found.price_min_minor, found.is_sold_out));
    rendered(&Start { events: listed.collect() })
}

/// By its id or its slug.
async fn event(State(state): State<AppState>, PathIdOrSlug(event): PathIdOrSlug) -> Result<Response, ApiError> {
    match visible(&state, event).await {
        Ok(event) => shown(event, &state),
        // Whoever follows a link reads a page, not a problem document.
        Err(missing @ ApiError::NotFound(_)) => {
            let mut response = missing.into_response();
            response.extensions_mut().remove::<Failure>();
            let page = rendered(&Missing)?;
            Ok((response.status(), page).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn visible(state: &AppState, event: IdOrSlug) -> Result<Event, ApiError> {
    let id = match event {
        IdOrSlug::Id(id) => EventId::from_uuid(id),
        // Postgres stores no NUL, so that no slug has one; asked for one it would fail.
        IdOrSlug::Slug(slug) if slug.contains('\0') => return Err(ApiError::NotFound(Noun::Event)),
        IdOrSlug::Slug(slug) => state.store.event_find_by_slug(&slug).await?.ok_or(ApiError::NotFound(Noun::Event))?.id,
    };
    event_access::visible(state, None, id).await
}

fn shown(event: Event, state: &AppState) -> Result<Response, ApiError> {
    let note = match event.status {
        EventStatus::Cancelled => Some("The event is cancelled."),
        EventStatus::Draft | EventStatus::Published if event.over_at() <= state.now() => Some("The event is over."),
        EventStatus::Draft | EventStatus::Published => None,
    };
    let paragraphs = event.description.lines().map(str::trim).filter(|line| !line.is_empty());
    let paragraphs = paragraphs.map(str::to_owned).collect();
    rendered(&Shown { event: Listed::of(event, None, false), note, paragraphs })
}

impl Listed {
    fn of(event: Event, price_min_minor: Option<i64>, is_sold_out: bool) -> Self {
        let parts = [event.location.as_str(), &event.address, &event.city, &event.country];
        let parts: Vec<&str> = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
        Self {
            id: event.id.uuid(),
            when: Zone::of(&event).clock(event.starts_at),
            place: parts.join(", "),
            price: price_min_minor.map(|minor| money::text(minor, &event.currency)),
            slug: event.slug,
            title: event.title,
            is_sold_out,
        }
    }
}

fn rendered(page: &impl Template) -> Result<Response, ApiError> {
    let html = page.render().map_err(|error| ApiError::Defect(error.to_string().into()))?;
    // Links of mails carry secrets, and what is on sale changes.
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];
    Ok((headers, Html(html)).into_response())
}

/// Of this version of the program: looked for anew after each start at the latest an hour later.
fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}
