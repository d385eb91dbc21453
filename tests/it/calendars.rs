//! Events as calendars show them, read back by a parser that is not ours.

use std::time::{Duration, Instant};

use icalendar::{Calendar, CalendarComponent, Component, EventLike};
use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};

use crate::show::{Show, on_each_store, text};

async fn ics(server: &TestServer, path: &str) -> (Answer, Calendar) {
    let answer = server.get(None, path).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/calendar; charset=utf-8"),
        "{}",
        answer.text
    );
    strict(&answer.text);
    let calendar = answer.text.parse().unwrap();
    (answer, calendar)
}

/// RFC 5545, 3.1: what many parsers forgive.
fn strict(text: &str) {
    let body = text.strip_suffix("\r\n").expect("the last line ends");
    assert!(!body.replace("\r\n", "").contains(['\r', '\n']), "a line ends in CRLF");
    for line in body.split("\r\n") {
        assert!((1..=75).contains(&line.len()), "{line}");
    }
    let unfolded = body.replace("\r\n ", "");
    let lines: Vec<&str> = unfolded.split("\r\n").collect();
    assert_eq!((lines[0], lines[lines.len() - 1]), ("BEGIN:VCALENDAR", "END:VCALENDAR"));
    for required in ["VERSION:2.0", "PRODID:-//Usher//Usher//EN"] {
        assert_eq!(lines.iter().filter(|line| **line == required).count(), 1, "{required}");
    }
    let events = lines.iter().filter(|line| **line == "BEGIN:VEVENT").count();
    for once in ["UID:", "DTSTAMP:", "DTSTART:", "SUMMARY:", "SEQUENCE:", "STATUS:"] {
        assert_eq!(lines.iter().filter(|line| line.starts_with(once)).count(), events, "{once}");
    }
}

fn events(calendar: &Calendar) -> Vec<icalendar::Event> {
    let event = |component: &CalendarComponent| component.as_event().cloned();
    calendar.components.iter().filter_map(event).collect()
}

fn value<'a>(event: &'a icalendar::Event, name: &str) -> &'a str {
    event.property_value(name).unwrap_or_default()
}

const DESCRIPTION: &str =
    "Doors at seven; bring a coat, please.\nNo \\ smoking. Zürich 虎 and so on and on, until the line is folded.";

