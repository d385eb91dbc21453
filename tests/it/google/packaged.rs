//! Signing in at a provider that is not ours, from its page to our tokens.

use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::json;
use usher_tests::openid_packaged::{EMAIL, PackagedProvider, SUBJECT};
use usher_tests::server::{TestServer, send};

use super::{Browser, PAGE, code, location};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_at_a_provider_of_somebody_elses_making() {
    let Some(provider) = PackagedProvider::start() else { return };
    let server = TestServer::start_with(|config| {
        provider.issuer().clone_into(&mut config.google.issuer);
        config.google.client_id = Some("usher".to_owned());
        config.google.client_secret = Some("of the two of us".into());
        config.google.return_url = Some(PAGE.to_owned());
    })
    .await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut browser = Browser::new(&server);
        let page = location(browser.get(&server.url("/api/v1/auth/google")).await);
        assert!(page.as_str().starts_with(provider.issuer()), "{page}");
        let form = browser.client.post(page).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let signed_in = send(form.body(format!("sub={SUBJECT}"))).await;
        assert_eq!(signed_in.status, 302, "{}", signed_in.text);
        let back = signed_in.header(LOCATION.as_str()).to_owned();
        let code = code(browser.get(&back).await);
        let tokens = browser.exchange(&code).await.expect(200);
        let user = &tokens["user"];
        assert_eq!((&user["email"], &user["name"]), (&json!(EMAIL), &json!("Ada Lovelace")));
        assert_eq!(user["email_confirmed"], true);
        ids.push(user["id"].clone());
    }
    assert_eq!(ids[0], ids[1], "known again");
    server.stop().await;
}
