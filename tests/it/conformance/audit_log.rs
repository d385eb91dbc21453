//! The audit log keeps what it got.

use inventory::{EventId, TimeUs, UserId};
use persistence::{Access, AccessChange, AuditEntry, AuditFilter, AuditVia, Role, Store};
use uuid::{Builder, Uuid};

use super::fixture::{Fixture, event, on_every_store, user};
use super::relational::insert_user;

on_every_store!(
    an_entry_is_read_as_it_was_written,
    entries_are_listed_newest_first_by_every_filter,
    a_repeated_request_is_one_entry,
    an_entry_stands_and_falls_with_its_change,
    the_database_refuses_to_change_or_lose_an_entry,
    where_an_account_was_is_taken_out_once_it_is_erased_and_nothing_else,
);

const DAY: TimeUs = TimeUs(1_800_000_000_000_000);

fn id(at: TimeUs, number: u8) -> Uuid {
    Builder::from_unix_timestamp_millis(u64::try_from(at.0 / 1_000).unwrap(), &[number; 10]).into_uuid()
}

pub fn entry(number: u8) -> AuditEntry {
    let at = DAY.plus_us(i64::from(number) * 1_000_000);
    AuditEntry {
        id: id(at, number),
        at,
        actor_id: None,
        actor_role: None,
        via: AuditVia::System,
        action: "event.publish".into(),
        object_kind: "event".into(),
        object_id: None,
        event_id: None,
        old_values: None,
        new_values: None,
        ip: None,
        user_agent: None,
        request_id: None,
        request_key: None,
    }
}

async fn listed(store: &Store, filter: AuditFilter) -> Vec<Uuid> {
    store.audit_list(&filter, None, 100).await.unwrap().into_iter().map(|entry| entry.id).collect()
}

async fn an_entry_is_read_as_it_was_written(fixture: Fixture) {
    let full = AuditEntry {
        actor_id: Some(user()),
        actor_role: Some(Role::Organizer),
        via: AuditVia::ApiKey,
        object_id: Some("A-12-7".into()),
        event_id: Some(event()),
        old_values: Some("{\"a\":1}".into()),
        new_values: Some("{\"a\":2}".into()),
        ip: Some("2001:db8::1".into()),
        user_agent: Some("curl ü".into()),
        request_id: Some("trace-1".into()),
        request_key: Some([7; 16]),
        ..entry(1)
    };
    fixture.store.audit_append(&[full.clone(), entry(2)]).await.unwrap();
    let read = fixture.store.audit_list(&AuditFilter::default(), None, 100).await.unwrap();
    assert_eq!(read, [entry(2), full]);
}

async fn entries_are_listed_newest_first_by_every_filter(fixture: Fixture) {
    let store = &fixture.store;
    let (show, ada): (EventId, UserId) = (event(), user());
    let entries = [
        entry(1),
        AuditEntry { event_id: Some(show), ..entry(2) },
        AuditEntry { actor_id: Some(ada), action: "tier.update".into(), ..entry(3) },
        AuditEntry { actor_id: Some(ada), event_id: Some(show), object_id: Some("x".into()), ..entry(4) },
    ];
    store.audit_append(&entries).await.unwrap();
    let ids = |numbers: &[usize]| numbers.iter().map(|number| entries[*number - 1].id).collect::<Vec<_>>();
    let all = AuditFilter::default;
    assert_eq!(listed(store, all()).await, ids(&[4, 3, 2, 1]));
    assert_eq!(listed(store, AuditFilter { event: Some(show), ..all() }).await, ids(&[4, 2]));
    assert_eq!(listed(store, AuditFilter { actor: Some(ada), ..all() }).await, ids(&[4, 3]));
    assert_eq!(listed(store, AuditFilter { actor: Some(ada), event: Some(show), ..all() }).await, ids(&[4]));
    assert_eq!(listed(store, AuditFilter { action: Some("tier.update".into()), ..all() }).await, ids(&[3]));
    assert_eq!(listed(store, AuditFilter { object: Some("x".into()), ..all() }).await, ids(&[4]));
    let (from, to) = (Some(entries[1].at), Some(entries[3].at));
    assert_eq!(listed(store, AuditFilter { from, to, ..all() }).await, ids(&[3, 2]));
    let second = store.audit_list(&all(), Some(entries[2].id), 1).await.unwrap();
    assert_eq!(second.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids(&[2]));
    let bounded = store.audit_list(&AuditFilter { to: Some(DAY), ..all() }, Some(Uuid::max()), 9).await.unwrap();
    assert_eq!(bounded, []);
}

