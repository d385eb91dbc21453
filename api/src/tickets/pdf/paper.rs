//! A PDF on its way: text in embedded subsets of the typeface, lines and QR codes as vectors. Coordinates are points from
//! the lower left.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;
use thiserror::Error;

use super::typeface::{Typeface, Weight};
use crate::code_picture::Modules;
use crate::digest;

/// A4.
pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

#[derive(Debug, Error)]
pub enum Fault {
    #[error("the typeface cannot be cut down: {0}")]
    Subset(subsetter::Error),
    #[error("the typeface says too little of itself")]
    Metrics,
    #[error("a stream cannot be compressed: {0}")]
    Compress(#[from] std::io::Error),
}

/// A typeface and what of it the document uses.
struct Face {
    typeface: Typeface,
    used: GlyphRemapper,
    /// By the glyph's number in the subset.
    widths: Vec<f32>,
    texts: BTreeMap<u16, String>,
}

pub struct Paper {
    regular: Face,
    bold: Face,
    /// Their content streams.
    pages: Vec<Vec<u8>>,
}

/// One page of it.
pub struct Page<'p> {
    paper: &'p mut Paper,
    content: Content,
}

impl Paper {
    pub fn new() -> Self {
        Self { regular: Face::new(Weight::Regular), bold: Face::new(Weight::Bold), pages: Vec::new() }
    }

    pub fn page(&mut self) -> Page<'_> {
        Page { paper: self, content: Content::new() }
    }

    fn face(&mut self, weight: Weight) -> &mut Face {
        match weight {
            Weight::Regular => &mut self.regular,
            Weight::Bold => &mut self.bold,
        }
    }

    /// # Errors
    /// A defect: both typefaces are part of the program.
    pub fn finish(self, title: &str) -> Result<Vec<u8>, Fault> {
        let mut pdf = Pdf::new();
        let mut last = Ref::new(1);
        let mut id = || last.bump();
        let (catalog, tree, info) = (id(), id(), id());
        let fonts = [(Weight::Regular, self.regular), (Weight::Bold, self.bold)];
        let fonts: Vec<(Weight, Ref, Face)> = fonts.into_iter().map(|(weight, face)| (weight, id(), face)).collect();
        let pages: Vec<(Ref, Ref, Vec<u8>)> = self.pages.into_iter().map(|content| (id(), id(), content)).collect();
        let mut root = pdf.catalog(catalog);
        root.pages(tree).lang(TextStr("en"));
        root.viewer_preferences().display_doc_title(true);
        root.finish();
        pdf.document_info(info).title(TextStr(title)).producer(TextStr("Usher"));
        let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(pages.iter().map(|(page, ..)| *page)).count(count);
        for (page, content, stream) in &pages {
            let mut written = pdf.page(*page);
            written.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*content);
            let mut resources = written.resources();
            let mut named = resources.fonts();
            for (weight, font, _) in &fonts {
                named.pair(name(*weight), *font);
            }
            named.finish();
            resources.finish();
            written.finish();
            pdf.stream(*content, &deflated(stream)?).filter(Filter::FlateDecode);
        }
        for (_, font, face) in fonts {
            face.embed(&mut pdf, font, &mut id)?;
        }
        Ok(pdf.finish())
    }
}

impl Page<'_> {
    /// Its baseline begins at `x`, `y`.
    pub fn text(&mut self, weight: Weight, size: f32, x: f32, y: f32, text: &str) {
        let face = self.paper.face(weight);
        let line = face.typeface.line(text);
        let mut parts: Vec<Part> = Vec::new();
        let (mut at, mut pen) = (x, x);
        for glyph in &line.glyphs {
            let (left, base) = (at + glyph.x_offset * size, y + glyph.y_offset * size);
            let (number, width) = face.take(glyph.id, &glyph.text);
            match parts.last_mut() {
                Some(part) if (part.y - base).abs() < 0.001 => {
                    if (pen - left).abs() > 0.001 {
                        part.shown.push(Shown::Back((pen - left) / size * 1_000.0));
                    }
                    part.show(number);
                }
                _ => parts.push(Part { x: left, y: base, shown: vec![Shown::Glyphs(number.to_be_bytes().to_vec())] }),
            }
            pen = left + width * size;
            at += glyph.advance * size;
        }
        self.content.begin_marked_content_with_properties(Name(b"Span")).properties().actual_text(TextStr(text));
        self.content.begin_text().set_font(name(weight), size);
        for part in parts {
            self.content.set_text_matrix([1.0, 0.0, 0.0, 1.0, part.x, part.y]);
            let mut shown = self.content.show_positioned();
            let mut items = shown.items();
            for one in part.shown {
                match one {
                    Shown::Glyphs(numbers) => items.show(Str(&numbers)),
                    Shown::Back(amount) => items.adjust(amount),
                };
            }
        }
        self.content.end_text();
        self.content.end_marked_content();
    }

    /// Of the text that follows: 0 is black, 1 white.
    pub fn gray(&mut self, gray: f32) {
        self.content.set_fill_gray(gray);
    }

    pub fn rule(&mut self, x: f32, y: f32, width: f32) {
        self.content.save_state().set_fill_gray(0.75).rect(x, y, width, 0.75).fill_nonzero().restore_state();
    }

    /// With its quiet zone `side` wide; `x`, `y` is its upper left corner. One path: no hairline shows between two modules.
    pub fn code(&mut self, modules: &Modules, x: f32, y: f32, side: f32) {
        let scale = side / modules.width as f32;
        self.content.save_state().set_fill_gray(0.0).transform([scale, 0.0, 0.0, -scale, x, y]);
        for (column, row, run) in modules.runs() {
            self.content.rect(column as f32, row as f32, run as f32, 1.0);
        }
        self.content.fill_nonzero().restore_state();
    }

    pub fn wrap(&mut self, weight: Weight, text: &str, size: f32, width: f32, lines_max: usize) -> Vec<String> {
        self.paper.face(weight).typeface.wrap(text, size, width, lines_max)
    }

    pub fn finish(self) {
        self.paper.pages.push(self.content.finish().into_vec());
    }
}

