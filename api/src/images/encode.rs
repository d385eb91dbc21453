//! From pixels to the files that are shown. Written anew, so that nothing of the sent file is in them but what can be seen.

use jpeg_encoder::{ColorType, Encoder};
use persistence::ImageFormat;

use super::decode::{Decoded, Fault, decode};
use super::pixels::{Pixels, fit, shrink};
use crate::image_view::{AVATAR_SIZES, IMAGE_SIZES};

/// Below it, edges begin to show; above it, files grow fast.
const JPEG_QUALITY: u8 = 85;

/// One picture in all its sizes.
#[derive(Debug)]
pub struct Files {
    pub format: ImageFormat,
    /// Of the largest.
    pub width: u32,
    pub height: u32,
    /// Size and content.
    pub files: Vec<(u32, Vec<u8>)>,
}

/// # Errors
/// No picture of an accepted kind and size.
pub fn event_image(bytes: &[u8]) -> Result<Files, Fault> {
    let [largest, ..] = IMAGE_SIZES;
    let Decoded { pixels, orientation } = decode(bytes)?;
    let (width, height) = fit(pixels.width, pixels.height, largest as usize);
    // Turned when it is small: the sides of the square are the same either way.
    let large = orientation.apply(shrink(&pixels, pixels.frame(), width, height));
    drop(pixels);
    write(large, &IMAGE_SIZES)
}

/// # Errors
/// No picture of an accepted kind and size.
pub fn avatar(bytes: &[u8]) -> Result<Files, Fault> {
    let [largest, ..] = AVATAR_SIZES.map(|size| size as usize);
    let Decoded { pixels, orientation } = decode(bytes)?;
    let large = orientation.apply(shrink(&pixels, pixels.square(), largest, largest));
    drop(pixels);
    write(large, &AVATAR_SIZES)
}

/// Each size from the one before: that costs least, and nobody sees it.
fn write(large: Pixels, sizes: &[u32]) -> Result<Files, Fault> {
    let mut pixels = large.without_idle_alpha();
    let format = if pixels.channels == 4 { ImageFormat::Png } else { ImageFormat::Jpeg };
    let side = |length: usize| u32::try_from(length).map_err(|_| Fault::TooManyPixels);
    let (width, height) = (side(pixels.width)?, side(pixels.height)?);
    let mut files = Vec::with_capacity(sizes.len());
    for size in sizes {
        let (width, height) = fit(pixels.width, pixels.height, *size as usize);
        pixels = shrink(&pixels, pixels.frame(), width, height);
        let bytes = match format {
            ImageFormat::Jpeg => jpeg(&pixels),
            ImageFormat::Png => png(&pixels),
        };
        files.push((*size, bytes.ok_or(Fault::Damaged)?));
    }
    Ok(Files { format, width, height, files })
}

fn jpeg(pixels: &Pixels) -> Option<Vec<u8>> {
    let (width, height) = (u16::try_from(pixels.width).ok()?, u16::try_from(pixels.height).ok()?);
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, JPEG_QUALITY).encode(&pixels.bytes, width, height, ColorType::Rgb).ok()?;
    Some(bytes)
}

fn png(pixels: &Pixels) -> Option<Vec<u8>> {
    let (width, height) = (u32::try_from(pixels.width).ok()?, u32::try_from(pixels.height).ok()?);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels.bytes).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left half red, right half blue.
    fn sample(width: usize, height: usize, channels: usize, alpha: u8) -> Pixels {
        let pixel = |x: usize| if x < width / 2 { [200, 10, 10, alpha] } else { [10, 10, 200, alpha] };
        let bytes = (0..width * height).flat_map(|at| pixel(at % width).into_iter().take(channels)).collect();
        Pixels { width, height, channels, bytes }
    }

    /// As a camera held on its side writes it, with a place in it.
    pub fn jpeg_with_exif(orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0".to_vec();
        let at = exif.len() - 3;
        exif[at] = orientation;
        exif.extend(b"GPS 52.5200N 13.4050E");
        let pixels = sample(600, 400, 3, 0);
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.add_app_segment(1, &exif).unwrap();
        encoder.encode(&pixels.bytes, 600, 400, ColorType::Rgb).unwrap();
        bytes
    }

    fn colour(pixels: &Pixels, x: usize, y: usize) -> &'static str {
        let pixel = &pixels.row(y)[x * pixels.channels..];
        if pixel[0] > pixel[2] { "red" } else { "blue" }
    }

    #[test]
    fn nothing_but_what_can_be_seen_survives_and_it_stands_upright() {
        let source = jpeg_with_exif(6);
        assert!(source.windows(3).any(|bytes| bytes == b"GPS"));
        let made = event_image(&source).unwrap();
        assert_eq!((made.format, made.width, made.height), (ImageFormat::Jpeg, 400, 600));
        assert_eq!(made.files.iter().map(|(size, _)| *size).collect::<Vec<_>>(), IMAGE_SIZES);
        for (size, bytes) in &made.files {
            assert!(!bytes.windows(4).any(|part| part == b"Exif" || part == b"GPS "), "{size}");
            let pixels = decode(bytes).unwrap().pixels;
            let (width, height) = fit(400, 600, *size as usize);
            assert_eq!((pixels.width, pixels.height), (width, height));
            // Turned by a quarter to the right: what was left is up.
            assert_eq!((colour(&pixels, 5, 5), colour(&pixels, 5, height - 5)), ("red", "blue"));
        }
    }

    #[test]
    fn transparency_is_kept_and_an_idle_channel_is_not() {
        let made = event_image(&png(&sample(40, 20, 4, 100)).unwrap()).unwrap();
        assert_eq!(made.format, ImageFormat::Png);
        assert_eq!(decode(&made.files[0].1).unwrap().pixels, sample(40, 20, 4, 100));
        assert_eq!(event_image(&png(&sample(40, 20, 4, 255)).unwrap()).unwrap().format, ImageFormat::Jpeg);
    }

    #[test]
    fn an_avatar_is_a_square_of_both_sizes() {
        let made = avatar(&jpeg_with_exif(1)).unwrap();
        let sides: Vec<_> = made.files.iter().map(|(_, bytes)| decode(bytes).unwrap().pixels.width).collect();
        assert_eq!((sides, made.width, made.height), (vec![256, 64], 256, 256));
        let tiny = avatar(&png(&sample(10, 30, 4, 255)).unwrap()).unwrap();
        assert_eq!((tiny.width, tiny.height), (10, 10));
    }

    /// The head of a PNG that claims to be 60,000 pixels wide and high.
    #[test]
    fn a_bomb_is_seen_by_its_head() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 60_000, 60_000);
        encoder.set_color(png::ColorType::Rgb);
        drop(encoder.write_header().unwrap());
        assert_eq!(event_image(&bytes).unwrap_err(), Fault::TooManyPixels);
    }

    #[test]
    fn what_is_no_picture_is_told_from_what_is_a_broken_one() {
        for (bytes, fault) in [
            (&b""[..], Fault::Type),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Fault::Type),
            (b"GIF89a\x01\0\x01\0", Fault::Type),
            (b"\xFF\xD8\xFF\xE0 and so on", Fault::Damaged),
            (b"\x89PNG\r\n\x1A\n", Fault::Damaged),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Fault::Damaged),
        ] {
            assert_eq!(event_image(bytes).unwrap_err(), fault, "{bytes:?}");
        }
        let whole = png(&sample(200, 200, 4, 255)).unwrap();
        assert_eq!(event_image(&whole[..whole.len() / 2]).unwrap_err(), Fault::Damaged);
    }
}
