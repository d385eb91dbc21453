//! Accounts as admins look for them: by how any word of the name or the address begins. Every account is looked at: there
//! are as many as people, and admins are few.

use inventory::UserId;
use uuid::Uuid;

use super::users::{Role, User, UserStatus, name_key};
use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;

/// Which accounts. What is `None` does not narrow.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// How words of the name or the address begin, in any case; each of them.
    pub search: Option<String>,
    pub role: Option<Role>,
    pub status: Option<UserStatus>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSort {
    #[default]
    Oldest,
    Newest,
    Name,
    Email,
}

/// Words of a search that are looked for one by one; the rest belongs to the last.
const WORDS_MAX: usize = 4;

/// A word begins behind a space. Of an address its parts are words, and it is one itself.
macro_rules! list {
    ($after:literal, $order:literal) => {
        concat!(
            "
    SELECT id, name, email, password_hash, role, status, created_at, whitelisted, email_confirmed_at, avatar
    FROM (
        SELECT users.*, ' ' || name_key || ' ' || replace(name_key, '-', ' ') || ' ' || email_key || ' ' || replace(
            replace(replace(replace(replace(email_key, '@', ' '), '.', ' '), '-', ' '), '_', ' '), '+', ' ') AS words
        FROM users WHERE erased_at IS NULL
    ) AS people
    WHERE (CAST($3 AS text) IS NULL OR role = $3) AND (CAST($4 AS text) IS NULL OR status = $4)
        AND words LIKE $5 ESCAPE '!' AND words LIKE $6 ESCAPE '!' AND words LIKE $7 ESCAPE '!'
        AND words LIKE $8 ESCAPE '!' AND ",
            $after,
            " ORDER BY ",
            $order,
            " LIMIT $2"
        )
    };
}

const OLDEST: &str = list!("id > $1", "id");
const NEWEST: &str = list!("id < $1", "id DESC");
/// Behind the account of the cursor as it is now.
const BY_NAME: &str = list!(
    "(NOT EXISTS (SELECT 1 FROM users AS last WHERE last.id = $1)
        OR (name_key, id) > (SELECT last.name_key, last.id FROM users AS last WHERE last.id = $1))",
    "name_key, id"
);
const BY_EMAIL: &str = list!(
    "(NOT EXISTS (SELECT 1 FROM users AS last WHERE last.id = $1)
        OR email_key > (SELECT last.email_key FROM users AS last WHERE last.id = $1))",
    "email_key"
);

pub(super) const STATEMENTS: &[&str] = &[OLDEST, NEWEST, BY_NAME, BY_EMAIL];

impl Store {
    /// Behind `after`.
    #[boxed]
    pub async fn user_list(
        &self,
        filter: &UserFilter,
        sort: UserSort,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let (text, first) = match sort {
            UserSort::Oldest => (OLDEST, Uuid::nil()),
            UserSort::Newest => (NEWEST, Uuid::max()),
            UserSort::Name => (BY_NAME, Uuid::nil()),
            UserSort::Email => (BY_EMAIL, Uuid::nil()),
        };
        let [one, two, three, four] = patterns(filter.search.as_deref().unwrap_or_default());
        on_pool!(self, pool => sqlx::query_as(text)
            .bind(after.map_or(first, UserId::uuid))
            .bind(i64::from(limit))
            .bind(filter.role.map(Role::name))
            .bind(filter.status.map(UserStatus::name))
            .bind(one)
            .bind(two)
            .bind(three)
            .bind(four)
            .fetch_all(pool))
    }
}

fn patterns(search: &str) -> [String; WORDS_MAX] {
    let key = name_key(search);
    let mut words = key.split_whitespace();
    std::array::from_fn(|at| {
        let word = if at + 1 < WORDS_MAX {
            words.next().unwrap_or_default().to_owned()
        } else {
            words.by_ref().collect::<Vec<_>>().join(" ")
        };
        if word.is_empty() { "%".to_owned() } else { beginning(&word) }
    })
}

fn beginning(word: &str) -> String {
    let mut pattern = "% ".to_owned();
    for c in word.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::patterns;

    #[test]
    fn each_word_is_a_beginning_and_nothing_of_it_a_wildcard() {
        assert_eq!(patterns(""), ["%", "%", "%", "%"]);
        assert_eq!(patterns(" Love A_"), ["% love%", "% a!_%", "%", "%"]);
        assert_eq!(patterns("a b c d e"), ["% a%", "% b%", "% c%", "% d e%"]);
    }
}
