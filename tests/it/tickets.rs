//! Tickets in the hands of their holders.

use serde_json::json;
use usher_tests::server::TestServer;

use crate::show::{Show, on_each_store, text};

#[tokio::test]
async fn a_holder_sees_his_ticket_with_its_code_and_nobody_else_does() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, stranger, rival) = (server.attendee().await, server.attendee().await, server.organizer().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let path = format!("/tickets/{}", text(&paid["tickets"][0]["id"]));
        let ticket = server.get(Some(&buyer), &path).await.expect(200);
        assert_eq!(ticket, paid["tickets"][0]);
        assert!(text(&ticket["code"]).len() <= 120);
        let without_code = server.get(Some(&show.organizer), &path).await.expect(200);
        assert_eq!(without_code.get("code"), None);
        for nobody in [&stranger, &rival] {
            server.get(Some(nobody), &path).await.problem(404, "TICKET_NOT_FOUND");
        }
        for nobody in [&stranger, &rival, &show.organizer] {
            server.get(Some(nobody), &format!("{path}/qr")).await.problem(404, "TICKET_NOT_FOUND");
            let transfer =
                server.post(Some(nobody), &format!("{path}/transfer"), json!({"email": stranger.email})).await;
            transfer.problem(404, "TICKET_NOT_FOUND");
        }
        let mine = server.get(Some(&buyer), "/tickets").await.expect(200);
        assert_eq!(mine["items"], paid["tickets"]);
    })
    .await;
}

#[tokio::test]
async fn the_qr_code_is_an_svg_or_a_png_as_asked() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let paid = show.buy(&server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
    let path = format!("/tickets/{}/qr", text(&paid["tickets"][0]["id"]));
    let rows = [
        ("", "", "image/svg+xml"),
        ("?format=svg", "image/png", "image/svg+xml"),
        ("?format=png", "", "image/png"),
        ("", "image/png", "image/png"),
        ("", "image/svg+xml,image/png;q=0.5", "image/svg+xml"),
    ];
    for (query, accept, expected) in rows {
        let request = server.request(reqwest::Method::GET, &format!("{path}{query}")).header("accept", accept);
        let response = request.bearer_auth(&buyer.access_token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{query}");
        assert_eq!(response.headers()["content-type"], expected, "{query} {accept}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let bytes = response.bytes().await.unwrap();
        let start: &[u8] = if expected == "image/png" { b"\x89PNG" } else { b"<svg" };
        assert!(bytes.starts_with(start), "{query} {accept}");
    }
    server.get(Some(&buyer), &format!("{path}?format=gif")).await.problem(400, "QUERY_INVALID");
}
