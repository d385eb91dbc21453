//! RELIABILITY T26: what the server owns cannot be set from outside, in no body and in none of its parts.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{TestServer, send};

use super::matrix::Document;
use super::rules::{Operation, Who};
use super::scene::{Scene, World};
use super::table::operations;
use crate::show::{faults, on_each_store};

/// Fields that only the server sets, wherever they are no part of the request.
const OWNED: [&str; 20] = [
    "id",
    "status",
    "state",
    "price",
    "price_minor",
    "total",
    "paid",
    "refunded",
    "owner_id",
    "organizer_id",
    "user_id",
    "customer_id",
    "issued_by",
    "role",
    "whitelisted",
    "seq",
    "remaining",
    "created_at",
    "updated_at",
    "last_used_at",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_sets_what_the_server_owns() {
    on_each_store(async |server: &TestServer| {
        let document = Document::of(server).await;
        let world = World::on(server).await;
        let (draft, on_sale) = (world.draft().await, world.on_sale().await);
        let mut wrong = Vec::new();
        let mut tried = 0;
        let rows = operations();
        for row in rows.iter().filter(|row| row.method() != "GET" && document.operations.contains_key(row.name)) {
            let scene = if row.is_about_draft { &draft } else { &on_sale };
            for (at, body) in loaded(&document, row, scene) {
                tried += 1;
                wrong.extend(refused(&world, &document, row, scene, &at, body).await);
            }
        }
        assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(tried > 500, "{tried} bodies are not every schema with every field");
    })
    .await;
}

/// The row's body with one field too many, for each field and each object in it; with the path of the field.
fn loaded(document: &Document, row: &Operation, scene: &Scene) -> Vec<(String, Value)> {
    let content = &document.operations[row.name].1["requestBody"]["content"];
    if content.is_object() && content.get("application/json").is_none() {
        return Vec::new();
    }
    let schema = &content["application/json"]["schema"];
    let body = row.body.map_or_else(|| json!({}), |body| body(&scene.ids));
    let mut places = Vec::new();
    objects(&document.whole, schema, &body, "", "", &mut places);
    let mut bodies = Vec::new();
    for (pointer, path, known) in places {
        for field in OWNED.into_iter().filter(|field| !known.iter().any(|known| known == field)) {
            let mut body = body.clone();
            if let Some(object) = body.pointer_mut(&pointer).and_then(Value::as_object_mut) {
                object.insert(field.to_owned(), json!("mine"));
                bodies.push((if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }, body));
            }
        }
    }
    bodies
}

/// Of every object in the body: its JSON pointer, its path as errors name it, and the fields that its schema knows.
fn objects(
    document: &Value,
    schema: &Value,
    body: &Value,
    pointer: &str,
    path: &str,
    found: &mut Vec<(String, String, Vec<String>)>,
) {
    let forms = forms(document, schema);
    match body {
        Value::Object(fields) => {
            let properties = |form: &&Value| form["properties"].as_object().cloned().unwrap_or_default();
            let known: Vec<String> =
                forms.iter().flat_map(|form| properties(form).into_iter().map(|(name, _)| name)).collect();
            found.push((pointer.to_owned(), path.to_owned(), known));
            for (name, value) in fields {
                let schema = forms.iter().map(|form| &form["properties"][name]).find(|schema| !schema.is_null());
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                objects(document, schema.unwrap_or(&Value::Null), value, &format!("{pointer}/{name}"), &path, found);
            }
        }
        Value::Array(items) => {
            let schema = forms.iter().map(|form| &form["items"]).find(|schema| !schema.is_null());
            for (ix, value) in items.iter().enumerate() {
                let (pointer, path) = (format!("{pointer}/{ix}"), format!("{path}[{ix}]"));
                objects(document, schema.unwrap_or(&Value::Null), value, &pointer, &path, found);
            }
        }
        _ => {}
    }
}

/// A schema with its references followed: one, or the alternatives of which it is any.
fn forms<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.strip_prefix('#').expect("references stay inside the document");
        return document.pointer(pointer).map(|schema| forms(document, schema)).unwrap_or_default();
    }
    let alternatives = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    let mut forms: Vec<&Value> = alternatives.flat_map(|schema| self::forms(document, schema)).collect();
    forms.push(schema);
    forms
}

async fn refused(
    world: &World<'_>,
    document: &Document,
    row: &Operation,
    scene: &Scene,
    at: &str,
    body: Value,
) -> Option<String> {
    let path = scene.ids.path(&document.operations[row.name].0);
    let method: Method = row.method().parse().expect("a method");
    let request = world.server.request(method, path.strip_prefix("/api/v1")?).json(&body);
    let request = match world.session(scene, row.rule, Who::Right) {
        Some(session) => request.bearer_auth(&session.access_token),
        None => request,
    };
    let answer = send(request).await;
    let is_refused =
        answer.status == 422 && faults(&answer.body).iter().any(|(field, code)| field == at && code == "UNKNOWN_FIELD");
    (!is_refused).then(|| format!("{} with {at}: {} {}", row.name, answer.status, answer.text))
}
