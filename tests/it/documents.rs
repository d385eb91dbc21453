//! Tickets on paper and in calendars: for their holders, as long as they admit anybody.

use icalendar::{Calendar, Component};
use reqwest::Method;
use serde_json::json;
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, on_each_store, text};

async fn bytes(server: &TestServer, who: &Session, path: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let response = server.request(Method::GET, path).bearer_auth(&who.access_token).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    (response.headers().clone(), response.bytes().await.unwrap().to_vec())
}

fn pages(pdf: &[u8]) -> usize {
    assert!(pdf.starts_with(b"%PDF-"));
    let page = b"/Type /Page\n";
    pdf.windows(page.len()).filter(|window| window == page).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pdf_has_a_page_for_each_good_ticket_of_its_holder() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"title": "Ночь — Νύχτα"})).await;
        let (buyer, heir) = (server.attendee().await, server.attendee().await);
        let items = json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}, {"area": "F", "quantity": 1}]);
        let paid = show.buy(server, &buyer, items).await;
        let order = format!("/orders/{}", text(&paid["id"]));
        let tickets: Vec<String> = (0..3).map(|at| text(&paid["tickets"][at]["id"])).collect();
        let (headers, pdf) = bytes(server, &buyer, &format!("/tickets/{}/pdf", tickets[0])).await;
        assert_eq!(headers["content-type"], "application/pdf");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["content-disposition"], format!("inline; filename=\"ticket-{}.pdf\"", tickets[0]).as_str());
        assert_eq!(pages(&pdf), 1);
        let all = format!("{order}/tickets.pdf");
        assert_eq!(pages(&bytes(server, &buyer, &all).await.1), 3);

        let offer = json!({"email": heir.email});
        let offer = server.post(Some(&buyer), &format!("/tickets/{}/transfer", tickets[0]), offer).await.expect(201);
        let accept = format!("/ticket-transfers/{}/accept", text(&offer["id"]));
        server.post(Some(&heir), &accept, json!({})).await.expect(200);
        assert_eq!(pages(&bytes(server, &buyer, &all).await.1), 2);
        assert_eq!(pages(&bytes(server, &heir, &format!("/tickets/{}/pdf", tickets[0])).await.1), 1);
        server.get(Some(&heir), &all).await.problem(404, "ORDER_NOT_FOUND");

        let refund = json!({"tickets": [tickets[1]]});
        server.post(Some(&show.organizer), &format!("{order}/refund"), refund).await.expect(200);
        assert_eq!(pages(&bytes(server, &buyer, &all).await.1), 1);
        server
            .post(Some(&show.organizer), &format!("{order}/refund"), json!({"tickets": [tickets[2]]}))
            .await
            .expect(200);
        server.get(Some(&buyer), &all).await.problem(409, "TICKET_VOID");

        let waiting = show.order(server, &buyer, json!([{"seat": "A-1-5"}])).await;
        let unpaid = format!("/orders/{}/tickets.pdf", text(&waiting["id"]));
        server.get(Some(&buyer), &unpaid).await.problem(404, "TICKET_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paper_and_calendar_are_the_holders_and_not_of_a_void_ticket() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, stranger) = (server.attendee().await, server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let path = |rest: &str| format!("/tickets/{}/{rest}", text(&paid["tickets"][0]["id"]));
        for document in ["pdf", "print", "calendar"] {
            for nobody in [&stranger, &show.organizer] {
                server.get(Some(nobody), &path(document)).await.problem(404, "TICKET_NOT_FOUND");
            }
            server.get(None, &path(document)).await.problem(401, "TOKEN_MISSING");
        }
        let refund = format!("/orders/{}/refund", text(&paid["id"]));
        server.post(Some(&show.organizer), &refund, json!({})).await.expect(200);
        for document in ["pdf", "print", "calendar", "qr"] {
            server.get(Some(&buyer), &path(document)).await.problem(409, "TICKET_VOID");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_to_print_and_the_calendar_name_the_place_and_run_nothing() {
    on_each_store(async |server: &TestServer| {
        let words = json!({"title": "<script>Fidelio</script>", "timezone": "Europe/Berlin", "location": "Waldbühne"});
        let show = Show::on_sale_with(server, words).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-2-7"}])).await;
        let path = |rest: &str| format!("/tickets/{}/{rest}", text(&paid["tickets"][0]["id"]));
        server.patch(Some(&buyer), &path("attendee"), json!({"name": "אברהם & Söhne"})).await.expect(200);

        let page = server.get(Some(&buyer), &path("print")).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.text.contains("<script"), "{}", page.text);
        let expected = [
            "Tuesday, 1 May 2035, 21:00 (Europe/Berlin)",
            "Waldbühne",
            "<dt>Section</dt>",
            ">Stalls</dd>",
            "<dt>Row</dt>",
            ">7</dd>",
            "אברהם &#38; Söhne",
            "45.00 EUR",
        ];
        for expected in expected {
            assert!(page.text.contains(expected), "{expected} in {}", page.text);
        }

        let answer = server.get(Some(&buyer), &path("calendar")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/calendar; charset=utf-8"));
        let calendar: Calendar = answer.text.parse().unwrap();
        let event = calendar.components.first().and_then(|component| component.as_event()).unwrap();
        assert_eq!(event.get_uid(), Some(format!("{}@usher", show.id).as_str()));
        assert_eq!(event.get_description(), Some("Ticket: Section Stalls, Row 2, Seat 7 (Seat)"));
        let known = server.request(Method::GET, &path("calendar")).bearer_auth(&buyer.access_token);
        let known = known.header("if-none-match", answer.header("etag")).send().await.unwrap();
        assert_eq!(known.status(), 304);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_called_as_over_the_doors() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let mut map = crate::show::seat_map();
        map["sections"][0]["name"] = json!("Parkett \u{2013} Зал");
        map["sections"][2]["name"] = json!("<b>Floor</b>");
        let organizer = Some(&show.organizer);
        server.put(organizer, &show.path("/seat-map"), map).await.expect(200);
        server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-10"}, {"area": "F", "quantity": 1}])).await;
        let page = async |seat: bool| {
            let tickets = paid["tickets"].as_array().unwrap();
            let ticket = tickets.iter().find(|ticket| ticket["seat"].is_string() == seat).unwrap();
            server.get(Some(&buyer), &format!("/tickets/{}/print", text(&ticket["id"]))).await.text
        };
        let seated = page(true).await;
        for expected in [">Parkett \u{2013} Зал</dd>", ">1</dd>", ">10</dd>"] {
            assert!(seated.contains(expected), "{expected} in {seated}");
        }
        assert!(!seated.contains(">A</dd>"), "{seated}");
        let standing = page(false).await;
        assert!(standing.contains("<dt>Area</dt>") && standing.contains("&#60;b&#62;Floor&#60;/b&#62;"), "{standing}");
        let order = format!("/orders/{}/tickets.pdf", text(&paid["id"]));
        assert_eq!(pages(&bytes(server, &buyer, &order).await.1), 2);
    })
    .await;
}