async fn a_repeated_request_is_one_entry(fixture: Fixture) {
    let first = AuditEntry { request_key: Some([1; 16]), ..entry(1) };
    let again = AuditEntry { request_key: Some([1; 16]), ..entry(2) };
    fixture.store.audit_append(std::slice::from_ref(&first)).await.unwrap();
    fixture.store.audit_append(&[again]).await.unwrap();
    assert_eq!(listed(&fixture.store, AuditFilter::default()).await, [first.id]);
}

async fn an_entry_stands_and_falls_with_its_change(fixture: Fixture) {
    let store = &fixture.store;
    let ada = insert_user(store, user()).await;
    let nobody = user();
    let set = |id, role, entry| async move {
        let access = Access { role: Some(role), ..Access::default() };
        store.user_set_access(id, access, TimeUs(1), Some(&entry)).await
    };
    assert_eq!(set(nobody, Role::Admin, entry(1)).await.unwrap(), AccessChange::Unknown);
    assert!(listed(store, AuditFilter::default()).await.is_empty());
    set(ada, Role::Organizer, entry(2)).await.unwrap();
    assert_eq!(listed(store, AuditFilter::default()).await, [entry(2).id]);
    // The same id once more is refused by its key, and the change with it.
    set(ada, Role::Admin, entry(2)).await.unwrap_err();
    assert_eq!(store.user_find(ada).await.unwrap().unwrap().role, Role::Organizer);
}

async fn the_database_refuses_to_change_or_lose_an_entry(fixture: Fixture) {
    fixture.store.audit_append(&[entry(1)]).await.unwrap();
    let mut attacks = vec![
        "UPDATE audit_log SET action = 'x'",
        "UPDATE audit_log SET ip = NULL, user_agent = NULL",
        "DELETE FROM audit_log",
    ];
    match &fixture.store {
        Store::Postgres(_) => {
            attacks.push("TRUNCATE audit_log");
            let mut connection = fixture.postgres_connection().await;
            for attack in attacks {
                let error = sqlx::query(attack).execute(&mut connection).await.unwrap_err();
                assert!(error.to_string().contains("append-only"), "{attack}: {error}");
            }
        }
        Store::Sqlite(_) => {
            attacks.push(
                "INSERT OR REPLACE INTO audit_log (id, at, via, action, object_kind)
                    SELECT id, at, via, 'x', object_kind FROM audit_log",
            );
            let mut connection = fixture.sqlite_connection().await;
            for attack in attacks {
                let error = sqlx::query(attack).execute(&mut connection).await.unwrap_err();
                assert!(error.to_string().contains("append-only"), "{attack}: {error}");
            }
        }
    }
    assert_eq!(fixture.store.audit_list(&AuditFilter::default(), None, 9).await.unwrap(), [entry(1)]);
}

async fn where_an_account_was_is_taken_out_once_it_is_erased_and_nothing_else(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (insert_user(store, user()).await, insert_user(store, user()).await);
    let somewhere = |number| AuditEntry {
        ip: Some("203.0.113.7".into()),
        user_agent: Some("curl".into()),
        new_values: Some("{\"a\":1}".into()),
        ..entry(number)
    };
    let anonymous =
        |number, object: String| AuditEntry { via: AuditVia::Anonymous, object_id: Some(object), ..somewhere(number) };
    let entries = [
        AuditEntry { actor_id: Some(ada), ..somewhere(1) },
        anonymous(2, ada.to_string()),
        // Of others: a change of the account by somebody else, and by nobody known of something else.
        AuditEntry { actor_id: Some(bob), object_id: Some(ada.to_string()), ..somewhere(3) },
        anonymous(4, bob.to_string()),
        anonymous(5, "A-12-7".into()),
    ];
    store.audit_append(&entries).await.unwrap();
    store.user_erase(ada, DAY, None).await.unwrap();
    let nowhere = |entry: &AuditEntry| AuditEntry { ip: None, user_agent: None, ..entry.clone() };
    let kept = store.audit_list(&AuditFilter::default(), None, 9).await.unwrap();
    let [first, second, third, fourth, fifth] = &entries;
    assert_eq!(kept, [fifth.clone(), fourth.clone(), third.clone(), nowhere(second), nowhere(first)]);
}
