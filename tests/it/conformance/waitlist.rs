//! Entries of waitlists, written inside journal commits.

use inventory::{EventId, HoldId, Lsn, Row, TierId, TimeUs, UserId, WaitlistRow};
use persistence::{WaitlistEntry, WaitlistStatus};

use super::fixture::{Fixture, event, on_every_store, order, tier, user};
use super::projection::commit;

on_every_store!(
    an_entry_is_found_as_its_last_change_left_it,
    an_older_row_of_an_entry_changes_nothing,
    numbers_and_times_at_the_ends_of_their_range_survive,
    those_before_are_counted_by_priority_and_number,
    lists_are_read_page_by_page_and_by_status,
    a_customers_entries_are_listed_over_events_and_forgotten,
);

const STATUSES: [&str; 8] = ["waiting", "offered", "accepted", "lapsed", "left", "removed", "limited", "closed"];

fn hold() -> HoldId {
    HoldId::from_uuid(order().uuid())
}

fn waiting(event: EventId, number: u32, tier: TierId, customer: UserId, lsn: u64) -> WaitlistRow {
    WaitlistRow {
        event,
        number,
        customer,
        tier,
        tier_name: "Front".into(),
        part: Some("A".into()),
        is_area: false,
        quantity: 2,
        accessible: false,
        apart: true,
        has_priority: false,
        status: "waiting",
        joined_at: TimeUs(1_000),
        hold: None,
        offered_until: None,
        changed_at: TimeUs(1_000),
        lsn: Lsn(lsn),
    }
}

fn stored(row: &WaitlistRow, status: WaitlistStatus) -> WaitlistEntry {
    assert_eq!(status.name(), row.status);
    WaitlistEntry {
        event_id: row.event,
        number: row.number,
        customer_id: row.customer,
        tier_id: row.tier,
        tier_name: row.tier_name.clone(),
        part: row.part.clone(),
        is_area: row.is_area,
        quantity: row.quantity,
        accessible: row.accessible,
        apart: row.apart,
        has_priority: row.has_priority,
        status,
        joined_at: row.joined_at,
        hold_id: row.hold,
        offered_until: row.offered_until,
        changed_at: row.changed_at,
        lsn: row.lsn,
    }
}

async fn write(fixture: &Fixture, event: EventId, commits: impl IntoIterator<Item = Vec<WaitlistRow>>) {
    let rows = |commit: Vec<WaitlistRow>| commit.into_iter().map(|row| Row::Waitlist(Box::new(row))).collect();
    commit(fixture, event, commits.into_iter().map(rows)).await;
}

async fn an_entry_is_found_as_its_last_change_left_it(fixture: Fixture) {
    let (event, ann, bob) = (event(), user(), user());
    let joined = waiting(event, 1, tier(), ann, 1);
    let area =
        WaitlistRow { part: None, is_area: true, accessible: true, apart: false, ..waiting(event, 2, tier(), bob, 1) };
    write(&fixture, event, [vec![joined.clone(), area.clone()]]).await;
    let find = async |customer| fixture.store.waitlist_find(event, customer).await.unwrap();
    assert_eq!(find(ann).await, Some(stored(&joined, WaitlistStatus::Waiting)));
    assert_eq!(find(bob).await, Some(stored(&area, WaitlistStatus::Waiting)));
    assert_eq!(find(user()).await, None);

    let offer = (Some(hold()), Some(TimeUs(9_000)));
    let preferred = WaitlistRow { has_priority: true, changed_at: TimeUs(2_000), lsn: Lsn(2), ..joined };
    let offered =
        WaitlistRow { status: "offered", hold: offer.0, offered_until: offer.1, lsn: Lsn(3), ..preferred.clone() };
    write(&fixture, event, [vec![preferred, offered.clone()]]).await;
    assert_eq!(find(ann).await, Some(stored(&offered, WaitlistStatus::Offered)));
    let lapsed =
        WaitlistRow { status: "lapsed", offered_until: None, changed_at: TimeUs(9_000), lsn: Lsn(4), ..offered };
    let again = waiting(event, 3, tier(), ann, 5);
    write(&fixture, event, [vec![lapsed.clone()], vec![again.clone()]]).await;
    assert_eq!(find(ann).await, Some(stored(&again, WaitlistStatus::Waiting)), "the last of several");
    let all = fixture.store.waitlist_list(event, None, 0, 10).await.unwrap();
    assert_eq!(all[0], stored(&lapsed, WaitlistStatus::Lapsed));
}

/// As when the rows of a journal are written once more.
async fn an_older_row_of_an_entry_changes_nothing(fixture: Fixture) {
    let (event, ann) = (event(), user());
    let joined = waiting(event, 1, tier(), ann, 1);
    let left = WaitlistRow { status: "left", changed_at: TimeUs(5_000), lsn: Lsn(2), ..joined.clone() };
    write(&fixture, event, [vec![left.clone()], vec![joined.clone()], vec![joined, left.clone()]]).await;
    let found = fixture.store.waitlist_find(event, ann).await.unwrap();
    assert_eq!(found, Some(stored(&left, WaitlistStatus::Left)));
}

