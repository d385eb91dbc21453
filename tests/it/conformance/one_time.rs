//! Links and codes of mails at the edges of their lives, which no request can wait for.

use inventory::{TimeUs, UserId};
use persistence::{AttemptLimit, LinkPurpose, LinkToken, NewCode, NewMail, Redacted};
use tokio::task::JoinSet;

use super::audit_log::entry;
use super::fixture::{Fixture, event, on_every_store, user};
use super::relational::insert_user;

on_every_store!(
    a_link_is_good_until_it_expires_and_for_its_purpose,
    of_many_that_use_a_link_at_once_one_succeeds,
    a_code_has_five_guesses_however_many_come_at_once,
    a_code_is_taken_once_and_replaced_whole,
    a_young_code_is_not_replaced_before_it_is_guessed_out,
    so_many_attempts_are_let_through_in_a_window,
    of_many_attempts_at_once_no_more_are_let_through,
    what_has_expired_is_forgotten,
);

const NOW: TimeUs = TimeUs(10_000_000_000);
const END: TimeUs = TimeUs(11_000_000_000);
const HASH: [u8; 32] = [1; 32];
const ADDRESS: [u8; 32] = [2; 32];
const CODE: [u8; 32] = [3; 32];
const MINUTE_US: i64 = 60_000_000;
const SPARED_US: i64 = MINUTE_US;

fn mail() -> NewMail {
    NewMail {
        id: event().uuid(),
        kind: "test",
        recipient: "ada@example.org".to_owned(),
        subject: "A test".to_owned(),
        body: Redacted("{}".to_owned()),
        expires_at: None,
        created_at: NOW,
    }
}

fn code(hash: [u8; 32]) -> NewCode {
    NewCode { hash, expires_at: END, guesses_max: 5, spared_us: SPARED_US }
}

/// Sent when the one of [`code`] is spared no more.
fn later(hash: [u8; 32]) -> NewCode {
    NewCode { expires_at: END.plus_us(SPARED_US), ..code(hash) }
}

async fn link(fixture: &Fixture, purpose: LinkPurpose) -> UserId {
    let user = insert_user(&fixture.store, user()).await;
    let token = LinkToken { hash: HASH, user, purpose, expires_at: END };
    fixture.store.link_token_send(&token, &mail()).await.unwrap();
    user
}

async fn a_link_is_good_until_it_expires_and_for_its_purpose(fixture: Fixture) {
    let user = link(&fixture, LinkPurpose::ResetPassword).await;
    let store = &fixture.store;
    let find = async |purpose, now| store.link_token_find(HASH, purpose, now).await.unwrap();
    assert_eq!(find(LinkPurpose::ResetPassword, END.plus_us(-1)).await, Some(user));
    assert_eq!(find(LinkPurpose::ResetPassword, END).await, None);
    assert_eq!(find(LinkPurpose::ConfirmEmail, NOW).await, None);
    assert_eq!(store.email_confirm(HASH, None, NOW, |_| None).await.unwrap(), None);
    assert_eq!(store.password_reset(HASH, "new", &mail(), &entry(1), END).await.unwrap(), None);
    assert!(store.password_reset(HASH, "new", &mail(), &entry(1), END.plus_us(-1)).await.unwrap().is_some());
    let account = store.user_find(user).await.unwrap().unwrap();
    assert_eq!((account.password_hash.0.as_str(), account.email_confirmed_at), ("new", Some(END.plus_us(-1))));
}

async fn of_many_that_use_a_link_at_once_one_succeeds(fixture: Fixture) {
    link(&fixture, LinkPurpose::ResetPassword).await;
    let mut uses = JoinSet::new();
    for number in 0..10 {
        let store = fixture.store.clone();
        uses.spawn(
            async move { store.password_reset(HASH, "new", &mail(), &entry(number), NOW).await.unwrap().is_some() },
        );
    }
    assert_eq!(uses.join_all().await.into_iter().filter(|is_first| *is_first).count(), 1);
}

async fn a_code_has_five_guesses_however_many_come_at_once(fixture: Fixture) {
    fixture.store.login_code_send(ADDRESS, &code(CODE), &mail()).await.unwrap();
    let mut guesses = JoinSet::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        guesses.spawn(async move { store.login_code_guess(ADDRESS, 5, NOW).await.unwrap().is_some() });
    }
    assert_eq!(guesses.join_all().await.into_iter().filter(|may| *may).count(), 5);
    fixture.store.login_code_send(ADDRESS, &code(HASH), &mail()).await.unwrap();
    assert_eq!(fixture.store.login_code_guess(ADDRESS, 5, NOW).await.unwrap(), Some(HASH.to_vec()));
    assert_eq!(fixture.store.login_code_guess(ADDRESS, 5, END).await.unwrap(), None);
}

