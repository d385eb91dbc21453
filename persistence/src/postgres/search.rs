//! Finding on Postgres: vectors under a GIN index, in which a word of the title stands twice, once as [`IN_TITLE`] has it: the
//! index knows words, not where they stand. Which index a list walks is the planner's choice, made for the values of each
//! call.

use sqlx::PgConnection;

use crate::search::{Bind, EventIndex, EventWords, Scope, SearchWords, Select};
use crate::store::{Event, event_index};

const KEYS: &str = concat!(event_index::keys!("nextval('event_numbers')"), " RETURNING id");

const PUT_WORDS: &str = "
    INSERT INTO event_search (event_id, words) VALUES ($1, CAST($2 AS tsvector))
    ON CONFLICT (event_id) DO UPDATE SET words = excluded.words";

pub(super) const STATEMENTS: &[&str] = &[KEYS, PUT_WORDS];

/// Begins a word of the title, and is in no word.
const IN_TITLE: &str = "=";

impl EventIndex for PgConnection {
    async fn index_event(&mut self, event: &Event) -> sqlx::Result<()> {
        event_index::bind_keys!(sqlx::query(KEYS), event).execute(&mut *self).await?;
        event_index::put_tags!(self, event);
        let words = EventWords::of(event);
        // Words are letters and digits: nothing in them needs to be escaped.
        let title = words.title.iter().map(|word| format!("'{word}' '{IN_TITLE}{word}'"));
        let vector: Vec<String> = title.chain(words.rest.iter().map(|word| format!("'{word}'"))).collect();
        sqlx::query(PUT_WORDS).bind(event.id.uuid()).bind(vector.join(" ")).execute(self).await?;
        Ok(())
    }
}

pub(crate) fn and_words(sql: &mut Select, words: &SearchWords, scope: Scope) {
    let before = "events.id IN (SELECT event_id FROM event_search WHERE words @@ CAST(";
    sql.and_bound(before, Bind::Text(matching(words, scope)), " AS tsquery))");
}

fn matching(words: &SearchWords, scope: Scope) -> String {
    let all = |place: &str| {
        let word = |(word, is_beginning)| format!("'{place}{word}'{}", if is_beginning { ":*" } else { "" });
        format!("({})", words.iter().map(word).collect::<Vec<_>>().join(" & "))
    };
    match scope {
        Scope::All => all(""),
        Scope::Title => all(IN_TITLE),
        Scope::NotTitle => format!("{} & !{}", all(""), all(IN_TITLE)),
    }
}
