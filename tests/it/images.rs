//! Pictures of events and accounts, in a folder and in a bucket.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::s3::Bucket;
use usher_tests::server::{Answer, Session, TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

/// Taken by a camera that lay on its side: 2,000 pixels wide and 1,200 high as stored, with the place it was taken at.
const LYING: &[u8] = include_bytes!("pictures/lying.jpg");
const PHOTO: &[u8] = include_bytes!("pictures/photo.webp");
/// Transparent around a disc.
const LOGO: &[u8] = include_bytes!("pictures/logo.png");

fn upload(
    server: &TestServer,
    session: &Session,
    method: Method,
    path: &str,
    media_type: &str,
    bytes: &[u8],
) -> reqwest::RequestBuilder {
    let request = server.request(method, path).bearer_auth(&session.access_token);
    request.header("content-type", media_type.to_owned()).body(bytes.to_vec())
}

async fn add(server: &TestServer, show: &Show, media_type: &str, bytes: &[u8]) -> Answer {
    send(upload(server, &show.organizer, Method::POST, &show.path("/images"), media_type, bytes)).await
}

struct File {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

async fn file(server: &TestServer, url: &Value) -> File {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(server.url(url.as_str().unwrap())).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    File { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

/// Width and height in a JPEG's first frame header.
fn sides(jpeg: &[u8]) -> (u16, u16) {
    let at = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).expect("a baseline JPEG");
    let number = |at: usize| u16::from_be_bytes([jpeg[at], jpeg[at + 1]]);
    (number(at + 7), number(at + 5))
}

fn ids(event: &Value) -> Vec<String> {
    event["images"].as_array().unwrap().iter().map(|image| text(&image["id"])).collect()
}

/// Files in the folder of a server that keeps them in one.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

async fn an_event_is_illustrated(server: &TestServer) {
    let show = Show::on_sale(server).await;
    let organizer = Some(&show.organizer);
    let lying = add(server, &show, "image/jpeg", LYING).await.expect(201);
    assert_eq!((&lying["width"], &lying["height"]), (&json!(960), &json!(1_600)));
    for (name, width, height) in [("large", 960, 1_600), ("medium", 480, 800), ("small", 192, 320)] {
        let found = file(server, &lying["urls"][name]).await;
        let header = |name: &str| found.headers[name].to_str().unwrap();
        assert_eq!((found.status, header("content-type")), (200, "image/jpeg"));
        assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-length"), found.bytes.len().to_string());
        assert_eq!(sides(&found.bytes), (width, height), "{name}");
        for trace in [&b"Exif"[..], b"Camera of the test"] {
            assert!(LYING.windows(trace.len()).any(|part| part == trace));
            assert!(!found.bytes.windows(trace.len()).any(|part| part == trace), "{name}");
        }
    }
    let photo = add(server, &show, "application/octet-stream", PHOTO).await.expect(201);
    let logo = add(server, &show, "image/jpeg", LOGO).await.expect(201);
    assert_eq!(file(server, &logo["urls"]["small"]).await.headers["content-type"], "image/png");
    let [lying, photo, logo] = [lying, photo, logo].map(|image| text(&image["id"]));

    let shown = server.get(None, &show.path("")).await.expect(200);
    assert_eq!(ids(&shown), [lying.clone(), photo.clone(), logo.clone()]);
    let order = json!({"order": [logo, lying, photo]});
    let ordered = server.put(organizer, &show.path("/images"), order).await.expect(200);
    assert_eq!(ids(&ordered), [logo.clone(), lying.clone(), photo.clone()]);
    for wrong in [json!([logo, lying]), json!([logo, lying, lying]), json!([logo, lying, show.id])] {
        let refused = server.put(organizer, &show.path("/images"), json!({"order": wrong})).await;
        assert_eq!(faults(&refused.problem(422, "VALIDATION_FAILED")), [("order".to_owned(), "NOT_ALL".to_owned())]);
    }
    let path = show.path(&format!("/images/{lying}"));
    assert_eq!(server.delete(organizer, &path).await.status, 204);
    server.delete(organizer, &path).await.problem(404, "IMAGE_NOT_FOUND");
    let listed = server.get(None, "/events").await.expect(200);
    assert_eq!(ids(&listed["items"][0]), [logo, photo], "the new cover is first, in lists too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_illustrated_from_a_folder() {
    on_each_store(an_event_is_illustrated).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_illustrated_from_a_bucket_and_what_is_not_shown_leaves_it() {
    let Some(bucket) = Bucket::create().await else { return };
    let server = TestServer::start_with(|config| bucket.configure(&mut config.objects)).await;
    an_event_is_illustrated(&server).await;
    assert_eq!(bucket.objects().await, 9);
    usher::images::sweep(server.app().state()).await.unwrap();
    assert_eq!(bucket.objects().await, 6, "three files of the deleted picture are gone");
    let unknown = json!(format!("/api/v1/images/{}-320.jpg", uuid::Uuid::from_u128(7)));
    assert_eq!(file(&server, &unknown).await.status, 404);
    let home = server.stop().await;
    assert_eq!(files(&home.data_dir().join("objects")), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_what_nobody_shows_are_swept() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let kept = Show::draft_with(server, json!({})).await;
        let state = server.app().state();
        let folder = state.config.store.data_dir.join("objects");
        add(server, &show, "image/png", LOGO).await.expect(201);
        add(server, &kept, "image/png", LOGO).await.expect(201);
        // An upload that was cut off when one file was written.
        let cut_off = uuid::Uuid::from_u128(1);
        state.store.image_announce(cut_off, cut_off, usher::time::plus(state.now(), Duration::ZERO)).await.unwrap();
        state.objects.put(&format!("images/{cut_off}/320.jpg"), vec![1]).await.unwrap();
        // One that is still under way.
        let under_way = uuid::Uuid::from_u128(2);
        let later = usher::time::plus(state.now(), Duration::from_secs(3_600));
        state.store.image_announce(under_way, under_way, later).await.unwrap();
        state.objects.put(&format!("images/{under_way}/320.jpg"), vec![1]).await.unwrap();
        assert_eq!(files(&folder), 8);

        usher::images::sweep(state).await.unwrap();
        assert_eq!(files(&folder), 7);
        assert_eq!(server.delete(Some(&show.organizer), &show.path("")).await.status, 204);
        usher::images::sweep(state).await.unwrap();
        assert_eq!(files(&folder), 4, "those of the deleted draft are gone, those of the other and of the upload stay");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_avatar_is_a_square_that_its_owner_sets_and_deletes() {
    on_each_store(async |server: &TestServer| {
        let session = server.attendee().await;
        let put = async |bytes: &'static [u8]| {
            send(upload(server, &session, Method::PUT, "/me/avatar", "image/jpeg", bytes)).await.expect(200)
        };
        assert!(server.get(Some(&session), "/me").await.expect(200).get("avatar").is_none());
        let first = put(LYING).await;
        assert_eq!(sides(&file(server, &first["large"]).await.bytes), (256, 256));
        assert_eq!(sides(&file(server, &first["small"]).await.bytes), (64, 64));
        let second = put(PHOTO).await;
        assert_ne!(first, second);
        assert_eq!(server.get(Some(&session), "/me").await.expect(200)["avatar"], second);
        usher::images::sweep(server.app().state()).await.unwrap();
        assert_eq!(file(server, &first["large"]).await.status, 404);
        assert_eq!(file(server, &second["large"]).await.status, 200);
        for _ in 0..2 {
            assert_eq!(server.delete(Some(&session), "/me/avatar").await.status, 204);
        }
        assert!(server.get(Some(&session), "/me").await.expect(200).get("avatar").is_none());
        send(server.request(Method::PUT, "/me/avatar").body(LOGO)).await.problem(401, "TOKEN_MISSING");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_picture_is_refused_by_its_content() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let (other, buyer) = (server.organizer().await, server.attendee().await);
    for (media_type, bytes, status, code) in [
        ("text/html", LOGO, 415, "IMAGE_TYPE_UNSUPPORTED"),
        ("application/json", b"{}", 415, "IMAGE_TYPE_UNSUPPORTED"),
        ("image/png", b"<script>alert(1)</script>", 415, "IMAGE_TYPE_UNSUPPORTED"),
        ("image/svg+xml", b"<svg onload='alert(1)'/>", 415, "IMAGE_TYPE_UNSUPPORTED"),
        ("image/png", b"", 415, "IMAGE_TYPE_UNSUPPORTED"),
        ("image/jpeg", &LYING[..400], 422, "IMAGE_DAMAGED"),
        ("image/png", &LOGO[..40], 422, "IMAGE_DAMAGED"),
        ("image/png", &vec![0; (8 << 20) + 1], 413, "BODY_TOO_LARGE"),
    ] {
        add(&server, &show, media_type, bytes).await.problem(status, code);
    }
    let path = show.path("/images");
    let by = async |session: &Session| send(upload(&server, session, Method::POST, &path, "image/png", LOGO)).await;
    by(&other).await.problem(404, "EVENT_NOT_FOUND");
    by(&buyer).await.problem(403, "ROLE_REQUIRED");
    send(server.request(Method::POST, &path).body(LOGO)).await.problem(401, "TOKEN_MISSING");
    assert_eq!(ids(&server.get(Some(&show.organizer), &show.path("")).await.expect(200)), [""; 0]);
    let folder = server.app().state().config.store.data_dir.join("objects");
    assert_eq!(files(&folder), 0, "nothing of it was stored");
    server.get(None, "/images/..%2Fusher.sqlite3").await.problem(404, "IMAGE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_has_ten_pictures_also_when_they_come_at_once_and_a_repeated_one_counts_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let path = show.path("/images");
        let keyed = async || {
            let request = upload(server, &show.organizer, Method::POST, &path, "image/png", LOGO);
            send(request.header("idempotency-key", "first")).await
        };
        let first = keyed().await.expect(201);
        let again = keyed().await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201), first);
        let other = upload(server, &show.organizer, Method::POST, &path, "image/png", PHOTO);
        send(other.header("idempotency-key", "first")).await.problem(422, "IDEMPOTENCY_KEY_REUSED");

        for _ in 0..7 {
            add(server, &show, "image/png", LOGO).await.expect(201);
        }
        let more = futures_util::future::join_all((0..4).map(|_| add(server, &show, "image/png", LOGO))).await;
        let count = |status: u16| more.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(201), count(409)), (2, 2), "{:?}", more.iter().map(|a| a.status).collect::<Vec<_>>());
        let last = more.into_iter().find(|answer| answer.status == 409).unwrap();
        last.problem(409, "IMAGES_TOO_MANY");
        let event = server.get(Some(&show.organizer), &show.path("")).await.expect(200);
        assert_eq!(ids(&event).len(), 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storage_that_is_away_stops_pictures_and_nothing_else() {
    let server = TestServer::start_with(|config| {
        let objects = &mut config.objects;
        objects.bucket = Some("nowhere".to_owned());
        // Port 9 of this machine: nobody listens there.
        objects.endpoint = Some("http://127.0.0.1:9".to_owned());
        objects.access_key = Some("test".to_owned());
        objects.secret_key = Some("test".into());
        objects.allow_http = true;
        objects.timeout = Duration::from_millis(500);
    })
    .await;
    let show = Show::on_sale(&server).await;
    add(&server, &show, "image/png", LOGO).await.problem(503, "OBJECTS_UNAVAILABLE");
    let unknown = format!("/images/{}-320.jpg", uuid::Uuid::from_u128(7));
    server.get(None, &unknown).await.problem(503, "OBJECTS_UNAVAILABLE");
    usher::images::sweep(server.app().state()).await.unwrap();
    let buyer = server.attendee().await;
    show.buy(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
}

/// What is missing at the end would be grey, and grey is no picture of anybody's.
#[tokio::test]
async fn a_file_that_was_cut_short_is_no_picture() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let end = LYING.windows(2).rposition(|marker| marker == [0xFF, 0xD9]).expect("a whole file");
    for cut in [end, end - 40, LYING.len() / 2] {
        add(&server, &show, "image/jpeg", &LYING[..cut]).await.problem(422, "IMAGE_DAMAGED");
    }
    // What a phone writes behind the end is not looked at.
    add(&server, &show, "image/jpeg", &[LYING, b"a film"].concat()).await.expect(201);
    add(&server, &show, "image/jpeg", LYING).await.expect(201);
    server.stop().await;
}
