//! The container files cannot be run where the project is built and tested, so they are read: syntax, paths, pinned
//! versions, health checks, and that what they set is a setting.

use std::collections::BTreeSet;

use serde_json::Value;

use super::documents::settings;
use super::workspace::{assert_clean, read, root, text};

const INSTRUCTIONS: [&str; 13] = [
    "FROM",
    "WORKDIR",
    "COPY",
    "RUN",
    "ENV",
    "USER",
    "VOLUME",
    "EXPOSE",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
    "ARG",
    "LABEL",
];

/// Where Debian keeps them, in the image they come from and in the one they go to.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What it takes that mails go to the catcher: it speaks plain SMTP, on a port of its own.
const MAIL: [(&str, &str); 3] =
    [("USHER_MAIL_SMTP_HOST", "mail"), ("USHER_MAIL_SMTP_PORT", "1025"), ("USHER_MAIL_SMTP_TLS", "off")];

/// Instructions of a Dockerfile, continued lines joined.
fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let joined = dockerfile.replace("\\\n", " ");
    joined
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// A tag with a version in it: `name:1.2-variant`.
fn is_pinned(image: &str) -> bool {
    image.rsplit('/').next().and_then(|name| name.split_once(':')).is_some_and(|(_, tag)| {
        let version = tag.trim_start_matches('v').split('-').next().unwrap_or_default();
        version.split('.').count() >= 2 && version.split('.').all(|part| part.parse::<u32>().is_ok())
    })
}

fn check_dockerfile(dockerfile: &str, exists: impl Fn(&str) -> bool, binaries: &[&str]) -> Vec<String> {
    let instructions = instructions(dockerfile);
    let mut violations = Vec::new();
    let mut stages = BTreeSet::new();
    for (name, rest) in &instructions {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match name.as_str() {
            "FROM" => {
                if !is_pinned(words[0]) {
                    violations.push(format!("Dockerfile: {} is not pinned", words[0]));
                }
                if let ["AS", stage] = words[1..] {
                    stages.insert(stage);
                }
            }
            "COPY" => {
                let from = words.iter().find_map(|word| word.strip_prefix("--from="));
                let paths: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with("--")).collect();
                for path in &paths[..paths.len() - 1] {
                    let (what, found) = match from {
                        None => ("file", exists(path)),
                        Some(stage) => {
                            let built = path.rsplit_once("/dist/").is_some_and(|(_, name)| binaries.contains(&name));
                            ("build result", stages.contains(stage) && (built || *path == CERTIFICATES))
                        }
                    };
                    if !found {
                        violations.push(format!("Dockerfile: there is no {what} {path}"));
                    }
                }
            }
            // Lists that are not JSON silently become shell commands.
            "ENTRYPOINT" | "CMD" if serde_json::from_str::<Vec<String>>(rest).is_err() => {
                violations.push(format!("Dockerfile: {name} is not a list"));
            }
            other if !INSTRUCTIONS.contains(&other) => {
                violations.push(format!("Dockerfile: unknown instruction {other}"))
            }
            _ => {}
        }
    }
    let last = instructions.iter().rposition(|(name, _)| name == "FROM").unwrap_or(0);
    let of_last =
        |wanted: &str| instructions[last..].iter().find(|(name, _)| name == wanted).map(|(_, rest)| rest.as_str());
    if of_last("USER").is_none_or(|user| user == "root" || user == "0") {
        violations.push("Dockerfile: the server runs as root".to_owned());
    }
    let probe = of_last("HEALTHCHECK").and_then(|rest| rest.split_once("CMD "));
    if probe.is_none_or(|(_, command)| serde_json::from_str::<Vec<String>>(command).is_err()) {
        violations.push("Dockerfile: no health check".to_owned());
    }
    let mut copies = instructions[last..].iter().filter(|(name, _)| name == "COPY").map(|(_, rest)| rest.as_str());
    if !copies.any(|copy| copy.contains(CERTIFICATES) && copy.ends_with(" /etc/ssl/certs/")) {
        violations.push(format!("Dockerfile: the image has no {CERTIFICATES}: TLS to others fails"));
    }
    violations
}

/// Values of `ENV` and of compose's `environment` that look like ours and are not.
fn unknown_settings(names: impl Iterator<Item = String>, known: &BTreeSet<String>) -> Vec<String> {
    names
        .filter(|name| name.starts_with("USHER_") && !known.contains(name))
        .map(|name| format!("{name} is not a setting of the server"))
        .collect()
}

fn environment_of_image(dockerfile: &str) -> Vec<String> {
    instructions(dockerfile)
        .iter()
        .filter(|(name, _)| name == "ENV")
        .flat_map(|(_, rest)| rest.split_whitespace())
        .filter_map(|pair| Some(pair.split_once('=')?.0.to_owned()))
        .collect()
}

fn parse(compose: &str) -> Result<Value, String> {
    serde_norway::from_str(compose).map_err(|problem| format!("docker-compose.yml: {problem}"))
}

