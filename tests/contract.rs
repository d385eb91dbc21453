//! The OpenAPI document as a promise: what a call is answered with, the document of this server lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use reqwest::Method;
use serde_json::Value;

/// Under a path as the document has it: of each method the statuses.
struct Template {
    segments: Vec<String>,
    statuses: BTreeMap<String, BTreeSet<u16>>,
}

static CONTRACT: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let document = serde_json::to_value(usher::router::document()).expect("a document is JSON");
    let paths = document["paths"].as_object().expect("paths");
    let mut templates: Vec<Template> = paths.iter().map(|(path, item)| Template::read(path, item)).collect();
    // A word that is written out goes before a parameter, as it does in the router.
    templates.sort_by_key(|template| template.segments.iter().map(|part| is_parameter(part)).collect::<Vec<_>>());
    templates
});

impl Template {
    fn read(path: &str, item: &Value) -> Self {
        let of = |operation: &Value| -> BTreeSet<u16> {
            let responses = operation["responses"].as_object().expect("responses");
            responses.keys().map(|status| status.parse().expect("a status")).collect()
        };
        let operations = item.as_object().expect("operations").iter();
        let statuses = operations.map(|(method, operation)| (method.to_uppercase(), of(operation))).collect();
        Self { segments: segments(path), statuses }
    }

    fn is_of(&self, path: &[String]) -> bool {
        let pairs = self.segments.iter().zip(path);
        self.segments.len() == path.len() && pairs.into_iter().all(|(part, given)| is_parameter(part) || part == given)
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// Of what the document does not describe, such as pages and other methods, nothing is asked.
///
/// # Panics
/// When the document does not list the status.
#[track_caller]
pub fn must_list(method: &Method, path: &str, status: u16) {
    if let Err(breach) = look_up(&CONTRACT, method, path, status) {
        panic!("{breach}");
    }
}

fn look_up(contract: &[Template], method: &Method, path: &str, status: u16) -> Result<(), String> {
    let path = segments(path);
    let Some(template) = contract.iter().find(|template| template.is_of(&path)) else { return Ok(()) };
    let Some(statuses) = template.statuses.get(method.as_str()) else { return Ok(()) };
    if statuses.contains(&status) {
        return Ok(());
    }
    let call = template.segments.join("/");
    Err(format!(
        "{method} {call} has answered {status}, which its document does not list, but {statuses:?}: \
         see api/src/problems/beside.rs"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_is_not_listed_is_named_by_its_call() {
        let item = json!({"get": {"responses": {"200": {}, "404": {}}}});
        let contract = [Template::read("/things/mine", &json!({})), Template::read("/things/{id}", &item)];
        for (method, path, status) in [
            (Method::GET, "/things/7", 404),
            (Method::POST, "/things/7", 405),
            (Method::GET, "/things/mine", 500),
            (Method::GET, "/things/7/parts", 500),
        ] {
            assert_eq!(look_up(&contract, &method, path, status), Ok(()), "{method} {path}");
        }
        let breach = look_up(&contract, &Method::GET, "/things/7", 409).unwrap_err();
        assert!(breach.starts_with("GET /things/{id} has answered 409"), "{breach}");
    }

    #[test]
    fn the_document_is_held_against_answers() {
        look_up(&CONTRACT, &Method::GET, "/api/v1/me", 200).unwrap();
        look_up(&CONTRACT, &Method::GET, "/api/v1/me", 409).unwrap_err();
        // Written out, it is not the event of that id.
        look_up(&CONTRACT, &Method::POST, "/api/v1/orders/1/pay", 402).unwrap();
        look_up(&CONTRACT, &Method::POST, "/api/v1/orders/1/cancel", 402).unwrap_err();
    }
}
