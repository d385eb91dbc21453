//! A report laid out for reading: what the terminal and the page show of a run that is not a sale.

use serde::Serialize;

use super::LatencyLine;
use crate::audit::Verdict;

#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    pub title: String,
    pub subtitle: String,
    /// Figure and what it is, the most telling first.
    pub tiles: Vec<(String, String)>,
    pub charts: Vec<Chart>,
    pub latency: Vec<LatencyLine>,
    pub tables: Vec<Table>,
    pub notes: Vec<String>,
    pub audit: Verdict,
    pub footer: String,
}

/// One value per second of the run.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    pub title: &'static str,
    pub unit: Unit,
    pub series: Vec<Series>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Number,
    Ms,
}

#[derive(Clone, Debug, Serialize)]
pub struct Series {
    pub name: &'static str,
    pub values: Vec<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Table {
    pub title: &'static str,
    /// So many columns at the left are words, the others figures.
    pub texts: usize,
    pub heads: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}