fn check_compose(compose: &Value, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut violations = Vec::new();
    for required in ["server", "postgres", "redis", "mail"] {
        if compose["services"].get(required).is_none() {
            violations.push(format!("docker-compose.yml: no service {required}"));
        }
    }
    for (name, service) in compose["services"].as_object().into_iter().flatten() {
        let mut wrong = |problem: String| violations.push(format!("docker-compose.yml: {name}: {problem}"));
        match (&service["image"], &service["build"]) {
            (Value::String(image), Value::Null) if is_pinned(image) => {}
            (Value::Null, Value::Object(build)) => {
                let path = |key| build.get(key).and_then(Value::as_str).unwrap_or_default();
                let dockerfile = format!("{}/{}", path("context"), path("dockerfile"));
                if !exists(&dockerfile) {
                    wrong(format!("there is no {dockerfile}"));
                }
            }
            _ => wrong("neither a pinned image nor a build".to_owned()),
        }
        let probe = service["healthcheck"]["test"].as_array();
        if probe.is_none_or(|words| words.first() != Some(&Value::from("CMD")) || words.len() < 2) {
            wrong("no health check".to_owned());
        }
        for (other, needs) in service["depends_on"].as_object().into_iter().flatten() {
            if compose["services"].get(other).is_none() || needs["condition"] != "service_healthy" {
                wrong(format!("does not wait for a healthy {other}"));
            }
        }
        for mount in service["volumes"].as_array().into_iter().flatten() {
            let volume = mount.as_str().and_then(|mount| mount.split(':').next()).unwrap_or_default();
            if compose["volumes"].get(volume).is_none() && !exists(volume) {
                wrong(format!("there is no volume {volume}"));
            }
        }
        for port in service["ports"].as_array().into_iter().flatten() {
            if !port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")) {
                wrong(format!("port {port} is open to the network"));
            }
        }
    }
    for (name, value) in MAIL {
        let set = &compose["services"]["server"]["environment"][name];
        if set.as_str().map_or_else(|| set.to_string(), str::to_owned) != value {
            violations
                .push(format!("docker-compose.yml: server: {name} is not {value}: the mail catcher gets nothing"));
        }
    }
    violations
}

fn exists(path: &str) -> bool {
    let ignored = text(".dockerignore");
    root().join(path).exists() && !ignored.lines().any(|line| line == path)
}

#[test]
fn the_image_is_built_from_what_is_there() {
    assert_clean(check_dockerfile(&text("Dockerfile"), exists, &["usher", "usher-loadgen"]));
}

#[test]
fn every_crate_of_the_workspace_is_in_the_image_build() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let copied: Vec<String> = instructions(&text("Dockerfile"))
        .into_iter()
        .filter(|(name, _)| name == "COPY")
        .map(|(_, rest)| rest)
        .collect();
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        assert!(
            copied.contains(&format!("{member} {member}")),
            "Dockerfile: {member} is not copied, cargo will not load"
        );
    }
}

#[test]
fn the_composition_is_complete() {
    let compose = parse(&text("docker-compose.yml")).unwrap();
    assert_clean(check_compose(&compose, exists));
}

#[test]
fn containers_are_given_settings_that_exist() {
    let compose = parse(&text("docker-compose.yml")).unwrap();
    let environment = compose["services"]["server"]["environment"].as_object().unwrap();
    let names = environment.keys().cloned().chain(environment_of_image(&text("Dockerfile")));
    assert_clean(unknown_settings(names, &settings(&read())));
}

#[test]
fn a_broken_image_is_found() {
    let bad = "FROM rust:latest AS build\nCOPY gone .\nSHELL x\nFROM debian:12.1-slim\nCOPY --from=build /target/dist/nobody /bin/\nCMD serve\n";
    assert_eq!(
        check_dockerfile(bad, |_| false, &["usher"]),
        [
            "Dockerfile: rust:latest is not pinned",
            "Dockerfile: there is no file gone",
            "Dockerfile: unknown instruction SHELL",
            "Dockerfile: there is no build result /target/dist/nobody",
            "Dockerfile: CMD is not a list",
            "Dockerfile: the server runs as root",
            "Dockerfile: no health check",
            "Dockerfile: the image has no /etc/ssl/certs/ca-certificates.crt: TLS to others fails",
        ]
    );
    let names = environment_of_image("ENV USHER_LISTEN=a USHER_LISTNE=b\nENV PATH=c");
    let known = BTreeSet::from(["USHER_LISTEN".to_owned()]);
    assert_eq!(unknown_settings(names.into_iter(), &known), ["USHER_LISTNE is not a setting of the server"]);
}

#[test]
fn a_broken_composition_is_found() {
    assert!(parse("services:\n  a: [").is_err());
    let bad = "
services:
  server:
    build: { context: ., dockerfile: Nowhere }
    environment: { USHER_MAIL_SMTP_HOST: mail, USHER_MAIL_SMTP_PORT: 25 }
    depends_on: { postgres: { condition: service_started } }
    volumes: ['data:/data']
    ports: ['8080:8080']
    healthcheck: { test: [CMD, 'true'] }
  postgres: { image: postgres, healthcheck: { test: [CMD, pg_isready] } }
  redis: { image: 'redis:7.4', healthcheck: { disable: true } }
";
    assert_eq!(
        check_compose(&parse(bad).unwrap(), |_| false),
        [
            "docker-compose.yml: no service mail",
            "docker-compose.yml: postgres: neither a pinned image nor a build",
            "docker-compose.yml: redis: no health check",
            "docker-compose.yml: server: there is no ./Nowhere",
            "docker-compose.yml: server: does not wait for a healthy postgres",
            "docker-compose.yml: server: there is no volume data",
            "docker-compose.yml: server: port \"8080:8080\" is open to the network",
            "docker-compose.yml: server: USHER_MAIL_SMTP_PORT is not 1025: the mail catcher gets nothing",
            "docker-compose.yml: server: USHER_MAIL_SMTP_TLS is not off: the mail catcher gets nothing",
        ]
    );
}
