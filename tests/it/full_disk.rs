//! A disk that is full in the middle of a sale (RELIABILITY T11), a real one: a few megabytes of memory, mounted for a
//! process of its own. Nothing is acknowledged that was not written, and the sale goes on by itself once there is room.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use usher_tests::server::{Answer, Home, Session, TestServer};

use crate::show::{Show, text};

/// Where the small disk is, told to the process inside.
const DISK: &str = "USHER_TEST_SMALL_DISK";
const MOUNT: &str = r#"mount -t tmpfs -o size=24m tmpfs "$TMPDIR" && exec "$0" "$@""#;
const TRIES: usize = 2_000;
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// A file system of our own needs no privilege where users may have namespaces.
fn in_namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    command
}

#[test]
fn a_full_disk_loses_nothing_and_the_sale_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let may_mount = in_namespace().arg(MOUNT).arg("true").env("TMPDIR", directory.path()).output();
    let may_mount = may_mount.is_ok_and(|output| output.status.success());
    assert!(may_mount, "this test mounts a small disk: it needs `unshare` and user namespaces, or root");
    let output = in_namespace()
        .arg(MOUNT)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::sell_on_a_small_disk", "--ignored", "--nocapture"])
        .env("TMPDIR", directory.path())
        .env(DISK, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn fill(disk: &Path) -> std::path::PathBuf {
    let path = disk.join("filler");
    let mut file = File::create(&path).unwrap();
    for bytes in [64 << 10, 4 << 10, 512] {
        while file.write_all(&vec![1; bytes]).is_ok() {}
    }
    path
}

async fn hold(server: &TestServer, show: &Show, buyer: &Session) -> Answer {
    let body = json!({"items": [{"area": "F", "quantity": 1}]});
    server.post(Some(buyer), &show.path("/holds"), body).await
}

/// Not a test by itself: the process on the small disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started on a small disk by the test above"]
async fn sell_on_a_small_disk() {
    let Ok(disk) = std::env::var(DISK) else { return };
    let server = TestServer::start_in(Home::embedded_in(Path::new(&disk)), |_| {}).await;
    let show = Show::on_sale_with(&server, json!({"holds_per_customer_max": 1_000})).await;
    let buyer = server.attendee().await;
    let mut acknowledged = vec![text(&hold(&server, &show, &buyer).await.expect(201)["id"])];

    let filler = fill(Path::new(&disk));
    let mut refused = None;
    for _ in 0..TRIES {
        let answer = hold(&server, &show, &buyer).await;
        if answer.status == 201 {
            let id = text(&answer.body["id"]);
            // Places are few, the log of the database has room for a while.
            assert_eq!(server.delete(Some(&buyer), &show.path(&format!("/holds/{id}"))).await.status / 100, 2);
        } else {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the disk is full at last");
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(!refused.header("retry-after").is_empty(), "{}", refused.text);
    for _ in 0..20 {
        let answer = hold(&server, &show, &buyer).await;
        assert_eq!(answer.status, 503, "acknowledged on a full disk: {}", answer.text);
        for path in ["/events", "/orders", "/me"] {
            server.get(Some(&buyer), path).await.expect(200);
        }
    }

    std::fs::remove_file(filler).unwrap();
    let freed = Instant::now();
    loop {
        let answer = hold(&server, &show, &buyer).await;
        if answer.status == 201 {
            acknowledged.push(text(&answer.body["id"]));
            break;
        }
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert!(freed.elapsed() < BACK_WITHIN, "nothing is sold {BACK_WITHIN:?} after there is room: {}", answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for id in acknowledged {
        server.post(Some(&buyer), &show.path(&format!("/holds/{id}/extend")), json!({})).await.expect(200);
    }
    assert_eq!(show.totals(&server).await[1], 2);
    server.stop().await;
}
