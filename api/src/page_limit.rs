use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::extract::{Cursor, PAGE_DEFAULT, PAGE_MAX};

/// The query of a list that has nothing else to ask.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    pub limit: PageLimit,
}

/// Items per page, as a query asks for them: 1 to [`PAGE_MAX`].
#[derive(Clone, Copy, Debug)]
pub struct PageLimit(u32);

impl PageLimit {
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(PAGE_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for PageLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u32::deserialize(deserializer)?;
        if (1..=PAGE_MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(serde::de::Error::custom(format_args!("a page has 1 to {PAGE_MAX} items")))
        }
    }
}