async fn a_code_is_taken_once_and_replaced_whole(fixture: Fixture) {
    let store = &fixture.store;
    store.login_code_send(ADDRESS, &code(CODE), &mail()).await.unwrap();
    store.login_code_send(ADDRESS, &later(HASH), &mail()).await.unwrap();
    assert!(!store.login_code_take(ADDRESS, CODE).await.unwrap());
    assert!(store.login_code_take(ADDRESS, HASH).await.unwrap());
    assert!(!store.login_code_take(ADDRESS, HASH).await.unwrap());
    assert_eq!(store.mail_list(None, None, 10).await.unwrap().len(), 2);
}

async fn a_young_code_is_not_replaced_before_it_is_guessed_out(fixture: Fixture) {
    let store = &fixture.store;
    assert!(store.login_code_send(ADDRESS, &code(CODE), &mail()).await.unwrap());
    let young = NewCode { expires_at: END.plus_us(SPARED_US - 1), ..code(HASH) };
    assert!(!store.login_code_send(ADDRESS, &young, &mail()).await.unwrap());
    assert_eq!(store.mail_list(None, None, 10).await.unwrap().len(), 1);
    for _ in 0..5 {
        assert_eq!(store.login_code_guess(ADDRESS, 5, NOW).await.unwrap(), Some(CODE.to_vec()));
    }
    assert!(store.login_code_send(ADDRESS, &young, &mail()).await.unwrap());
    assert_eq!(store.login_code_guess(ADDRESS, 5, NOW).await.unwrap(), Some(HASH.to_vec()));
}

async fn so_many_attempts_are_let_through_in_a_window(fixture: Fixture) {
    let at = |minute: i64| NOW.plus_us(minute * MINUTE_US);
    let limit = |subject_key, attempts_max| AttemptLimit { subject_key, attempts_max };
    let take = async |minute, limits: &[AttemptLimit]| {
        fixture.store.attempts_take(limits, at(minute), 30 * MINUTE_US).await.unwrap()
    };
    let (share, whole) = (limit(ADDRESS, 3), limit(CODE, 4));
    for minute in [0, 10, 29] {
        assert_eq!(take(minute, &[share, whole]).await, None, "{minute}");
    }
    assert_eq!(take(29, &[share, whole]).await, Some(at(30)));
    // What was refused by the first did not count for the second.
    assert_eq!(take(29, &[whole]).await, None);
    assert_eq!(take(29, &[limit(HASH, 9), whole]).await, Some(at(30)));
    assert_eq!(take(30, &[share, whole]).await, None);
    fixture.store.attempts_forget(&[share]).await.unwrap();
    for minute in [31, 32, 33] {
        assert_eq!(take(minute, &[share]).await, None, "{minute}");
    }
    assert_eq!(take(34, &[share]).await, Some(at(61)));
}

async fn of_many_attempts_at_once_no_more_are_let_through(fixture: Fixture) {
    let limits = [AttemptLimit { subject_key: ADDRESS, attempts_max: 5 }];
    let mut attempts = JoinSet::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        attempts.spawn(async move { store.attempts_take(&limits, NOW, MINUTE_US).await.unwrap().is_none() });
    }
    assert_eq!(attempts.join_all().await.into_iter().filter(|may| *may).count(), 5);
}

async fn what_has_expired_is_forgotten(fixture: Fixture) {
    link(&fixture, LinkPurpose::ConfirmEmail).await;
    let store = &fixture.store;
    store.login_code_send(ADDRESS, &code(CODE), &mail()).await.unwrap();
    let limits = [AttemptLimit { subject_key: ADDRESS, attempts_max: 5 }];
    store.attempts_take(&limits, END, MINUTE_US).await.unwrap();
    for (before, forgotten) in [(END, 0), (END.plus_us(1), 1)] {
        assert_eq!(store.link_tokens_prune(before).await.unwrap(), forgotten);
        assert_eq!(store.login_codes_prune(before).await.unwrap(), forgotten);
        assert_eq!(store.attempts_prune(before).await.unwrap(), forgotten);
    }
}
