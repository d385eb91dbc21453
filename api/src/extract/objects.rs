//! Reads a structure from an object only. By itself serde takes a list for it as well, as its fields in their order: a
//! client that sends one would be understood by accident, and otherwise after the next new field. And takes no text with a
//! NUL in it, which one of the two databases cannot store. On the way out of a fault it writes down where it was.

use std::borrow::Cow;

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::trail::{Key, Trail};

/// What is said of a text that has one.
pub const NUL: &str = "no NUL characters";

/// Around a deserializer, and around everything that it hands out.
pub struct Objects<'t, T> {
    inner: T,
    trail: &'t Trail,
}

impl<'t, T> Objects<'t, T> {
    pub const fn new(inner: T, trail: &'t Trail) -> Self {
        Self { inner, trail }
    }

    fn around<U>(&self, inner: U) -> Objects<'t, U> {
        Objects { inner, trail: self.trail }
    }
}

macro_rules! same {
    ($($method:ident($($name:ident: $type:ty),*);)+) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, Self::Error> {
            let visitor = self.around(visitor);
            self.inner.$method($($name,)* visitor)
        })+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<'_, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.around(visitor);
        self.inner.deserialize_map(visitor)
    }

    same! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! same_value {
    ($($method:ident($type:ty);)+) => {
        $(fn $method<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        })+
    };
}

macro_rules! same_text {
    ($($method:ident($type:ty);)+) => {
        $(fn $method<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            if value.contains('\0') { Err(E::custom(NUL)) } else { self.inner.$method(value) }
        })+
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Objects<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(formatter)
    }

    same_text! {
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
    }

    same_value! {
        visit_bool(bool);
        visit_i64(i64);
        visit_i128(i128);
        visit_u64(u64);
        visit_u128(u128);
        visit_f64(f64);
        visit_char(char);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.around(deserializer);
        self.inner.visit_some(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.around(deserializer);
        self.inner.visit_newtype_struct(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        let list = List { next: 0, inner: self.around(list) };
        self.inner.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<V::Value, A::Error> {
        let object = Object { key: None, inner: self.around(object) };
        self.inner.visit_map(object)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        let data = self.around(data);
        self.inner.visit_enum(data)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Objects<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.around(deserializer);
        self.inner.deserialize(deserializer)
    }
}

/// A list, and which of its elements is read next.
struct List<'t, A> {
    next: usize,
    inner: Objects<'t, A>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for List<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.inner.around(seed);
        let element = self.inner.inner.next_element_seed(seed);
        if element.is_err() {
            self.inner.trail.was_in_element(self.next);
        }
        self.next += 1;
        element
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.inner.size_hint()
    }
}

/// An object, and the key that was read last.
struct Object<'t, 'de, A> {
    key: Option<Cow<'de, str>>,
    inner: Objects<'t, A>,
}

impl<A> Object<'_, '_, A> {
    #[cold]
    fn was_here(&mut self) {
        if let Some(key) = self.key.take() {
            self.inner.trail.was_in_field(&key);
        }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Object<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.key = self.inner.inner.next_key_seed(Key)?;
        let Some(key) = &self.key else { return Ok(None) };
        let key = seed.deserialize(of_key(key));
        if key.is_err() {
            self.was_here();
        }
        key.map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.inner.around(seed);
        let value = self.inner.inner.next_value_seed(seed);
        if value.is_err() {
            self.was_here();
        }
        value
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.inner.size_hint()
    }
}

/// Keys are texts: a number that is one is read from its text, as JSON has it.
fn of_key<'de, E: serde::de::Error>(key: &Cow<'de, str>) -> CowStrDeserializer<'de, E> {
    // Borrowed in all but the keys that are written with escapes.
    CowStrDeserializer::new(key.clone())
}

/// A variant, and its name.
pub struct Variant<'t, 'de, A> {
    name: Cow<'de, str>,
    inner: Objects<'t, A>,
}

impl<'t, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Objects<'t, A> {
    type Error = A::Error;
    type Variant = Variant<'t, 'de, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, variant) = self.inner.variant_seed(Key)?;
        let value = seed.deserialize(of_key(&name))?;
        Ok((value, Variant { name, inner: Objects { inner: variant, trail: self.trail } }))
    }
}

impl<'t, 'de, A> Variant<'t, 'de, A> {
    fn read<T, E>(self, read: impl FnOnce(A, &'t Trail) -> Result<T, E>) -> Result<T, E> {
        let Self { name, inner: Objects { inner, trail } } = self;
        read(inner, trail).inspect_err(|_| trail.was_in_field(&name))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variant<'_, 'de, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.read(|variant, _| variant.unit_variant())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.read(|variant, trail| variant.newtype_variant_seed(Objects::new(seed, trail)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.read(|variant, trail| variant.tuple_variant(len, Objects::new(visitor, trail)))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.read(|variant, trail| variant.struct_variant(fields, Objects::new(visitor, trail)))
    }
}
