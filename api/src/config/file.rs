use std::collections::HashMap;
use std::path::Path;

use super::ConfigError;
use super::settings::KEYS;

/// Keys of the file with their values as text.
#[derive(Debug, Default)]
pub struct Values(HashMap<String, String>);

impl Values {
    pub fn get(&self, key: &str) -> Option<&String> {
        self.0.get(key)
    }

    /// # Errors
    /// A file that cannot be read, is no TOML, or has a key that is no setting.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File { file: file.clone(), problem: error.to_string() })?;
        Self::parse(&text).map_err(|problem| ConfigError::File { file, problem })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut values = HashMap::new();
        for (key, value) in table {
            if !KEYS.contains(&key.as_str()) {
                return Err(format!("`{key}` is not a setting; `usher config` lists them all"));
            }
            values.insert(key.clone(), plain(&key, value)?);
        }
        Ok(Self(values))
    }
}

fn plain(key: &str, value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(switch) => Ok(switch.to_string()),
        toml::Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.into_iter().map(|item| plain(key, item)).collect();
            Ok(items?.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => {
            Err(format!("`{key}`: expected a text, a whole number, a switch or a list"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read_as_its_text() {
        let values = Values::parse(
            "listen = '[::1]:0'\nheaders_max = 12\nrate_limit = false\ncors_origins = ['https://a.example', 'https://b.example']",
        )
        .unwrap();
        assert_eq!(values.get("listen").unwrap(), "[::1]:0");
        assert_eq!(values.get("headers_max").unwrap(), "12");
        assert_eq!(values.get("rate_limit").unwrap(), "false");
        assert_eq!(values.get("cors_origins").unwrap(), "https://a.example,https://b.example");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        assert!(Values::parse("listn = 'x'").unwrap_err().contains("`listn`"));
        assert!(Values::parse("[http]\nlisten = 'x'").unwrap_err().contains("`http`"));
        Values::parse("listen = ").unwrap_err();
    }
}
