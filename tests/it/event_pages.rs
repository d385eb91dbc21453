//! Pages of events are kept for a moment, and never show what is not so any more: on one node, and on several with Redis.

use std::time::{Duration, Instant};

use serde_json::json;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::redis::Redis;
use usher_tests::server::{Home, TestServer};

use crate::finding::titles;
use crate::show::{Show, on_each_store};

/// The list is asked for twice before and after each change, so that a page that is kept would be shown again.
#[tokio::test]
async fn a_list_shows_every_change_at_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let list = async || {
            let once = titles(server, None, "sort=title").await;
            assert_eq!(titles(server, None, "sort=title").await, once);
            once
        };
        for number in 0..20 {
            let title = format!("Title {number}");
            server.patch(organizer, &show.path(""), json!({"title": title})).await.expect(200);
            assert_eq!(list().await, [title]);
        }
        let tier = show.path(&format!("/tiers/{}", show.standing));
        let price = json!({"price": {"amount_minor": 1_500, "currency": "EUR"}});
        server.patch(organizer, &tier, price).await.expect(200);
        let page = server.get(None, "/events?sort=title").await.expect(200);
        assert_eq!(page["items"][0]["price_from"]["amount_minor"], 1_500);
        let second = Show::draft_with(server, json!({"title": "Another"})).await;
        assert_eq!(list().await.len(), 1);
        server.post(Some(&second.organizer), &second.path("/publish"), json!({})).await.expect(200);
        assert_eq!(list().await, ["Another", "Title 19"]);
        server.post(Some(&second.organizer), &second.path("/cancel"), json!({})).await.expect(200);
        assert_eq!(list().await, ["Title 19"]);
        assert_eq!(titles(server, None, "status=cancelled").await, ["Another"]);
        assert_eq!(server.delete(Some(&second.organizer), &second.path("")).await.status, 204);
        assert_eq!(titles(server, None, "status=cancelled").await, Vec::<String>::new());
    })
    .await;
}

/// How many pages this process has answered from memory.
async fn kept(server: &TestServer) -> u64 {
    let metrics = reqwest::get(server.url("/metrics")).await.unwrap().text().await.unwrap();
    let line = metrics.lines().find(|line| line.starts_with("usher_event_pages_total{result=\"kept\"}"));
    line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok()).unwrap_or(0)
}

/// A page lives for a second: on a busy machine it may be gone before it is asked for again.
async fn is_kept(server: &TestServer) -> bool {
    for _ in 0..20 {
        let before = kept(server).await;
        titles(server, None, "sort=title&limit=7").await;
        titles(server, None, "sort=title&limit=7").await;
        if kept(server).await > before {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn pages_are_kept_on_the_embedded_store() {
    let server = TestServer::start().await;
    Show::on_sale(&server).await;
    assert!(is_kept(&server).await);
}

struct Nodes {
    first: TestServer,
    second: TestServer,
}

/// Two nodes of one Postgres.
async fn nodes(redis: Option<&Redis>) -> Option<Nodes> {
    let database = TemporaryDatabase::create().await?;
    let (url, redis) = (database.url(), redis.map(Redis::url));
    let first_redis = redis.clone();
    let first = TestServer::start_in(Home::on(database), |config| {
        config.store.redis_url = first_redis.map(Into::into);
    })
    .await;
    let second = TestServer::start_with(|config| {
        config.store.database_url = Some(url.into());
        config.store.allow_unsafe_durability = true;
        config.store.redis_url = redis.map(Into::into);
    })
    .await;
    Some(Nodes { first, second })
}

impl Nodes {
    /// Changes the title on the first node; both must show it at once, also the second time.
    async fn rename(&self, show: &Show, title: &str) {
        let path = show.path("");
        self.first.patch(Some(&show.organizer), &path, json!({"title": title})).await.expect(200);
        for _ in 0..2 {
            for node in [&self.second, &self.first] {
                assert_eq!(titles(node, None, "sort=title").await, [title]);
            }
        }
    }

    async fn stop(self) {
        self.second.stop().await;
        self.first.stop().await;
    }
}

#[tokio::test]
async fn with_redis_every_node_shows_a_change_at_once() {
    let Some(redis) = Redis::start() else { return };
    let Some(nodes) = nodes(Some(&redis)).await else { return };
    let show = Show::on_sale(&nodes.first).await;
    for number in 0..20 {
        nodes.rename(&show, &format!("Title {number}")).await;
    }
    assert!(is_kept(&nodes.second).await, "with Redis, nodes of one Postgres keep pages");
    // What is sold is not announced, and seen all the same.
    let buyer = nodes.first.attendee().await;
    let is_left = async || {
        let page = nodes.second.get(None, "/events?sort=title").await.expect(200);
        page["items"][0]["available"].clone()
    };
    let tier = |id: &str| show.path(&format!("/tiers/{id}"));
    let organizer = Some(&show.organizer);
    nodes.first.patch(organizer, &tier(&show.seats), json!({"open": false})).await.expect(200);
    nodes.first.patch(organizer, &tier(&show.standing), json!({"per_order_max": 50})).await.expect(200);
    nodes.first.patch(organizer, &show.path(""), json!({"units_per_hold_max": 50})).await.expect(200);
    assert_eq!(is_left().await, true);
    show.hold(&nodes.first, &buyer, json!([{"area": "F", "quantity": 50}])).await;
    assert_eq!(is_left().await, false);
    nodes.stop().await;
}

#[tokio::test]
async fn without_redis_several_nodes_keep_nothing() {
    let Some(nodes) = nodes(None).await else { return };
    let show = Show::on_sale(&nodes.first).await;
    for number in 0..5 {
        nodes.rename(&show, &format!("Title {number}")).await;
    }
    assert!(!is_kept(&nodes.second).await);
    nodes.stop().await;
}

#[tokio::test]
async fn a_redis_that_is_gone_or_silent_holds_nobody_up_and_makes_nothing_wrong() {
    const PATIENCE: Duration = Duration::from_secs(3);
    let Some(mut redis) = Redis::start() else { return };
    let Some(nodes) = nodes(Some(&redis)).await else { return };
    let show = Show::on_sale(&nodes.first).await;
    nodes.rename(&show, "Before").await;
    // The other node hears of a change when Redis answers again, or when its page ends: within a second.
    let settles = async |title: &str| {
        let until = Instant::now() + PATIENCE;
        let path = show.path("");
        let asked = Instant::now();
        nodes.first.patch(Some(&show.organizer), &path, json!({"title": title})).await.expect(200);
        assert_eq!(titles(&nodes.first, None, "sort=title").await, [title], "one's own node knows");
        while titles(&nodes.second, None, "sort=title").await != [title] {
            assert!(Instant::now() < until, "{title}");
        }
        asked.elapsed()
    };
    redis.freeze();
    assert!(settles("Frozen").await < PATIENCE);
    for _ in 0..50 {
        titles(&nodes.second, None, "sort=title").await;
    }
    redis.thaw();
    settles("Thawed").await;
    redis.kill();
    let started = Instant::now();
    settles("Killed").await;
    for _ in 0..50 {
        titles(&nodes.second, None, "sort=title").await;
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    redis.resume();
    settles("Resumed").await;
    let until = Instant::now() + Duration::from_secs(20);
    while !is_kept(&nodes.second).await {
        assert!(Instant::now() < until, "Redis is used again");
    }
    nodes.rename(&show, "After").await;
    nodes.stop().await;
}
