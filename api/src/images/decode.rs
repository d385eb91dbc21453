//! From the bytes that somebody sent to pixels. What they are is decided by their content alone, and how many there will
//! be is known before any is decoded.

use std::io::Cursor;

use image_webp::WebPDecoder;
use png::Transformations;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::orientation::Orientation;
use super::pixels::Pixels;

/// A file of a few kilobytes can claim to be a picture of gigabytes.
pub const PIXELS_MAX: usize = 32_000_000;
/// What a decoder of ours may take beside the pixels.
const DECODER_BYTES_MAX: usize = 256 << 20;

/// Markers of a JPEG.
const END: u8 = 0xD9;
const RESTART_FIRST: u8 = 0xD0;
const RESTART_LAST: u8 = 0xD7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither JPEG nor PNG nor WebP.
    Type,
    Damaged,
    TooManyPixels,
}

#[derive(Debug)]
pub struct Decoded {
    pub pixels: Pixels,
    pub orientation: Orientation,
}

/// # Errors
/// Anything but a picture of an accepted kind and size.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Fault> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => jpeg(bytes),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => png(bytes),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(bytes),
        _ => Err(Fault::Type),
    }
}

fn damaged<E>(_: E) -> Fault {
    Fault::Damaged
}

fn check(width: usize, height: usize) -> Result<(), Fault> {
    match width.checked_mul(height) {
        Some(0) => Err(Fault::Damaged),
        Some(pixels) if pixels <= PIXELS_MAX => Ok(()),
        Some(_) | None => Err(Fault::TooManyPixels),
    }
}

fn jpeg(bytes: &[u8]) -> Result<Decoded, Fault> {
    let side_max = usize::from(u16::MAX);
    let options = DecoderOptions::default()
        .set_max_width(side_max)
        .set_max_height(side_max)
        // What is missing is an error, not grey.
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    if !has_end(bytes) {
        return Err(Fault::Damaged);
    }
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or(Fault::Damaged)?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check(width, height)?;
    let pixels = decoder.decode().map_err(damaged)?;
    let orientation = Orientation::of_exif(decoder.exif().map(Vec::as_slice));
    whole(Pixels { width, height, channels: 3, bytes: pixels }, orientation)
}

/// Whether the picture's end marker is there, behind all its scans: of a file that was cut the decoder may have the last rows
/// made up. What follows the end is somebody else's.
fn has_end(bytes: &[u8]) -> bool {
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF | RESTART_FIRST..=RESTART_LAST);
    let mut at = 2;
    while let Some(rest) = bytes.get(at..)
        && let Some(next) = rest.windows(2).position(is_marker)
    {
        at += next + 2;
        match (bytes[at - 1], bytes.get(at..at + 2)) {
            (END, _) => return true,
            (_, Some(length)) => at += usize::from(u16::from_be_bytes([length[0], length[1]])),
            (_, None) => return false,
        }
    }
    false
}

fn png(bytes: &[u8]) -> Result<Decoded, Fault> {
    let limits = png::Limits { bytes: DECODER_BYTES_MAX };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (header.width as usize, header.height as usize);
    check(width, height)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(Fault::TooManyPixels)?];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    pixels.truncate(frame.buffer_size());
    let (channels, bytes) = match frame.color_type {
        png::ColorType::Rgb => (3, pixels),
        png::ColorType::Rgba => (4, pixels),
        png::ColorType::Grayscale => (3, pixels.into_iter().flat_map(|value| [value; 3]).collect()),
        png::ColorType::GrayscaleAlpha => {
            (4, pixels.chunks_exact(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect())
        }
        png::ColorType::Indexed => return Err(Fault::Damaged),
    };
    let orientation = Orientation::of_exif(reader.info().exif_metadata.as_deref());
    whole(Pixels { width, height, channels, bytes }, orientation)
}

fn webp(bytes: &[u8]) -> Result<Decoded, Fault> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    decoder.set_memory_limit(DECODER_BYTES_MAX);
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check(width, height)?;
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(Fault::TooManyPixels)?];
    decoder.read_image(&mut pixels).map_err(damaged)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let orientation = Orientation::of_exif(decoder.exif_metadata().ok().flatten().as_deref());
    whole(Pixels { width, height, channels, bytes: pixels }, orientation)
}

/// Everything after this counts on as many bytes as the sides promise.
fn whole(pixels: Pixels, orientation: Orientation) -> Result<Decoded, Fault> {
    if pixels.bytes.len() == pixels.width * pixels.height * pixels.channels {
        Ok(Decoded { pixels, orientation })
    } else {
        Err(Fault::Damaged)
    }
}
