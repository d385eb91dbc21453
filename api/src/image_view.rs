//! Pictures as the API shows them, and where their files lie. Each has one file per size.

use persistence::ImageFormat;
use uuid::Uuid;
use wire::{Avatar, ImageUrls};

/// Pixels of the longer side, largest first.
pub const IMAGE_SIZES: [u32; 3] = [1_600, 800, 320];
/// Pixels of both sides, largest first.
pub const AVATAR_SIZES: [u32; 2] = [256, 64];

/// One file of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageFile {
    pub id: Uuid,
    pub size: u32,
    pub format: ImageFormat,
}

impl ImageFile {
    /// `None` for a text that no view has shown.
    pub fn parse(key: &str) -> Option<Self> {
        let (name, extension) = key.rsplit_once('.')?;
        let (id, size) = name.rsplit_once('-')?;
        let format = match extension {
            "jpg" => ImageFormat::Jpeg,
            "png" => ImageFormat::Png,
            _ => return None,
        };
        let size = IMAGE_SIZES.into_iter().chain(AVATAR_SIZES).find(|known| known.to_string() == size)?;
        let file = Self { id: Uuid::parse_str(id).ok()?, size, format };
        (file.key() == key).then_some(file)
    }

    /// The last part of its address.
    pub fn key(self) -> String {
        format!("{}-{}.{}", self.id, self.size, self.extension())
    }

    /// Where it lies in the object storage.
    pub fn object(self) -> String {
        format!("{}/{}.{}", folder(self.id), self.size, self.extension())
    }

    pub const fn media_type(self) -> &'static str {
        match self.format {
            ImageFormat::Jpeg => "image/jpeg",
            ImageFormat::Png => "image/png",
        }
    }

    const fn extension(self) -> &'static str {
        match self.format {
            ImageFormat::Jpeg => "jpg",
            ImageFormat::Png => "png",
        }
    }

    fn url(self) -> String {
        format!("/api/v1/images/{}", self.key())
    }
}

/// Of all files of one picture, in the object storage.
pub fn folder(id: Uuid) -> String {
    format!("images/{id}")
}

pub fn image(image: &persistence::Image) -> wire::Image {
    let [large, medium, small] = IMAGE_SIZES.map(|size| ImageFile { id: image.id, size, format: image.format }.url());
    wire::Image { id: image.id, width: image.width, height: image.height, urls: ImageUrls { small, medium, large } }
}

pub fn avatar(image: &persistence::Image) -> Avatar {
    let [large, small] = AVATAR_SIZES.map(|size| ImageFile { id: image.id, size, format: image.format }.url());
    Avatar { small, large }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_view_shows_is_a_file() {
        let file = ImageFile { id: Uuid::from_u128(7), size: 320, format: ImageFormat::Png };
        assert_eq!(ImageFile::parse(&file.key()), Some(file));
        let id = file.id;
        for bad in [
            String::new(),
            format!("{id}.png"),
            format!("{id}-321.png"),
            format!("{id}-0320.png"),
            format!("{id}-320.webp"),
            format!("{id}-320.png/..").replace('/', "%2f"),
            format!("{}-320.png", id.simple()),
            format!("{}-320.png", id.to_string().replace('7', "A")),
            "../../etc/passwd-320.png".to_owned(),
        ] {
            assert_eq!(ImageFile::parse(&bad), None, "{bad}");
        }
    }
}
