//! The program in docs/queue-proof.md, run as it stands there, agrees with the server's own shuffle.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use inventory::EventId;
use inventory::line::{commitment, rank, seed};
use serde_json::{Value, json};
use usher_tests::process::binary;
use uuid::Uuid;

const NUMBERS: [u32; 8] = [0, 1, 2, 3, 17, 999, 65_536, 4_294_967_294];

fn recipe() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/queue-proof.md");
    let page = std::fs::read_to_string(page).expect("docs/queue-proof.md");
    let block = page.split("```python\n").nth(1).expect("the page has a program");
    block.split("```").next().expect("the program ends").to_owned()
}

/// What the documented program prints, and whether it accepts the proof.
fn run(proof: &Value) -> (String, bool) {
    let mut python = Command::new("python3");
    python.arg("-c").arg(recipe()).args(NUMBERS.map(|number| number.to_string()));
    fed(&mut python, &proof.to_string())
}

/// What `usher verify-queue` prints, and whether its exit status is 0.
fn verify(arguments: &[&str], input: &str) -> (String, bool) {
    fed(Command::new(binary("USHER_BIN", "usher")).arg("verify-queue").args(arguments), input)
}

/// What a program prints that is given so much on its standard input, and whether its exit status is 0.
fn fed(program: &mut Command, input: &str) -> (String, bool) {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = program.spawn().expect("the program is there: the proof is checked by it");
    // One that does not read it closes it.
    drop(process.stdin.take().expect("a pipe").write_all(input.as_bytes()));
    let output = process.wait_with_output().expect("the program ends");
    (String::from_utf8(output.stdout).expect("text"), output.status.success())
}

fn proof(event: Uuid, key: [u8; 32], beacon: Option<&str>, value: Option<&str>, shuffled: u32) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut opened = json!({ "opened_at": "2026-11-21T10:00:00Z", "key": hex(&key), "shuffled": shuffled });
    let mut proof = json!({
        "event_id": event,
        "algorithm": wire::QUEUE_ALGORITHM,
        "committed_at": "2026-11-20T10:00:00Z",
        "commitment": hex(&commitment(EventId::from_uuid(event), &key, beacon)),
    });
    if let Some(value) = value {
        opened["beacon_value"] = value.into();
    }
    if let Some(beacon) = beacon {
        proof["beacon"] = beacon.into();
        proof["closed"] = json!({ "at": "2026-11-21T09:59:00Z", "shuffled": shuffled });
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

/// Program and recipe accept and refuse the same.
#[test]
fn what_was_changed_afterwards_is_refused_by_the_program_and_by_the_recipe() {
    let genuine = proof(Uuid::from_u128(7), [1; 32], Some("x"), Some("y"), 10);
    assert!(run(&genuine).1 && verify(&[], &genuine.to_string()).1);
    let table = [
        ("/opened/key", Value::from("02".repeat(32))),
        ("/opened/beacon_value", Value::Null),
        ("/opened/beacon_value", "".into()),
        ("/opened/shuffled", 11.into()),
        ("/closed/shuffled", 9.into()),
        ("/closed", Value::Null),
        ("/beacon", "z".into()),
        ("/beacon", Value::Null),
        ("/opened", Value::Null),
    ];
    for (at, value) in table {
        let mut changed = genuine.clone();
        *changed.pointer_mut(at).expect("it is there") = value;
        assert!(!run(&changed).1, "the recipe accepts another {at}: {changed}");
        assert!(!verify(&[], &changed.to_string()).1, "the program accepts another {at}: {changed}");
    }
}

#[test]
fn the_command_reads_a_file_or_its_input_and_its_exit_status_is_the_verdict() {
    let proof = proof(Uuid::from_u128(7), [1; 32], Some("drand round 7"), Some("8f3a"), 1_000);
    let text = proof.to_string();
    let rank = rank(&seed(&[1; 32], Some("8f3a")), 1_000, 17);
    let (told, is_good) = verify(&["17", &format!("17={rank}")], &text);
    assert!(is_good, "{told}");
    assert_eq!(told.matches(&format!("number 17 has rank {rank}\n")).count(), 2, "{told}");
    assert!(
        told.contains("`drand round 7`") && told.contains("`8f3a`") && told.contains("2026-11-21T09:59:00"),
        "{told}"
    );
    let (told, is_good) = verify(&[&format!("17={}", rank + 1)], &text);
    assert!(!is_good && told.contains("NOT"), "{told}");

    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("proof.json");
    std::fs::write(&file, &text).expect("a file");
    let file = file.to_str().expect("a path");
    assert!(verify(&["--proof", file, "0"], "").1);
    let commitment = proof["commitment"].as_str().expect("text");
    for (arguments, expected) in [
        (["--commitment", commitment], true),
        (["--commitment", "5f3c"], false),
        (["--shuffled", "1000"], true),
        (["--shuffled", "999"], false),
        (["--proof", "/no/such/file"], false),
        (["--place-ticket", "none"], false),
    ] {
        assert_eq!(verify(&arguments, &text).1, expected, "{arguments:?}");
    }
    assert!(!verify(&[], "{}").1, "that is no proof");

    let key = usher::line::tokens::LineTokens::new(&[3; 32]);
    let event = EventId::from_uuid(Uuid::from_u128(7));
    let ticket =
        usher::line::tokens::PlaceTicket { user: inventory::UserId::from_bytes([5; 16]), round: 1, number: 17 };
    let (told, is_good) = verify(&["--place-ticket", &key.place_ticket(event, &ticket)], &text);
    assert!(is_good && told.contains(&format!("number 17 has rank {rank}\n")), "{told}");
}
