use std::sync::Arc;

use loom::{model, thread};

use crate::exchange::{Exchange, Filled};
use crate::sync::run;

type Numbers = Exchange<Vec<u32>>;

fn put(exchange: &Numbers, number: u32) -> bool {
    exchange.put(|numbers| {
        numbers.push(number);
        Filled::Kept
    })
}

/// Takes until there is nothing more to come.
fn take_all(exchange: &Numbers) -> Vec<u32> {
    run(async {
        let (mut all, mut taken) = (Vec::new(), Vec::new());
        while exchange.arrived().await {
            assert_eq!(exchange.take(&mut taken), !taken.is_empty());
            all.append(&mut taken);
        }
        all
    })
}

#[test]
fn everything_that_was_put_before_the_end_is_taken_once_and_in_order() {
    model(|| {
        let exchange = Numbers::new();
        let giver = {
            let exchange = Arc::clone(&exchange);
            thread::spawn(move || {
                assert!(put(&exchange, 1) && put(&exchange, 2));
                exchange.close();
            })
        };
        assert_eq!(take_all(&exchange), [1, 2]);
        giver.join().unwrap();
    });
}

#[test]
fn a_taker_that_lags_hears_of_it_wherever_it_waits() {
    model(|| {
        let exchange = Numbers::new();
        let giver = {
            let exchange = Arc::clone(&exchange);
            thread::spawn(move || {
                assert!(put(&exchange, 1));
                assert!(!exchange.put(|_| Filled::TooMuch));
                assert!(!put(&exchange, 3));
            })
        };
        let taken = take_all(&exchange);
        assert!(taken.is_empty() || taken == [1], "{taken:?}");
        giver.join().unwrap();
    });
}

#[test]
fn a_giver_hears_that_the_taker_is_gone_and_nothing_is_kept_for_it() {
    model(|| {
        let exchange = Numbers::new();
        let taker = {
            let exchange = Arc::clone(&exchange);
            thread::spawn(move || exchange.abandon())
        };
        put(&exchange, 1);
        taker.join().unwrap();
        assert!(exchange.is_closed() && !put(&exchange, 2));
        let mut left = Vec::new();
        assert!(!exchange.take(&mut left) && left.is_empty());
    });
}

/// The actor gives while the server stops its watcher, who takes what it can.
#[test]
fn a_close_from_aside_wakes_the_taker() {
    model(|| {
        let exchange = Numbers::new();
        let threads = [true, false].map(|gives| {
            let exchange = Arc::clone(&exchange);
            thread::spawn(move || {
                if gives {
                    put(&exchange, 1)
                } else {
                    exchange.close();
                    false
                }
            })
        });
        let taken = take_all(&exchange);
        let [giver, closer] = threads.map(|thread| thread.join().unwrap());
        assert!(!closer);
        assert_eq!(taken, if giver { vec![1] } else { vec![] });
    });
}