async fn numbers_and_times_at_the_ends_of_their_range_survive(fixture: Fixture) {
    let (event, ann) = (event(), user());
    let last = i64::MAX as u64;
    let extreme = WaitlistRow {
        quantity: u32::MAX,
        tier_name: "Front\u{1f3ad}".into(),
        status: "offered",
        joined_at: TimeUs::MIN,
        hold: Some(hold()),
        offered_until: Some(TimeUs::MAX),
        changed_at: TimeUs::MAX,
        ..waiting(event, u32::MAX, tier(), ann, last)
    };
    let nul = WaitlistRow { tier_name: "Fr\0nt".into(), ..waiting(event, 1, tier(), user(), 1) };
    write(&fixture, event, [vec![extreme.clone(), nul.clone()]]).await;
    let found = fixture.store.waitlist_find(event, ann).await.unwrap();
    assert_eq!(found, Some(stored(&extreme, WaitlistStatus::Offered)));
    let kept = fixture.store.waitlist_find(event, nul.customer).await.unwrap().unwrap();
    assert!(!kept.tier_name.contains('\0') && kept.tier_name.starts_with("Fr"), "{kept:?}");
}

async fn those_before_are_counted_by_priority_and_number(fixture: Fixture) {
    let (event, front, other) = (event(), tier(), tier());
    let row = |number: u32, tier, status: &'static str, has_priority| WaitlistRow {
        status,
        has_priority,
        ..waiting(event, number, tier, user(), number.into())
    };
    let rows = vec![
        row(1, front, "waiting", false),
        row(2, other, "waiting", false),
        row(3, front, "left", true),
        row(4, front, "offered", false),
        row(5, front, "waiting", false),
        row(6, front, "waiting", true),
        row(7, front, "waiting", true),
    ];
    write(&fixture, event, [rows]).await;
    let all = fixture.store.waitlist_list(event, Some(WaitlistStatus::Waiting), 0, 10).await.unwrap();
    let mut before = Vec::new();
    for entry in &all {
        before.push((entry.number, fixture.store.waitlist_count_before(entry).await.unwrap()));
    }
    assert_eq!(before, [(1, 2), (2, 0), (5, 3), (6, 0), (7, 1)]);
}

async fn lists_are_read_page_by_page_and_by_status(fixture: Fixture) {
    let (event, store) = (event(), fixture.store.clone());
    let rows = STATUSES
        .into_iter()
        .zip(1u32..)
        .map(|(status, number)| WaitlistRow { status, ..waiting(event, number, tier(), user(), number.into()) });
    write(&fixture, event, [rows.collect()]).await;
    let mut pages = Vec::new();
    while let Some(after) = pages.last().copied().or(Some(0)).filter(|after| *after < 8) {
        let page = store.waitlist_list(event, None, after, 3).await.unwrap();
        assert!(!page.is_empty() && page.len() <= 3);
        pages.extend(page.iter().map(|entry| entry.number));
    }
    assert_eq!(pages, (1..=8).collect::<Vec<u32>>());
    for (status, number) in STATUSES.into_iter().zip(1u32..) {
        let of = store.waitlist_list(event, None, number - 1, 1).await.unwrap()[0].status;
        assert_eq!(of.name(), status);
        let page = store.waitlist_list(event, Some(of), 0, 10).await.unwrap();
        assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [number]);
        assert_eq!(store.waitlist_list(event, Some(of), number, 10).await.unwrap(), []);
    }
    assert_eq!(store.waitlist_list(super::fixture::event(), None, 0, 10).await.unwrap(), []);
}

async fn a_customers_entries_are_listed_over_events_and_forgotten(fixture: Fixture) {
    let (first, second, third, store) = (event(), event(), event(), fixture.store.clone());
    let (ann, bob) = (user(), user());
    for event in [first, second, third] {
        let left = WaitlistRow { status: "left", ..waiting(event, 1, tier(), ann, 1) };
        let status = if event == third { "closed" } else { "offered" };
        let last = WaitlistRow { status, ..waiting(event, 3, tier(), ann, 3) };
        write(&fixture, event, [vec![left, waiting(event, 2, tier(), bob, 2), last]]).await;
    }
    let mut seen = Vec::new();
    loop {
        let page = store.waitlist_list_of_customer(ann, seen.last().copied(), 4).await.unwrap();
        assert!(page.iter().all(|entry| entry.customer_id == ann));
        seen.extend(page.iter().map(|entry| (entry.event_id, entry.number)));
        if page.len() < 4 {
            break;
        }
    }
    let mut expected: Vec<_> = [first, second, third].into_iter().flat_map(|event| [(event, 1), (event, 3)]).collect();
    expected.sort_unstable_by_key(|(event, number)| (event.uuid(), *number));
    assert_eq!(seen, expected);
    let mut events = store.waitlist_events_of(ann, 10).await.unwrap();
    events.sort_unstable_by_key(|event| event.uuid());
    assert_eq!(events, [first, second]);
    assert_eq!(store.waitlist_events_of(ann, 1).await.unwrap().len(), 1);
    assert_eq!(store.waitlist_events_live(None, 10).await.unwrap(), [first, second, third]);
    assert_eq!(store.waitlist_events_live(Some(first), 1).await.unwrap(), [second]);

    store.waitlist_forget(ann).await.unwrap();
    assert_eq!(store.waitlist_list_of_customer(ann, None, 10).await.unwrap(), []);
    let left = store.waitlist_list(first, None, 0, 10).await.unwrap();
    assert_eq!(left.iter().map(|entry| entry.customer_id).collect::<Vec<_>>(), [bob]);
}
