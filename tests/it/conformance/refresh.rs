use inventory::TimeUs;
use persistence::{Access, Device, Refresh, Rotation, UserStatus};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::fixture::{Fixture, on_every_store, user};
use super::relational::insert_user;

on_every_store!(
    of_a_thousand_refreshes_of_one_token_exactly_one_has_a_child,
    a_retry_gets_the_same_child_for_ten_seconds,
    a_token_that_comes_back_later_ends_its_family,
    another_child_of_a_used_token_ends_its_family,
    a_used_child_ends_the_grace_of_its_parent,
    expired_tokens_and_families_are_refused,
    a_logout_ends_one_family_and_a_ban_all_of_them,
    expired_families_are_forgotten,
    a_login_needs_the_account_as_it_was_when_its_password_was_looked_at,
    an_account_has_a_hundred_logins_and_the_oldest_makes_room,
    a_token_is_live_until_it_is_used_or_its_login_ends,
);

const SECOND_US: i64 = 1_000_000;
const NOW: TimeUs = TimeUs(1_000 * SECOND_US);
const LATER: TimeUs = TimeUs(1_000_000 * SECOND_US);
const PARENT: [u8; 32] = [1; 32];
const CHILD: [u8; 32] = [2; 32];
const GRANDCHILD: [u8; 32] = [3; 32];

fn at(seconds: i64) -> TimeUs {
    NOW.plus_us(seconds * SECOND_US)
}

async fn login(fixture: &Fixture, hash: [u8; 32]) -> Refresh {
    let user = insert_user(&fixture.store, user()).await;
    let family = Uuid::from_bytes(user.bytes());
    let refresh = Refresh { hash, family, user, now: NOW, expires_at: LATER, family_expires_at: LATER };
    fixture.store.refresh_insert(&refresh, &Device::default(), None).await.unwrap();
    refresh
}

async fn rotate(fixture: &Fixture, parent: [u8; 32], child: [u8; 32], seconds: i64) -> Rotation {
    fixture.store.refresh_rotate(parent, child, at(seconds), LATER, &Device::default()).await.unwrap()
}

async fn of_a_thousand_refreshes_of_one_token_exactly_one_has_a_child(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    let mut requests = JoinSet::new();
    for _ in 0..1_000 {
        let store = fixture.store.clone();
        requests
            .spawn(async move { store.refresh_rotate(PARENT, CHILD, NOW, LATER, &Device::default()).await.unwrap() });
    }
    let answers = requests.join_all().await;
    let rotated = answers.iter().filter(|answer| **answer == Rotation::Rotated { user, family }).count();
    let grace = answers.iter().filter(|answer| **answer == Rotation::Grace { user, family }).count();
    assert_eq!((rotated, grace), (1, 999));
    assert_eq!(rotate(&fixture, CHILD, GRANDCHILD, 1).await, Rotation::Rotated { user, family });
}

async fn a_retry_gets_the_same_child_for_ten_seconds(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    assert_eq!(rotate(&fixture, PARENT, CHILD, 0).await, Rotation::Rotated { user, family });
    assert_eq!(rotate(&fixture, PARENT, CHILD, 10).await, Rotation::Grace { user, family });
    assert_eq!(rotate(&fixture, CHILD, GRANDCHILD, 10).await, Rotation::Rotated { user, family });
}

async fn a_token_that_comes_back_later_ends_its_family(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    rotate(&fixture, PARENT, CHILD, 0).await;
    assert_eq!(rotate(&fixture, PARENT, CHILD, 11).await, Rotation::Reused { user, family });
    assert_eq!(rotate(&fixture, CHILD, GRANDCHILD, 11).await, Rotation::Unknown);
    assert_eq!(rotate(&fixture, PARENT, CHILD, 11).await, Rotation::Unknown);
}

async fn another_child_of_a_used_token_ends_its_family(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    rotate(&fixture, PARENT, CHILD, 0).await;
    assert_eq!(rotate(&fixture, PARENT, GRANDCHILD, 1).await, Rotation::Reused { user, family });
    assert_eq!(rotate(&fixture, CHILD, GRANDCHILD, 1).await, Rotation::Unknown);
}

async fn a_used_child_ends_the_grace_of_its_parent(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    rotate(&fixture, PARENT, CHILD, 0).await;
    rotate(&fixture, CHILD, GRANDCHILD, 1).await;
    assert_eq!(rotate(&fixture, PARENT, CHILD, 2).await, Rotation::Reused { user, family });
}

async fn expired_tokens_and_families_are_refused(fixture: Fixture) {
    let user = insert_user(&fixture.store, user()).await;
    for (hash, expires_at, family_expires_at) in [([7; 32], at(5), LATER), ([8; 32], LATER, at(5))] {
        let family = Uuid::from_bytes([hash[0]; 16]);
        let refresh = Refresh { hash, family, user, now: NOW, expires_at, family_expires_at };
        fixture.store.refresh_insert(&refresh, &Device::default(), None).await.unwrap();
        assert_eq!(rotate(&fixture, hash, CHILD, 5).await, Rotation::Expired);
    }
    assert_eq!(rotate(&fixture, [9; 32], CHILD, 0).await, Rotation::Unknown);
}

