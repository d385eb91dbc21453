//! What a search is made of: words, as both databases index them, and statements put together from what is asked for.

use sqlx::AssertSqlSafe;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use crate::store::Event;

/// Words of a search that count.
pub const SEARCH_WORDS_MAX: usize = 8;
/// Of a word, the rest is not looked at.
const WORD_CHARS_MAX: usize = 40;
const TITLE_KEY_CHARS_MAX: usize = 80;
/// Shorter beginnings are taken as whole words: `a` begins everything.
const BEGINNING_CHARS_MIN: usize = 3;

/// What somebody looks for: each word once, without case and accents, and whether longer words that begin with it are meant,
/// too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords(Vec<(String, bool)>);

impl SearchWords {
    /// The first [`SEARCH_WORDS_MAX`]. A star behind a word makes a beginning of it; scripts that put no spaces between words
    /// are always searched by beginnings. `None`: there is no word in it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<(String, bool)> = Vec::new();
        for piece in folded(text).split(|it: char| !it.is_alphanumeric() && it != '*') {
            let mut parts = piece.split('*').peekable();
            while let Some(part) = parts.next() {
                let word: String = part.chars().take(WORD_CHARS_MAX).collect();
                let is_long = word.chars().count() >= BEGINNING_CHARS_MIN;
                let is_beginning = !word.is_ascii() || (parts.peek().is_some() && is_long);
                if !word.is_empty() && words.iter().all(|(known, _)| *known != word) {
                    words.push((word, is_beginning));
                }
            }
        }
        words.truncate(SEARCH_WORDS_MAX);
        (!words.is_empty()).then_some(Self(words))
    }

    pub(crate) fn has_beginning(&self) -> bool {
        self.0.iter().any(|(_, is_beginning)| *is_beginning)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|(word, is_beginning)| (word.as_str(), *is_beginning))
    }
}

/// As texts are compared: without case, accents and what is around them.
pub(crate) fn folded(text: &str) -> String {
    let plain: String = text.nfkd().filter(|it| !is_combining_mark(*it)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What titles are ordered by. Never empty, as no title is.
pub(crate) fn title_key(title: &str) -> String {
    let key: String = folded(title).chars().take(TITLE_KEY_CHARS_MAX).collect();
    if key.is_empty() { "\u{fffd}".to_owned() } else { key.replace('\0', "") }
}

/// In the order of their first occurrence.
fn words_of(text: &str) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let word = |word: &str| word.chars().take(WORD_CHARS_MAX).collect::<String>();
    let folded = folded(text);
    let words = folded.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty()).map(word);
    words.filter(|word| seen.insert(word.clone())).collect()
}

/// By what an event is found.
pub(crate) struct EventWords {
    pub title: Vec<String>,
    pub rest: Vec<String>,
}

impl EventWords {
    pub fn of(event: &Event) -> Self {
        let rest = [&event.description, &event.organization, &event.location, &event.city, &event.category];
        let rest: Vec<&str> = rest.into_iter().chain(&event.tags.0).map(String::as_str).collect();
        Self { title: words_of(&event.title), rest: words_of(&rest.join(" ")) }
    }
}

/// Keeps beside an event's row what it is found by, in the transaction that wrote the row.
pub(crate) trait EventIndex {
    fn index_event(&mut self, event: &Event) -> impl Future<Output = sqlx::Result<()>> + Send;
}

#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Int(i64),
    Flag(bool),
    Text(String),
    Id(Uuid),
}

/// A statement under construction: pieces of text that are all written in this crate, and values that are always bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Select {
    pub text: String,
    pub binds: Vec<Bind>,
}

impl Select {
    /// The next parameter.
    pub fn bind(&mut self, value: Bind) -> String {
        self.binds.push(value);
        format!("${}", self.binds.len())
    }

    pub fn and(&mut self, condition: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    pub fn and_bound(&mut self, before: &str, value: Bind, after: &str) {
        let parameter = self.bind(value);
        self.and(&format!("{before}{parameter}{after}"));
    }

    pub fn into_parts(self) -> (AssertSqlSafe<String>, Vec<Bind>) {
        (AssertSqlSafe(self.text), self.binds)
    }
}

/// Binds every value to a query of either database.
macro_rules! bound {
    ($query:expr, $binds:expr) => {
        $binds.into_iter().fold($query, |query, bind| match bind {
            $crate::search::Bind::Int(value) => query.bind(value),
            $crate::search::Bind::Flag(value) => query.bind(value),
            $crate::search::Bind::Text(value) => query.bind(value),
            $crate::search::Bind::Id(value) => query.bind(value),
        })
    };
}

pub(crate) use bound;

/// How it is found out which events have the words, where they are not the way itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// All that have them are listed first.
    Listed,
    /// Each event that passes the rest is looked up: only few are, or every other has the words.
    Each,
}

/// In which words an event must have those that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Title,
    /// Not all of them in the title.
    NotTitle,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_their_case_accents_and_signs() {
        let rows = [
            ("Zürich: «Faust»", &["zurich", "faust"][..]),
            ("ROCK'n'roll rock", &["rock", "n", "roll"]),
            ("３ Ténors, 東京!", &["3", "tenors", "東京"]),
            ("\"; DROP TABLE -- ' & | : *\0", &["drop", "table"]),
        ];
        for (text, expected) in rows {
            let words = SearchWords::parse(text).unwrap();
            assert_eq!(words.iter().map(|(word, _)| word).collect::<Vec<_>>(), expected, "{text}");
        }
        assert_eq!(SearchWords::parse(" -- ' "), None);
        assert_eq!(SearchWords::parse("a b c d e f g h i j").unwrap().0.len(), SEARCH_WORDS_MAX);
        assert_eq!(SearchWords::parse(&"x".repeat(99)).unwrap().0[0].0.len(), WORD_CHARS_MAX);
    }

    #[test]
    fn a_star_makes_a_beginning_of_a_word_of_some_length() {
        let words = SearchWords::parse("jaz* jz* jazz *b東 fa*st").unwrap();
        let expected = [("jaz", true), ("jz", false), ("jazz", false), ("b東", true), ("fa", false), ("st", false)];
        assert_eq!(words.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn titles_are_ordered_without_case_and_accents() {
        assert_eq!(title_key("  Élan   VITAL "), "elan vital");
        assert_eq!(title_key("\u{301}"), "\u{fffd}");
        assert_eq!(title_key(&"ß".repeat(200)).chars().count(), TITLE_KEY_CHARS_MAX);
    }
}