/// Glyphs on one baseline.
struct Part {
    x: f32,
    y: f32,
    shown: Vec<Shown>,
}

enum Shown {
    /// Two bytes for each.
    Glyphs(Vec<u8>),
    /// In thousandths of the size, to the left.
    Back(f32),
}

impl Part {
    fn show(&mut self, number: u16) {
        match self.shown.last_mut() {
            Some(Shown::Glyphs(numbers)) => numbers.extend(number.to_be_bytes()),
            _ => self.shown.push(Shown::Glyphs(number.to_be_bytes().to_vec())),
        }
    }
}

impl Face {
    fn new(weight: Weight) -> Self {
        let typeface = Typeface::read(weight);
        // The first glyph of every subset is that of what has none.
        let widths = vec![typeface.advance(0)];
        Self { typeface, used: GlyphRemapper::new(), widths, texts: BTreeMap::new() }
    }

    /// The glyph's number in the subset, and how wide it is.
    fn take(&mut self, glyph: u16, text: &str) -> (u16, f32) {
        let number = self.used.remap(glyph);
        if usize::from(number) >= self.widths.len() {
            self.widths.push(self.typeface.advance(glyph));
        }
        if number > 0 && !text.is_empty() {
            self.texts.entry(number).or_insert_with(|| text.to_owned());
        }
        (number, self.widths.get(usize::from(number)).copied().unwrap_or_default())
    }

    fn embed(&self, pdf: &mut Pdf, font: Ref, id: &mut impl FnMut() -> Ref) -> Result<(), Fault> {
        let (cid, descriptor, unicode, file) = (id(), id(), id(), id());
        let subset = subsetter::subset(self.typeface.data, 0, &self.used).map_err(Fault::Subset)?;
        let metrics = self.typeface.metrics().ok_or(Fault::Metrics)?;
        let base = self.name();
        let base = Name(base.as_bytes());
        pdf.type0_font(font)
            .base_font(base)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut described = pdf.cid_font(cid);
        described.subtype(CidFontType::Type2).base_font(base).system_info(SYSTEM).font_descriptor(descriptor);
        described.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        described.widths().consecutive(0, self.widths.iter().map(|width| width * 1_000.0));
        described.finish();
        let [left, bottom, right, top] = metrics.bounds;
        pdf.font_descriptor(descriptor)
            .name(base)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(left, bottom, right, top))
            .italic_angle(0.0)
            .ascent(metrics.ascent)
            .descent(metrics.descent)
            .cap_height(metrics.cap_height)
            .stem_v(80.0)
            .font_file2(file);
        let mut map = UnicodeCmap::new(Name(b"Texts"), SYSTEM);
        for (number, text) in &self.texts {
            map.pair_with_multiple(*number, text.chars());
        }
        pdf.stream(unicode, &deflated(&map.finish())?).filter(Filter::FlateDecode);
        let bytes = i32::try_from(subset.len()).unwrap_or(i32::MAX);
        let packed = deflated(&subset)?;
        let mut written = pdf.stream(file, &packed);
        written.filter(Filter::FlateDecode);
        written.pair(Name(b"Length1"), bytes);
        Ok(())
    }

    /// With the tag that tells one subset from another: six letters.
    fn name(&self) -> String {
        let glyphs: Vec<u8> = self.used.remapped_gids().flat_map(u16::to_be_bytes).collect();
        let tag = digest::of(&[self.typeface.name.as_bytes(), &glyphs]);
        let tag: String = tag.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect();
        format!("{tag}+{}", self.typeface.name)
    }
}

const fn name(weight: Weight) -> Name<'static> {
    match weight {
        Weight::Regular => Name(b"F1"),
        Weight::Bold => Name(b"F2"),
    }
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}
