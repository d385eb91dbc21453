//! The typeface of documents: DejaVu Sans, which has Latin, Greek, Cyrillic, Hebrew and Arabic letters. What it has no glyph
//! for is an empty box; the page to print has the fonts of whoever reads it.

use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, UnicodeBuffer};
use read_fonts::TableProvider as _;
use read_fonts::types::GlyphId;
use unicode_bidi::BidiInfo;

const REGULAR: &[u8] = include_bytes!("../../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../../fonts/DejaVuSans-Bold.ttf");
/// Of a text that the program does not bound otherwise. More would not fit on any line.
const CHARS_MAX: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

pub struct Typeface {
    pub data: &'static [u8],
    /// As PostScript calls it.
    pub name: &'static str,
    font: FontRef<'static>,
    shaping: ShaperData,
    units_per_em: f32,
}

/// In the units of PDF: thousandths of the size.
pub struct Metrics {
    pub ascent: f32,
    pub descent: f32,
    pub cap_height: f32,
    /// Left, bottom, right, top.
    pub bounds: [f32; 4],
}

/// Lengths are parts of the size.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyph {
    pub id: u16,
    pub advance: f32,
    pub x_offset: f32,
    pub y_offset: f32,
    /// What it stands for; empty for all but the first glyph of several.
    pub text: String,
}

/// Glyphs from left to right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub glyphs: Vec<Glyph>,
    /// In parts of the size.
    pub width: f32,
}

impl Typeface {
    /// # Panics
    /// Never: both files are part of the program, and a test reads them.
    pub fn read(weight: Weight) -> Self {
        let (data, name) = match weight {
            Weight::Regular => (REGULAR, "DejaVuSans"),
            Weight::Bold => (BOLD, "DejaVuSans-Bold"),
        };
        let font = FontRef::new(data).expect("the typeface is part of the program");
        let shaping = ShaperData::new(&font);
        let units_per_em = f32::from(font.head().expect("a font has a head").units_per_em());
        Self { data, name, font, shaping, units_per_em }
    }

    pub fn metrics(&self) -> Option<Metrics> {
        let (head, hhea, os2) = (self.font.head().ok()?, self.font.hhea().ok()?, self.font.os2().ok()?);
        let scaled = |units: i16| f32::from(units) / self.units_per_em * 1_000.0;
        Some(Metrics {
            ascent: scaled(hhea.ascender().to_i16()),
            descent: scaled(hhea.descender().to_i16()),
            cap_height: scaled(os2.s_cap_height().unwrap_or(1_493)),
            bounds: [head.x_min(), head.y_min(), head.x_max(), head.y_max()].map(scaled),
        })
    }

    /// Of the glyph by itself, in parts of the size.
    pub fn advance(&self, glyph: u16) -> f32 {
        let advance = self.font.hmtx().ok().and_then(|table| table.advance(GlyphId::new(u32::from(glyph))));
        f32::from(advance.unwrap_or(0)) / self.units_per_em
    }

    /// Sets one line. Of a text in two directions each part runs in its own.
    pub fn line(&self, text: &str) -> Line {
        let text = plain(text);
        let info = BidiInfo::new(&text, None);
        let mut line = Line::default();
        let Some(paragraph) = info.paragraphs.first() else { return line };
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let is_rtl = levels.get(run.start).is_some_and(|level| level.is_rtl());
            let direction = if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight };
            self.run(&text[run], direction, &mut line);
        }
        line
    }

    fn run(&self, text: &str, direction: Direction, line: &mut Line) {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(direction);
        let shaped = self.shaping.shaper(&self.font).build().shape(buffer, ShapeOptions::new());
        let mut clusters: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let mut before = None;
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let start = info.cluster as usize;
            let end = clusters.iter().copied().find(|cluster| *cluster > start).unwrap_or(text.len());
            let is_first = before.replace(start) != Some(start);
            let glyph = Glyph {
                // Both files have fewer than 65,536 glyphs.
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                advance: position.x_advance as f32 / self.units_per_em,
                x_offset: position.x_offset as f32 / self.units_per_em,
                y_offset: position.y_offset as f32 / self.units_per_em,
                text: if is_first { seen(text.get(start..end).unwrap_or_default()) } else { String::new() },
            };
            line.width += glyph.advance;
            line.glyphs.push(glyph);
        }
    }

    /// Breaks a text into lines of at most `width`, both it and `size` in points: between words, and inside one that is
    /// wider. What is beyond `lines_max` lines is left out, and the last one says so.
    pub fn wrap(&self, text: &str, size: f32, width: f32, lines_max: usize) -> Vec<String> {
        let fits = |line: &str| self.line(line).width * size <= width;
        let text = plain(text);
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            word.clone_into(&mut line);
            while !fits(&line) {
                let rest = line.split_off(longest(&line, fits));
                if rest.is_empty() {
                    break;
                }
                lines.push(std::mem::replace(&mut line, rest));
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        if lines.len() > lines_max {
            lines.truncate(lines_max);
            if let Some(last) = lines.last_mut() {
                while !fits(&format!("{last}…")) && last.pop().is_some() {}
                last.push('…');
            }
        }
        lines
    }
}

