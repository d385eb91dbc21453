//! Tickets in the hands of their holders.

use serde_json::json;
use usher_tests::server::TestServer;

use crate::show::{Show, faults, on_each_store, text};

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

#[tokio::test]
async fn a_transferred_ticket_has_a_new_holder_and_a_new_code() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, heir) = (server.attendee().await, server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let (id, old) = (text(&paid["tickets"][0]["id"]), text(&paid["tickets"][0]["code"]));
        let path = format!("/tickets/{id}/transfer");
        let unknown = server.post(Some(&buyer), &path, json!({"email": "nobody@example.org"})).await;
        let unknown = unknown.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&unknown), [("email".to_owned(), "UNKNOWN".to_owned())]);

        let body = json!({"email": heir.email.to_uppercase()});
        let given = server.post_keyed(Some(&buyer), &path, "gift", body.clone()).await.expect(200);
        assert_eq!(given.get("code"), None, "the new code is not for the giver");
        let again = server.post_keyed(Some(&buyer), &path, "gift", body).await.expect(200);
        assert_eq!(given, again);
        server.get(Some(&buyer), &format!("/tickets/{id}")).await.problem(404, "TICKET_NOT_FOUND");
        let new = text(&server.get(Some(&heir), &format!("/tickets/{id}")).await.expect(200)["code"]);

        let gate = show.path("/gate/scans");
        let scan = async |code: &str| {
            let body = json!({"code": code, "nonce": code[..8]});
            server.post(Some(&show.organizer), &gate, body).await
        };
        assert_eq!(scan(&old).await.expect(200)["reason"], "revoked");
        assert_eq!(scan(&new).await.expect(201)["result"], "admitted");
        let back = server.post(Some(&heir), &path, json!({"email": buyer.email})).await;
        back.problem(409, "TICKET_USED");
    })
    .await;
}
