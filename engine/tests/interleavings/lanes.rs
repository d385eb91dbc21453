use std::sync::Arc;

use inventory::{EventId, Lsn};
use loom::{model, thread};

use crate::Epoch;
use crate::lane::{Lane, LossCause, News, ReadyLanes};
use crate::sync::run;

fn lane(event: u8, ready: &Arc<ReadyLanes>) -> Arc<Lane> {
    Lane::new(EventId::from_bytes([event; 16]), Epoch(1), Lsn::ZERO, Arc::clone(ready))
}

fn append(lane: &Arc<Lane>, lsn: u64) {
    lane.append(Lsn(lsn), &[0], &mut Vec::new());
}

/// As the actor does between two messages.
async fn hear(lane: &Lane) -> News {
    loop {
        match lane.poll_news() {
            Some(news) => return news,
            None => lane.news().await,
        }
    }
}

/// As the committer does, over a journal that never fails. Gives the records committed.
fn commit(ready: &ReadyLanes) -> usize {
    let taken = ready.take(usize::MAX, usize::MAX);
    let mut records = 0;
    for (lane, batch, count) in taken {
        assert_eq!(count as u64, batch.last_lsn.0 - batch.first_lsn.0 + 1, "no gap, no overlap");
        lane.settle_durable(batch.last_lsn);
        records += count;
    }
    records
}

#[test]
fn the_last_news_of_a_lane_is_always_heard() {
    model(|| {
        let lane = lane(1, &Arc::default());
        let committer = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || {
                lane.settle_durable(Lsn(1));
                lane.settle_durable(Lsn(2));
            })
        };
        run(async {
            let mut durable = Lsn::ZERO;
            while durable < Lsn(2) {
                let news = hear(&lane).await;
                assert!(news.durable >= durable, "the journal does not step back");
                durable = news.durable;
            }
        });
        committer.join().unwrap();
    });
}

#[test]
fn a_loss_is_heard_with_what_was_durable_before() {
    model(|| {
        let lane = lane(1, &Arc::default());
        let committer = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || {
                lane.settle_durable(Lsn(1));
                lane.settle_lost(LossCause::Unknown);
            })
        };
        run(async {
            loop {
                let news = hear(&lane).await;
                assert_eq!(news.durable, Lsn(1));
                if news.loss.is_some_and(|loss| loss.cause == LossCause::Unknown) {
                    return;
                }
            }
        });
        committer.join().unwrap();
    });
}

#[test]
fn an_actor_that_waits_for_room_gets_it() {
    model(|| {
        let ready = Arc::<ReadyLanes>::default();
        let lane = lane(1, &ready);
        append(&lane, 1);
        let committer = {
            let ready = Arc::clone(&ready);
            // The commit itself takes its time: room is there as soon as it begins.
            thread::spawn(move || ready.take(usize::MAX, usize::MAX))
        };
        while lane.is_full(1, usize::MAX) {
            run(lane.news());
        }
        append(&lane, 2);
        assert_eq!(committer.join().unwrap().len(), 1);
        assert_eq!(commit(&ready), 1);
        assert_eq!(run(hear(&lane)).durable, Lsn(2));
    });
}

#[test]
fn a_record_appended_while_another_is_taken_goes_with_the_same_commit_or_the_next() {
    model(|| {
        let ready = Arc::<ReadyLanes>::default();
        let lane = lane(1, &ready);
        let actor = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || (1..=2).for_each(|lsn| append(&lane, lsn)))
        };
        let mut records = 0;
        while records < 2 {
            run(ready.arrived());
            records += commit(&ready);
        }
        actor.join().unwrap();
        assert_eq!(run(hear(&lane)).durable, Lsn(2));
    });
}

#[test]
fn lanes_that_become_ready_together_are_all_taken() {
    model(|| {
        let ready = Arc::<ReadyLanes>::default();
        let actors = [1, 2].map(|event| {
            let lane = lane(event, &ready);
            thread::spawn(move || append(&lane, 1))
        });
        let mut records = 0;
        while records < 2 {
            run(ready.arrived());
            records += commit(&ready);
        }
        actors.into_iter().for_each(|actor| actor.join().unwrap());
    });
}
