//! Pages at the addresses that mails name, and at the server's own.

use std::collections::BTreeSet;

use reqwest::Client;
use serde_json::json;
use usher_tests::server::{Answer, TestServer, send};

use crate::show::{Show, on_each_store};

const LETTERS: [&str; 2] =
    [include_str!("../../api/src/mail/letter.rs"), include_str!("../../api/src/mail/booking.rs")];
const UNKNOWN: &str = "01a1fc90-e373-7093-b7e9-237b63ced171";

async fn open(server: &TestServer, path: &str) -> Answer {
    send(Client::builder().no_proxy().build().unwrap().get(server.url(path))).await
}

/// An address that mails are written with, `{}` for what is put in.
fn addresses() -> BTreeSet<String> {
    let texts = LETTERS.iter().flat_map(|source| ["\"{site}/", "\"{}/"].map(|root| (source, root)));
    let links = texts.flat_map(|(source, root)| source.split(root).skip(1));
    let links = links.filter_map(|rest| rest.split(['"', '#']).next());
    links
        .map(|link| {
            link.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
        })
        .collect()
}

/// Of a page that runs nothing but what is ours.
fn check(page: &Answer, path: &str) {
    assert_eq!(page.status, 200, "{path}: {}", page.text);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("no-referrer", "no-store"), "{path}");
    for part in ["<html lang=\"en\">", "<title>", "<main", "<h1", "href=\"#main\""] {
        assert!(page.text.contains(part), "{path}: no {part} in {}", page.text);
    }
    for foreign in ["http:", "https:", "src=\"//", "<style", " style=", " onclick="] {
        assert!(!page.text.contains(foreign), "{path}: {foreign} in {}", page.text);
    }
}

#[tokio::test]
async fn every_link_of_a_mail_leads_to_a_page() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let script = open(&server, "/assets/pages.js").await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    let style = open(&server, "/assets/pages.css").await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    let addresses = addresses();
    for known in ["confirm-email", "forgot-password", "reset-password", "ticket-transfer", "orders/{}", "events/{}"] {
        assert!(addresses.contains(known), "{addresses:?}");
    }
    for address in addresses {
        let id = if address.starts_with("events") { show.id.as_str() } else { UNKNOWN };
        let path = format!("/{}", address.replace("{}", id));
        let page = open(&server, &path).await;
        check(&page, &path);
        let Some((_, rest)) = page.text.split_once("data-page=\"") else { continue };
        let name = rest.split('"').next().unwrap();
        assert!(page.text.contains("<script type=\"module\" src=\"/assets/pages.js\">"), "{path}");
        let ways = [format!("  {name}: "), format!("async {name}("), format!("async \"{name}\"(")];
        assert!(ways.iter().any(|way| script.text.contains(way)), "the script has no page {name}");
    }
}

#[tokio::test]
async fn the_first_page_lists_what_is_on_sale_and_an_event_has_its_own() {
    on_each_store(async |server: &TestServer| {
        let title = "Tom & <b>Jerry</b>";
        let rules =
            json!({"title": title, "city": "Graz", "description": "One.\n\nTwo <i>.", "timezone": "Europe/Vienna"});
        let draft = Show::draft_with(server, rules).await;
        let (organizer, path) = (Some(&draft.organizer), format!("/events/{}", draft.id));
        let start = open(server, "/").await;
        check(&start, "/");
        assert!(start.text.contains("Nothing is on sale"), "{}", start.text);
        let hidden = open(server, &path).await;
        assert_eq!((hidden.status, hidden.header("content-type")), (404, "text/html; charset=utf-8"));
        assert!(!hidden.text.contains("Jerry"), "{}", hidden.text);

        server.post(organizer, &draft.path("/publish"), json!({})).await.expect(200);
        let start = open(server, "/").await;
        check(&start, "/");
        for text in ["Jerry", "Graz", "Tuesday, 1 May 2035, 21:00 (Europe/Vienna)", "from 20.00 EUR"] {
            assert!(start.text.contains(text), "{text}: {}", start.text);
        }
        let slug = start.text.split("href=\"/events/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        for path in [path.clone(), format!("/events/{slug}")] {
            let page = open(server, &path).await;
            check(&page, &path);
            assert!(!page.text.contains("<b>") && !page.text.contains("<i>"), "{}", page.text);
            assert!(page.text.contains("Jerry") && page.text.contains("One."), "{}", page.text);
            let calendar = page.text.split("href=\"").find(|link| link.contains("calendar.ics")).unwrap();
            let calendar = open(server, calendar.split('"').next().unwrap()).await;
            assert_eq!(calendar.status, 200, "{}", calendar.text);
        }
        for missing in [UNKNOWN, "no-such-event"] {
            assert_eq!(open(server, &format!("/events/{missing}")).await.status, 404);
        }
        server.post(organizer, &draft.path("/cancel"), json!({})).await.expect(200);
        assert!(open(server, &path).await.text.contains("The event is cancelled."));
        assert!(!open(server, "/").await.text.contains("Jerry"));
    })
    .await;
}
