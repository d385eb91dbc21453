//! A ticket's code as a picture: black modules on white with the quiet zone that scanners want.

use std::fmt::Write as _;

use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

/// Error correction M mends 15 %: a scratched screen still scans, and the code stays small.
const CORRECTION: EcLevel = EcLevel::M;
/// Modules of white around the code, as ISO/IEC 18004 wants.
const QUIET_MODULES: usize = 4;
const PIXELS_PER_MODULE: usize = 8;

pub struct Modules {
    /// Modules per side, the quiet zone included.
    pub width: usize,
    colors: Vec<Color>,
}

impl Modules {
    /// `None` when the text does not fit into a QR code.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, CORRECTION).ok()?;
        Some(Self { width: code.width() + 2 * QUIET_MODULES, colors: code.into_colors() })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inner = self.width - 2 * QUIET_MODULES;
        match (x.checked_sub(QUIET_MODULES), y.checked_sub(QUIET_MODULES)) {
            (Some(x), Some(y)) if x < inner && y < inner => self.colors[y * inner + x] == Color::Dark,
            _ => false,
        }
    }

    /// Dark modules side by side: where the first one is, and how many.
    pub fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for y in 0..self.width {
            let mut x = 0;
            while x < self.width {
                let run = (x..self.width).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    runs.push((x, y, run));
                }
                x += run.max(1);
            }
        }
        runs
    }
}

/// `None` when the text does not fit into a QR code.
pub fn svg(text: &str) -> Option<String> {
    let modules = Modules::of(text)?;
    let (width, pixels) = (modules.width, modules.width * PIXELS_PER_MODULE);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{pixels}" height="{pixels}" viewBox="0 0 {width} {width}" shape-rendering="crispEdges" role="img"><title>Ticket code</title><rect width="{width}" height="{width}" fill="#fff"/><path fill="#000" d=""##
    );
    for (x, y, run) in modules.runs() {
        // Writing into a string does not fail.
        let _ = write!(svg, "M{x} {y}h{run}v1h-{run}z");
    }
    svg.push_str(r#""/></svg>"#);
    Some(svg)
}

/// One bit per pixel. `None` when the text does not fit into a QR code.
pub fn png(text: &str) -> Option<Vec<u8>> {
    let modules = Modules::of(text)?;
    let side = modules.width * PIXELS_PER_MODULE;
    let mut rows = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..modules.width {
        // A module is a byte wide: eight pixels, white is 1.
        let row: Vec<u8> = (0..modules.width).map(|x| if modules.is_dark(x, y) { 0 } else { 0xFF }).collect();
        for _ in 0..PIXELS_PER_MODULE {
            rows.extend_from_slice(&row);
        }
    }
    let side = u32::try_from(side).ok()?;
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rows).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

const _: () = assert!(PIXELS_PER_MODULE == 8, "the bitmap writes one byte per module");

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "AQEAAAAAcode";

    #[test]
    fn the_png_shows_the_modules_inside_their_quiet_zone() {
        let modules = Modules::of(TEXT).unwrap();
        let bytes = png(TEXT).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.width as usize, modules.width * PIXELS_PER_MODULE);
        for y in 0..modules.width {
            for x in 0..modules.width {
                let byte = pixels[y * PIXELS_PER_MODULE * info.line_size + x];
                assert_eq!(byte, if modules.is_dark(x, y) { 0 } else { 0xFF }, "module {x}, {y}");
            }
        }
        assert!((0..modules.width).all(|at| !modules.is_dark(at, 3) && !modules.is_dark(3, at)), "quiet zone");
        assert!(modules.is_dark(QUIET_MODULES, QUIET_MODULES), "finder pattern");
    }

    #[test]
    fn the_svg_draws_as_many_modules_as_there_are() {
        let modules = Modules::of(TEXT).unwrap();
        let svg = svg(TEXT).unwrap();
        let drawn: usize = svg
            .split('M')
            .skip(1)
            .map(|run| run.split('h').nth(1).and_then(|run| run.split('v').next()).unwrap().parse::<usize>().unwrap())
            .sum();
        let dark = modules.colors.iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(drawn, dark);
    }

    #[test]
    fn a_text_too_long_for_a_code_has_no_picture() {
        assert_eq!(png(&"x".repeat(5_000)), None);
        assert_eq!(svg(&"x".repeat(5_000)), None);
    }
}