async fn a_logout_ends_one_family_and_a_ban_all_of_them(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    let second = Refresh {
        hash: [5; 32],
        family: Uuid::from_bytes([5; 16]),
        user,
        now: NOW,
        expires_at: LATER,
        family_expires_at: LATER,
    };
    fixture.store.refresh_insert(&second, &Device::default(), None).await.unwrap();

    assert_eq!(fixture.store.refresh_owner(PARENT).await.unwrap(), Some((user, family)));
    assert_eq!(fixture.store.refresh_owner([99; 32]).await.unwrap(), None);
    assert!(fixture.store.session_end(user, family, NOW, None).await.unwrap());
    assert!(fixture.store.session_end(user, family, at(1), None).await.unwrap(), "again");
    assert!(!fixture.store.session_end(user, Uuid::from_bytes([99; 16]), NOW, None).await.unwrap());
    assert_eq!(rotate(&fixture, PARENT, CHILD, 1).await, Rotation::Unknown);
    let rotated = Rotation::Rotated { user, family: second.family };
    assert_eq!(rotate(&fixture, second.hash, [6; 32], 1).await, rotated);

    assert!(fixture.store.session_end_all(user, Some(second.family), NOW, None).await.unwrap().is_empty());
    assert_eq!(fixture.store.session_end_all(user, None, at(1), None).await.unwrap(), [second.family]);
    assert_eq!(fixture.store.session_list_ended(NOW, 9).await.unwrap(), [(family, NOW), (second.family, at(1))]);
    assert_eq!(rotate(&fixture, [6; 32], [7; 32], 2).await, Rotation::Unknown);
}

async fn expired_families_are_forgotten(fixture: Fixture) {
    login(&fixture, PARENT).await;
    assert_eq!(fixture.store.refresh_prune(LATER).await.unwrap(), 0);
    assert_eq!(fixture.store.refresh_prune(LATER.plus_us(1)).await.unwrap(), 1);
    assert_eq!(rotate(&fixture, PARENT, CHILD, 0).await, Rotation::Unknown);
}

async fn a_login_needs_the_account_as_it_was_when_its_password_was_looked_at(fixture: Fixture) {
    let store = &fixture.store;
    let user = insert_user(store, user()).await;
    let hash = store.user_find(user).await.unwrap().unwrap().password_hash.0;
    let begin = async |number: u8, password: &str| {
        let family = Uuid::from_bytes([number; 16]);
        let login = Refresh { hash: [number; 32], family, user, now: NOW, expires_at: LATER, family_expires_at: LATER };
        store.refresh_insert(&login, &Device::default(), Some(password)).await.unwrap()
    };
    assert_eq!(begin(1, &hash).await, Some(Vec::new()));
    assert_eq!(begin(2, "another hash").await, None);
    let suspended = Access { status: Some(UserStatus::Suspended), ..Access::default() };
    store.user_set_access(user, suspended, NOW, None).await.unwrap();
    assert_eq!(begin(3, &hash).await, None);
    assert_eq!(store.session_list(user, None, NOW, TimeUs(0), 9).await.unwrap().len(), 1);
}

async fn an_account_has_a_hundred_logins_and_the_oldest_makes_room(fixture: Fixture) {
    let store = &fixture.store;
    let user = insert_user(store, user()).await;
    let family = |number: u8| Uuid::from_bytes([number; 16]);
    let begin = async |number: u8| {
        let (hash, family) = ([number; 32], family(number));
        let login = Refresh { hash, family, user, now: NOW, expires_at: LATER, family_expires_at: LATER };
        store.refresh_insert(&login, &Device::default(), None).await.unwrap()
    };
    for number in 1..=100 {
        assert_eq!(begin(number).await, Some(Vec::new()), "{number}");
    }
    assert_eq!(begin(101).await, Some(vec![family(1)]));
    assert_eq!(begin(102).await, Some(vec![family(2)]));
    assert_eq!(store.session_list(user, None, NOW, TimeUs(0), 200).await.unwrap().len(), 100);
}

async fn a_token_is_live_until_it_is_used_or_its_login_ends(fixture: Fixture) {
    let Refresh { user, family, .. } = login(&fixture, PARENT).await;
    let is_live = async |hash, seconds| fixture.store.refresh_is_live(hash, at(seconds)).await.unwrap();
    assert!(is_live(PARENT, 0).await);
    assert!(!fixture.store.refresh_is_live(PARENT, LATER).await.unwrap());
    rotate(&fixture, PARENT, CHILD, 0).await;
    assert!(!is_live(PARENT, 1).await);
    assert!(is_live(CHILD, 1).await);
    fixture.store.session_end(user, family, NOW, None).await.unwrap();
    assert!(!is_live(CHILD, 1).await);
}
