//! The fast core against its naive twin: random houses, random commands, good and bad, with time going on between them.
//! After every command both must say the same and count the same, and the core's invariants must hold; at the end the
//! journal alone, and a snapshot with the journal's tail, must lead to the same state.
//!
//! `PROPTEST_CASES` raises the number of cases.

mod arena;
mod board;
mod books;
mod line;
mod list;
mod named;
mod pair;
mod reached;
mod steps;
mod verdict;

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

use pair::Pair;
use reached::Reached;

const CASES: u32 = 1_200;

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    Config {
        cases,
        max_shrink_iters: 4_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/model.txt"))),
        ..Config::default()
    }
}

#[test]
fn the_fast_core_and_its_naive_twin_agree() {
    let reached = RefCell::new(Reached::default());
    let cases = (arena::arena(), prop::collection::vec(steps::step(), 1..200));
    let outcome = TestRunner::new(config()).run(&cases, |(arena, steps)| {
        let mut pair = Pair::new(&reached);
        pair.open(&arena)?;
        let middle = steps.len() / 2;
        for (at, step) in steps.iter().enumerate() {
            if at == middle {
                pair.take_snapshot();
            }
            pair.step(step)?;
        }
        pair.finish()
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    reached.into_inner().must_be_complete();
}
