use wire::WebhookType;

use crate::field_errors::FieldErrors;
use crate::webhook;

/// What is `None` is not looked at.
///
/// # Errors
/// The fields at fault.
pub fn check(
    url: Option<&str>,
    types: Option<&[WebhookType]>,
    allow_private: bool,
) -> Result<persistence::WebhookPatch, FieldErrors> {
    let mut errors = FieldErrors::default();
    let url = url.map(|url| webhook::check(url.trim(), allow_private).map(|url| url.to_string()));
    if let Some(Err(problem)) = &url {
        errors.add("url", "URL", *problem);
    }
    if types.is_some_and(<[_]>::is_empty) {
        errors.add("types", "LENGTH", "at least one");
    }
    for (ix, kind) in types.into_iter().flatten().enumerate() {
        if types.is_some_and(|types| types[..ix].contains(kind)) {
            errors.add(format!("types[{ix}]"), "DUPLICATE", "named before");
        }
    }
    errors.none()?;
    let names = |types: &[WebhookType]| types.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ");
    Ok(persistence::WebhookPatch { url: url.and_then(Result::ok), kinds: types.map(names), is_active: None })
}

#[cfg(test)]
mod tests {
    use WebhookType::{EventCancelled, OrderPaid};

    use super::*;

    #[test]
    fn every_fault_is_told_at_once() {
        let faults = |url, types: &[WebhookType]| {
            let errors = check(Some(url), Some(types), false).map_or_else(FieldErrors::into_vec, |_| Vec::new());
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert!(faults("https://example.org/hooks", &[OrderPaid, EventCancelled]).is_empty());
        assert_eq!(faults("http://example.org/", &[]), ["url", "types"]);
        assert_eq!(faults("https://10.0.0.1/", &[OrderPaid, EventCancelled, OrderPaid]), ["url", "types[2]"]);
    }
}
