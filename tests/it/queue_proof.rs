//! The program in docs/queue-proof.md, run as it stands there, agrees with the server's own shuffle.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use inventory::EventId;
use inventory::line::{commitment, rank, seed};
use serde_json::{Value, json};
use uuid::Uuid;

const NUMBERS: [u32; 8] = [0, 1, 2, 3, 17, 999, 65_536, 4_294_967_294];

fn recipe() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/queue-proof.md");
    let page = std::fs::read_to_string(page).expect("docs/queue-proof.md");
    let block = page.split("```python\n").nth(1).expect("the page has a program");
    block.split("```").next().expect("the program ends").to_owned()
}

/// What the program prints, and whether it accepts the proof.
fn run(proof: &Value) -> (String, bool) {
    let numbers = NUMBERS.map(|number| number.to_string());
    let mut python = Command::new("python3")
        .arg("-c")
        .arg(recipe())
        .args(numbers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 must be there: the proof is checked by it");
    python.stdin.take().expect("a pipe").write_all(proof.to_string().as_bytes()).expect("the program reads the proof");
    let output = python.wait_with_output().expect("the program ends");
    (String::from_utf8(output.stdout).expect("text"), output.status.success())
}

fn proof(event: Uuid, key: [u8; 32], beacon: Option<&str>, value: Option<&str>, shuffled: u32) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut opened = json!({ "opened_at": "2026-11-21T10:00:00Z", "key": hex(&key), "shuffled": shuffled });
    let mut proof = json!({
        "event_id": event,
        "commitment": hex(&commitment(EventId::from_uuid(event), &key, beacon)),
    });
    if let Some(value) = value {
        opened["beacon_value"] = value.into();
    }
    if let Some(beacon) = beacon {
        proof["beacon"] = beacon.into();
    }
    proof["opened"] = opened;
    proof
}

#[test]
fn the_documented_program_computes_the_same_ranks() {
    let event = Uuid::from_u128(0x0192_7a5c_0000_7000_8000_0000_0000_00ff);
    let cases = [
        (1, None, None, 0),
        (2, None, None, 4),
        (3, Some("drand quicknet round 12345678"), Some("8f3a"), 1_000),
        (4, Some("Lottozahlen, Größe"), Some("3 14 15 – 92"), 65_537),
        (5, Some("x"), Some("y"), u32::MAX),
    ];
    for (key, beacon, value, shuffled) in cases {
        let key = [key; 32];
        let seed = seed(&key, value);
        let expected: String =
            NUMBERS.iter().map(|number| format!("{number} {}\n", rank(&seed, shuffled, *number))).collect();
        assert_eq!(run(&proof(event, key, beacon, value, shuffled)), (expected, true), "{shuffled} shuffled");
    }
}

#[test]
fn the_documented_program_refuses_another_key() {
    let mut proof = proof(Uuid::from_u128(7), [1; 32], Some("x"), Some("y"), 10);
    assert!(run(&proof).1);
    proof["opened"]["key"] = "02".repeat(32).into();
    assert_eq!(run(&proof), (String::new(), false));
}
