//! Where in a body a fault is: the fields and elements that were being read, noted from the inside out as the fault leaves
//! them. A body without a fault pays nothing for it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Visitor};

#[derive(Default)]
pub struct Trail(RefCell<Vec<Step>>);

enum Step {
    Field(String),
    Element(usize),
}

impl Trail {
    #[cold]
    pub fn was_in_field(&self, name: &str) {
        self.0.borrow_mut().push(Step::Field(name.to_owned()));
    }

    #[cold]
    pub fn was_in_element(&self, at: usize) {
        self.0.borrow_mut().push(Step::Element(at));
    }
}

/// As in `items[0].price`. Empty for the body itself.
impl fmt::Display for Trail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.borrow().iter().rev().enumerate() {
            match step {
                Step::Field(name) if at == 0 => formatter.write_str(name)?,
                Step::Field(name) => write!(formatter, ".{name}")?,
                Step::Element(at) => write!(formatter, "[{at}]")?,
            }
        }
        Ok(())
    }
}

/// Reads a key as the text that it is, so that it can be named.
pub struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