async fn on_sale(server: &TestServer) -> Show {
    let words = json!({
        "title": "Night, of; the \\ Proms", "description": DESCRIPTION, "location": "Waldbühne", "city": "Berlin",
        "country": "DE", "category": "concert", "tags": ["open-air"], "timezone": "Europe/Berlin",
        "coordinates": {"latitude": 52.515833, "longitude": 13.228611}, "organization": "City Orchestra",
        "ends_at": "2035-05-01T22:30:00Z",
    });
    Show::on_sale_with(server, words).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_one_entry_whose_number_grows_until_it_is_cancelled() {
    on_each_store(async |server: &TestServer| {
        let show = on_sale(server).await;
        let path = show.path("/calendar.ics");
        let (answer, calendar) = ics(server, &path).await;
        let event = events(&calendar).remove(0);
        assert_eq!(event.get_summary(), Some("Night, of; the \\ Proms"));
        assert_eq!(event.get_description(), Some(DESCRIPTION));
        assert_eq!(event.get_location(), Some("Waldbühne, Berlin, DE"));
        assert_eq!((value(&event, "DTSTART"), value(&event, "DTEND")), ("20350501T190000Z", "20350501T223000Z"));
        assert_eq!((value(&event, "STATUS"), value(&event, "SEQUENCE")), ("CONFIRMED", "0"));
        assert_eq!(
            (value(&event, "UID"), value(&event, "GEO")),
            (format!("{}@usher", show.id).as_str(), "52.515833;13.228611")
        );

        let tag = answer.header("etag").to_owned();
        let ask = async |tag: &str| send(server.request(Method::GET, &path).header("if-none-match", tag)).await;
        let known = ask(&tag).await;
        assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", tag.as_str()));

        server.patch(Some(&show.organizer), &show.path(""), json!({"title": "Later"})).await.expect(200);
        assert_eq!(ask(&tag).await.status, 200);
        let (_, calendar) = ics(server, &path).await;
        let changed = events(&calendar).remove(0);
        assert_eq!((value(&changed, "UID"), value(&changed, "SEQUENCE")), (value(&event, "UID"), "1"));
        assert!(value(&changed, "LAST-MODIFIED") >= value(&event, "LAST-MODIFIED"));

        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        let (_, calendar) = ics(server, &path).await;
        let cancelled = events(&calendar).remove(0);
        assert_eq!((value(&cancelled, "STATUS"), value(&cancelled, "SEQUENCE")), ("CANCELLED", "2"));
        assert_eq!(value(&cancelled, "UID"), value(&event, "UID"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizers_calendar_has_the_published_events_alone() {
    on_each_store(async |server: &TestServer| {
        let show = on_sale(server).await;
        let path = format!("/organizers/{}/calendar.ics", show.organizer.id);
        let draft = json!({"starts_at": "2035-06-01T19:00:00Z", "title": "Secret"});
        let draft = text(&server.post(Some(&show.organizer), &show.path("/clone"), draft).await.expect(201)["id"]);
        let (_, calendar) = ics(server, &path).await;
        assert_eq!(calendar.get_name(), Some("City Orchestra"));
        let uids =
            |calendar: &Calendar| events(calendar).iter().map(|it| value(it, "UID").to_owned()).collect::<Vec<_>>();
        assert_eq!(uids(&calendar), [format!("{}@usher", show.id)]);
        server.post(Some(&show.organizer), &format!("/events/{draft}/publish"), json!({})).await.expect(200);
        let (_, calendar) = ics(server, &path).await;
        assert_eq!(uids(&calendar), [format!("{draft}@usher"), format!("{}@usher", show.id)]);
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        assert_eq!(uids(&ics(server, &path).await.1), [format!("{draft}@usher")]);
        let (nobody, rival) = (server.attendee().await, "01a1fc90-e373-7093-b7e9-237b63ced171");
        for id in [nobody.id.as_str(), rival] {
            server.get(None, &format!("/organizers/{id}/calendar.ics")).await.problem(404, "USER_NOT_FOUND");
        }
    })
    .await;
}

async fn feed(server: &TestServer, who: &Session) -> String {
    let made = server.post(Some(who), "/me/calendar-feed", json!({})).await.expect(201);
    let url = text(&made["url"]);
    url.strip_prefix("/api/v1").expect("a path: the server has no public address").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_has_what_its_owner_holds_tickets_to_until_it_is_revoked() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer) = (on_sale(server).await, server.attendee().await);
        server.get(Some(&buyer), "/me/calendar-feed").await.problem(404, "CALENDAR_FEED_NOT_FOUND");
        let path = feed(server, &buyer).await;
        assert_eq!(events(&ics(server, &path).await.1).len(), 0);
        show.buy(server, &buyer, json!([{"seat": "A-1-2"}, {"seat": "A-1-1"}, {"area": "F", "quantity": 2}])).await;
        let (answer, calendar) = ics(server, &path).await;
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        let event = events(&calendar).remove(0);
        let description = event.get_description().unwrap();
        assert!(description.starts_with("Tickets: A-1-1, A-1-2, 2 × F\n\nDoors at seven"), "{description}");
        let shown = server.get(Some(&buyer), "/me/calendar-feed").await.expect(200);
        assert!(shown.get("url").is_none() && shown["created_at"].is_string(), "{shown}");
        let export = server.get(Some(&buyer), "/me/export").await.expect(200);
        assert_eq!(export["calendar_feed"], shown);
        serde_json::from_value::<wire::Export>(export).unwrap();

        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        // The order is refunded by itself.
        let ends_at = Instant::now() + Duration::from_secs(20);
        while let Some(cancelled) = events(&ics(server, &path).await.1).pop() {
            assert_eq!(value(&cancelled, "STATUS"), "CANCELLED");
            assert!(Instant::now() < ends_at, "the order is not refunded");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }

        // Another address takes the place of the first.
        let second = feed(server, &buyer).await;
        server.get(None, &path).await.problem(404, "CALENDAR_FEED_NOT_FOUND");
        ics(server, &second).await;
        assert_eq!(server.delete(Some(&buyer), "/me/calendar-feed").await.status, 204);
        server.get(None, &second).await.problem(404, "CALENDAR_FEED_NOT_FOUND");
        server.delete(Some(&buyer), "/me/calendar-feed").await.problem(404, "CALENDAR_FEED_NOT_FOUND");
        for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let path = format!("/calendar-feed.ics?token={token}");
            server.get(None, &path).await.problem(404, "CALENDAR_FEED_NOT_FOUND");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_ends_with_its_account() {
    on_each_store(async |server: &TestServer| {
        let (admin, suspended, erased) = (server.admin().await, server.attendee().await, server.attendee().await);
        let paths = [feed(server, &suspended).await, feed(server, &erased).await];
        let user = format!("/users/{}", suspended.id);
        server.patch(Some(&admin), &user, json!({"status": "suspended"})).await.expect(200);
        let erase = server.request(Method::DELETE, "/me").bearer_auth(&erased.access_token);
        send(erase.json(&json!({"password": PASSWORD}))).await.expect(204);
        for path in &paths {
            server.get(None, path).await.problem(404, "CALENDAR_FEED_NOT_FOUND");
        }
        server.patch(Some(&admin), &user, json!({"status": "active"})).await.expect(200);
        ics(server, &paths[0]).await;
        server.get(None, &paths[1]).await.problem(404, "CALENDAR_FEED_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_is_told_by_the_days_of_the_place() {
    on_each_store(async |server: &TestServer| {
        let template = Show::on_sale_with(server, json!({"category": "concert"})).await;
        let organizer = Some(&template.organizer);
        let event = async |timezone: &str, starts_at: &str, is_public: bool| {
            let words = json!({"title": format!("{timezone} {starts_at}"), "starts_at": starts_at, "currency": "EUR",
                "timezone": timezone, "category": "talk"});
            let id = text(&server.post(organizer, "/events", words).await.expect(201)["id"]);
            server.put(organizer, &format!("/events/{id}/seat-map"), crate::show::seat_map()).await.expect(200);
            server
                .post(organizer, &format!("/events/{id}/tiers"), crate::show::tier("Seat", "stalls", 1))
                .await
                .expect(201);
            if is_public {
                server.post(organizer, &format!("/events/{id}/publish"), json!({})).await.expect(200);
            }
            id
        };
        // In 2035 the clocks of Berlin change on 25 March and on 28 October.
        let before = event("Europe/Berlin", "2035-10-27T22:30:00Z", true).await;
        let after = event("Europe/Berlin", "2035-10-28T23:30:00Z", true).await;
        let summer = event("Europe/Berlin", "2035-09-30T22:30:00Z", true).await;
        let kiritimati = event("Pacific/Kiritimati", "2035-09-30T10:00:00Z", true).await;
        let baker = event("Etc/GMT+12", "2035-11-01T11:59:00Z", true).await;
        event("Europe/Berlin", "2035-10-31T23:00:00Z", true).await;
        event("Europe/Berlin", "2035-10-10T20:00:00Z", false).await;

        let days = async |query: &str| {
            let month = server.get(None, &format!("/calendar?{query}")).await.expect(200);
            assert_eq!(month["truncated"], false);
            let day = |day: &Value| {
                let ids = day["events"].as_array().unwrap().iter().map(|event| text(&event["id"])).collect::<Vec<_>>();
                (text(&day["date"]), ids)
            };
            month["days"].as_array().unwrap().iter().map(day).collect::<Vec<_>>()
        };
        let of =
            |date: &str, ids: &[&String]| (date.to_owned(), ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>());
        assert_eq!(
            days("month=2035-10").await,
            [
                of("2035-10-01", &[&kiritimati, &summer]),
                of("2035-10-28", &[&before]),
                of("2035-10-29", &[&after]),
                of("2035-10-31", &[&baker]),
            ]
        );
        let utc = days("month=2035-10&time_zone=UTC").await;
        assert_eq!(utc[..2], [of("2035-10-27", &[&before]), of("2035-10-28", &[&after])]);
        assert_eq!(utc[2].0, "2035-10-31", "midnight in Berlin is the day before");
        assert_eq!(utc.len(), 3);
        assert_eq!(days("month=2035-05&category=concert").await, [of("2035-05-01", &[&template.id])]);
        assert_eq!(days("month=2035-05&category=talk").await, []);
        let nobody = "01a1fc90-e373-7093-b7e9-237b63ced171";
        assert_eq!(days(&format!("month=2035-10&organizer_id={nobody}")).await, []);
        for (query, field) in [("month=2035-13", "month"), ("month=2035-10&time_zone=Mars", "time_zone")] {
            let problem = server.get(None, &format!("/calendar?{query}")).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], field);
        }
        server.get(None, "/calendar").await.problem(400, "QUERY_INVALID");
    })
    .await;
}
