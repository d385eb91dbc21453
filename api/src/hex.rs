//! Bytes as lowercase hexadecimal digits.

pub fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `None` unless the text is exactly `N` bytes, in either case.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_takes_nothing_else() {
        assert_eq!(encode(&[0, 15, 16, 255]), "000f10ff");
        assert_eq!(decode("000f10FF"), Some([0, 15, 16, 255]));
        for text in ["", "00", "000f10f", "000f10fg", "000f10ff0", "00 f10ff", "ää"] {
            assert_eq!(decode::<4>(text), None, "{text}");
        }
    }
}
