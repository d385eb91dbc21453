//! Keys of machines.

use inventory::{TimeUs, UserId};
use persistence::{Access, ApiKey, Role, UserStatus};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::fixture::{Fixture, on_every_store, user};
use super::relational::insert_user;

on_every_store!(
    a_key_is_found_by_its_digest_with_what_its_owner_is,
    an_account_has_at_most_so_many_keys,
    of_many_keys_at_once_no_more_are_made_than_may_be,
);

fn key(owner: UserId) -> ApiKey {
    ApiKey {
        id: user().uuid(),
        user_id: owner,
        name: "Till".into(),
        prefix: "usher_abcdef".into(),
        scopes: "scan reports".into(),
        created_at: TimeUs(5),
        expires_at: Some(TimeUs(i64::MAX)),
        last_used_at: None,
    }
}

async fn a_key_is_found_by_its_digest_with_what_its_owner_is(fixture: Fixture) {
    let store = &fixture.store;
    let (owner, other) = (insert_user(store, user()).await, insert_user(store, user()).await);
    let (one, two) = (key(owner), key(owner));
    assert!(store.api_key_insert(&one, [1; 32], 9, None, None, None).await.unwrap());
    assert!(store.api_key_insert(&two, [2; 32], 9, None, None, None).await.unwrap());
    let suspended = Access { status: Some(UserStatus::Suspended), ..Access::default() };
    store.user_set_access(owner, suspended, TimeUs(1), None).await.unwrap();
    let found = store.api_key_find([1; 32]).await.unwrap().unwrap();
    assert_eq!((found.id, found.user_id, found.scopes.as_str()), (one.id, owner, "scan reports"));
    assert_eq!((found.role, found.status, found.expires_at), (Role::Attendee, UserStatus::Suspended, one.expires_at));
    assert_eq!(store.api_key_find([3; 32]).await.unwrap(), None);

    for at in [7, 9, 8] {
        store.api_key_used(one.id, TimeUs(at)).await.unwrap();
    }
    let listed = store.api_key_list(owner, None, 9).await.unwrap();
    assert_eq!(listed, [two.clone(), ApiKey { last_used_at: Some(TimeUs(9)), ..one.clone() }]);
    assert_eq!(store.api_key_list(owner, Some(two.id), 9).await.unwrap().len(), 1);
    assert_eq!(store.api_key_list(other, None, 9).await.unwrap(), []);

    assert!(!store.api_key_delete(one.id, other, None).await.unwrap());
    assert!(store.api_key_delete(one.id, owner, None).await.unwrap());
    assert!(!store.api_key_delete(one.id, owner, None).await.unwrap());
    assert_eq!(store.api_key_find([1; 32]).await.unwrap(), None);
    store.api_key_used(Uuid::nil(), TimeUs(1)).await.unwrap();
}

async fn an_account_has_at_most_so_many_keys(fixture: Fixture) {
    let store = &fixture.store;
    let (owner, other) = (insert_user(store, user()).await, insert_user(store, user()).await);
    assert!(store.api_key_insert(&key(owner), [1; 32], 2, None, None, None).await.unwrap());
    assert!(store.api_key_insert(&key(owner), [2; 32], 2, None, None, None).await.unwrap());
    assert!(!store.api_key_insert(&key(owner), [3; 32], 2, None, None, None).await.unwrap());
    assert!(store.api_key_insert(&key(other), [3; 32], 2, None, None, None).await.unwrap());
}

async fn of_many_keys_at_once_no_more_are_made_than_may_be(fixture: Fixture) {
    let owner = insert_user(&fixture.store, user()).await;
    let mut inserts = JoinSet::new();
    for number in 0..20 {
        let store = fixture.store.clone();
        let insert = async move { store.api_key_insert(&key(owner), [number; 32], 3, None, None, None).await.unwrap() };
        inserts.spawn(insert);
    }
    assert_eq!(inserts.join_all().await.into_iter().filter(|is_made| *is_made).count(), 3);
    assert_eq!(fixture.store.api_key_count(owner).await.unwrap(), 3);
    let late = fixture.store.api_key_insert(&key(owner), [99; 32], 9, Some("another hash"), None, None).await;
    assert!(!late.unwrap(), "the password was changed meanwhile");
}
