//! The report as one HTML file that asks nobody for anything: style, script and figures are inside.

use anyhow::Result;
use serde::Serialize;

use super::{Report, Sheet, View};

const PAGE: &str = include_str!("page.html");
const SHEET: &str = include_str!("sheet.html");
const STYLE: &str = include_str!("page.css");
const PARTS: &str = include_str!("parts.js");
const SCRIPT: &str = include_str!("page.js");
const SHEET_SCRIPT: &str = include_str!("sheet.js");

#[derive(Serialize)]
struct Figures<'a> {
    report: &'a Report,
    view: &'a View,
}

/// # Errors
/// Never for finite figures.
pub fn page(report: &Report, view: &View) -> Result<String> {
    Ok(fill(PAGE, SCRIPT, &serde_json::to_string(&Figures { report, view })?))
}

/// # Errors
/// Never for finite figures.
pub fn sheet(sheet: &Sheet) -> Result<String> {
    Ok(fill(SHEET, SHEET_SCRIPT, &serde_json::to_string(sheet)?))
}

fn fill(page: &str, script: &str, figures: &str) -> String {
    // Titles come from the server: `<` inside a script element could end it.
    let figures = figures.replace('<', "\\u003c");
    let mut filled = String::with_capacity(page.len() + STYLE.len() + PARTS.len() + script.len() + figures.len());
    let mut rest = page;
    for (mark, text) in
        [("/*STYLE*/", STYLE), ("/*FIGURES*/", figures.as_str()), ("/*PARTS*/", PARTS), ("/*SCRIPT*/", script)]
    {
        let (before, after) = rest.split_once(mark).unwrap_or_else(|| unreachable!("the page has the mark {mark}"));
        filled.push_str(before);
        filled.push_str(text);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</script><script>alert('1 < 2')</script><!-- /*SCRIPT*/";

    fn embedded(page: &str) -> serde_json::Value {
        let figures = page.split(r#"id="figures">"#).nth(1).unwrap();
        serde_json::from_str(figures.split("</script>").next().unwrap()).unwrap()
    }

    #[test]
    fn what_a_server_calls_its_event_is_a_text_and_ends_no_script() {
        for (page, script) in [(PAGE, SCRIPT), (SHEET, SHEET_SCRIPT)] {
            let figures = serde_json::json!({ "title": HOSTILE }).to_string();
            let filled = fill(page, script, &figures);
            assert_eq!(embedded(&filled)["title"], HOSTILE);
            assert!(!filled.contains("alert('1 <") && !filled.contains("<!-- "), "{filled}");
            let ends = |text: &str| text.matches("</script>").count();
            assert_eq!(ends(&filled), ends(page), "the page has the scripts that it was written with");
        }
    }

    #[test]
    fn a_page_is_filled_and_shows_title_and_verdict() {
        for (page, script) in [(PAGE, SCRIPT), (SHEET, SHEET_SCRIPT)] {
            let filled = fill(page, script, "{}");
            for mark in ["/*STYLE*/", "/*FIGURES*/", "/*PARTS*/", "/*SCRIPT*/"] {
                assert!(!filled.contains(mark), "{mark} is left");
            }
            for part in [STYLE, PARTS, script] {
                assert!(filled.contains(part));
            }
            for id in ["title", "verdict", "audit"] {
                assert!(filled.contains(&format!("id=\"{id}\"")), "{id}");
                assert!(PARTS.contains(&format!("at(\"{id}\")")) || script.contains(&format!("at(\"{id}\")")), "{id}");
            }
        }
    }
}