/// What somebody who looks at it sees: of characters that only say how to set others, nothing. They take the glyph of the
/// space, which must go on meaning one to whoever copies the text.
fn seen(text: &str) -> String {
    let is_seen = |character: &char| {
        let is_mark_of_direction = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}');
        let is_joiner = matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        !is_mark_of_direction && !is_joiner
    };
    text.chars().filter(is_seen).collect()
}

/// Where the longest beginning ends that fits: behind one character at least.
fn longest(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
    let mut longest = text.chars().next().map_or(0, char::len_utf8);
    for end in ends {
        if !fits(&text[..end]) {
            break;
        }
        longest = longest.max(end);
    }
    longest
}

/// One paragraph without anything that is no text.
fn plain(text: &str) -> String {
    let is_break = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    text.chars().map(|character| if is_break(character) { ' ' } else { character }).take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regular() -> Typeface {
        Typeface::read(Weight::Regular)
    }

    #[test]
    fn every_letter_of_european_names_has_a_glyph() {
        let names = ["Łukasz Żółć", "Þór Ægisdóttir", "Ανδρέας Ψυχογιός", "Юрій Їжакевич", "Đặng Thị Hương", "Öz İğşç"];
        for weight in [Weight::Regular, Weight::Bold] {
            let face = Typeface::read(weight);
            for name in names {
                let line = face.line(name);
                assert!(line.glyphs.iter().all(|glyph| glyph.id != 0), "{name}");
                let read: String = line.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
                assert_eq!(read, name);
            }
            assert_eq!(face.line("漢").glyphs[0].id, 0, "an empty box");
        }
    }

    #[test]
    fn what_is_written_from_the_right_is_set_from_the_right() {
        let face = regular();
        let of = |text: &str| face.line(text).glyphs.iter().map(|glyph| glyph.text.clone()).collect::<String>();
        assert_eq!(of("אבג"), "גבא");
        assert_eq!(of("Dr. אבג 12"), "Dr. 12 גבא");
        assert_eq!(of("a\u{202e}bc\nd").chars().filter(char::is_ascii_alphabetic).count(), 4);
        assert!(of("a\u{202e} b\u{200d}").chars().all(|c| matches!(c, 'a' | 'b' | ' ')));
        // Arabic letters join: each takes another form than by itself.
        let (joined, alone) = (face.line("محمد"), face.line("م ح م د"));
        assert_ne!(joined.glyphs[1].id, alone.glyphs[2].id);
        assert!(joined.width < alone.width);
    }

    #[test]
    fn lines_are_as_wide_as_they_may_be_and_no_wider() {
        let face = regular();
        let long = "Nebukadnezar ".repeat(30);
        let endless = "W".repeat(300);
        for text in [long.as_str(), endless.as_str(), "Donau-dampf\u{ad}schiff אבגדהוזחטיכלמנסעפצקרשת محمد بن عبد الله"]
        {
            let lines = face.wrap(text, 14.0, 120.0, 3);
            assert!((1..=3).contains(&lines.len()), "{lines:?}");
            for line in &lines {
                assert!(face.line(line).width * 14.0 <= 120.0, "{line}");
            }
        }
        assert!(face.wrap(&endless, 14.0, 120.0, 3)[2].ends_with('…'));
        assert_eq!(face.wrap("Ada Lovelace", 14.0, 200.0, 3), ["Ada Lovelace"]);
        assert_eq!(face.wrap("Ada\n\tLovelace", 14.0, 80.0, 3), ["Ada", "Lovelace"]);
        assert_eq!(face.wrap(" \n ", 14.0, 60.0, 3), Vec::<String>::new());
        // Narrower than any letter: it ends all the same.
        assert_eq!(face.wrap("WWW", 14.0, 1.0, 2).len(), 2);
    }
}
