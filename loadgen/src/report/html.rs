//! The report as one HTML file that asks nobody for anything: style, script and figures are inside.

use anyhow::Result;
use serde::Serialize;

use super::{Report, View};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

#[derive(Serialize)]
struct Figures<'a> {
    report: &'a Report,
    view: &'a View,
}

/// # Errors
/// Never for finite figures.
pub fn page(report: &Report, view: &View) -> Result<String> {
    // Titles come from the server: `<` inside a script element could end it.
    let figures = serde_json::to_string(&Figures { report, view })?.replace('<', "\\u003c");
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + figures.len());
    let mut rest = PAGE;
    for (mark, text) in [("/*STYLE*/", STYLE), ("/*FIGURES*/", figures.as_str()), ("/*SCRIPT*/", SCRIPT)] {
        let (before, after) = rest.split_once(mark).unwrap_or_else(|| unreachable!("the page has the mark {mark}"));
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}
