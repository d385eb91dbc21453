//! Roles and statuses, the end of an account, and who is left to administer the server whatever happens at once.

use inventory::{TimeUs, UserId};
use persistence::{Access, AccessChange, ChangedAccess, Erasure, Role, Store, StoreError, UserStatus};
use tokio::task::JoinSet;

use super::fixture::{Fixture, on_every_store, user};
use super::relational::insert_user;

on_every_store!(
    an_admin_is_always_left_of_those_who_demote_each_other,
    an_admin_is_always_left_of_those_who_erase_and_demote_at_once,
    a_change_of_access_is_listed_for_other_nodes_in_the_order_of_changes,
);

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);
const ADMIN: Access = Access { role: Some(Role::Admin), status: None, whitelisted: None };
const ATTENDEE: Access = Access { role: Some(Role::Attendee), status: None, whitelisted: None };
const SUSPENDED: Access = Access { role: None, status: Some(UserStatus::Suspended), whitelisted: None };

async fn admin(store: &Store) -> UserId {
    let id = insert_user(store, user()).await;
    let change = store.user_set_access(id, ADMIN, NOW, None).await.unwrap();
    assert!(matches!(change, AccessChange::Changed { .. }), "{change:?}");
    id
}

async fn is_admin(store: &Store, id: UserId) -> bool {
    let found = store.user_find(id).await.unwrap();
    found.is_some_and(|user| user.role == Role::Admin && user.status == UserStatus::Active)
}

async fn an_admin_is_always_left_of_those_who_demote_each_other(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (admin(store).await, admin(store).await);
    let (one, two) =
        tokio::join!(store.user_set_access(ada, ATTENDEE, NOW, None), store.user_set_access(bob, SUSPENDED, NOW, None));
    let (one, two) = (one.unwrap(), two.unwrap());
    let (left, kept) = if one == AccessChange::LastAdmin { (&two, ada) } else { (&one, bob) };
    assert!(matches!(left, AccessChange::Changed { .. }), "{one:?} {two:?}");
    for change in [ATTENDEE, SUSPENDED] {
        assert_eq!(store.user_set_access(kept, change, NOW, None).await.unwrap(), AccessChange::LastAdmin);
    }
    let spared = Access { whitelisted: Some(true), ..Access::default() };
    let AccessChange::Changed { user, .. } = store.user_set_access(kept, spared, NOW, None).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!((user.role, user.status, user.whitelisted), (Role::Admin, UserStatus::Active, true));
    assert_eq!(store.user_set_access(super::fixture::user(), spared, NOW, None).await.unwrap(), AccessChange::Unknown);
}

/// Of several admins all go at once, each in another way and some on another node. Who stays is one of the next round.
async fn an_admin_is_always_left_of_those_who_erase_and_demote_at_once(fixture: Fixture) {
    let (here, there) = (fixture.store.clone(), fixture.other_node().await);
    let mut admins = vec![admin(&here).await];
    for round in 0..12 {
        while admins.len() < 4 {
            admins.push(admin(&here).await);
        }
        let mut leaving = JoinSet::new();
        for (ix, id) in admins.iter().copied().enumerate() {
            let store = if ix % 2 == 0 { here.clone() } else { there.clone() };
            leaving.spawn(async move {
                match (ix + round) % 3 {
                    0 => Ok(store.user_set_access(id, ATTENDEE, NOW, None).await? == AccessChange::LastAdmin),
                    1 => Ok(store.user_set_access(id, SUSPENDED, NOW, None).await? == AccessChange::LastAdmin),
                    _ => Ok::<bool, StoreError>(store.user_erase(id, NOW, None).await? == Erasure::LastAdmin),
                }
            });
        }
        let stayed = leaving.join_all().await.into_iter().map(Result::unwrap).filter(|stays| *stays).count();
        let mut left = Vec::new();
        for id in admins {
            if is_admin(&here, id).await {
                left.push(id);
            }
        }
        assert_eq!((stayed, left.len()), (1, 1), "round {round}");
        admins = left;
    }
}

async fn a_change_of_access_is_listed_for_other_nodes_in_the_order_of_changes(fixture: Fixture) {
    let (here, there) = (&fixture.store, fixture.other_node().await);
    let (ada, bob) = (insert_user(here, user()).await, insert_user(here, user()).await);
    assert_eq!(there.access_list_changed(TimeUs(0), 9).await.unwrap(), []);
    here.user_set_access(ada, ADMIN, NOW, None).await.unwrap();
    here.user_set_access(bob, SUSPENDED, NOW.plus_us(5), None).await.unwrap();
    // A node whose clock is behind: the change is later all the same.
    let change = there.user_set_access(bob, ADMIN, NOW, None).await.unwrap();
    let AccessChange::Changed { at, .. } = change else { panic!("{change:?}") };
    assert_eq!(at, NOW.plus_us(6));
    let changed = |id, role, status, at| ChangedAccess { id, role, status, changed_at: at };
    let both =
        [changed(ada, Role::Admin, UserStatus::Active, NOW), changed(bob, Role::Admin, UserStatus::Suspended, at)];
    assert_eq!(there.access_list_changed(NOW, 9).await.unwrap(), both);
    assert_eq!(there.access_list_changed(NOW, 1).await.unwrap(), both[..1]);
    assert_eq!(here.access_list_changed(at, 9).await.unwrap(), both[1..]);
    assert_eq!(here.access_list_changed(at.plus_us(1), 9).await.unwrap(), []);
}
