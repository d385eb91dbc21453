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
