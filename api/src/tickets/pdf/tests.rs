//! Documents are read back by a reader of our own, from their bytes to the glyphs: what it finds is what a viewer shows.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::super::words::Words;
use super::paper::{HEIGHT, WIDTH};
use super::sheet;
use crate::code_picture::Modules;

/// Objects by number: dictionary, and what is in the stream.
struct Document(BTreeMap<i32, (String, Vec<u8>)>);

/// Words on one baseline.
#[derive(Debug)]
struct Shown {
    x: f32,
    y: f32,
    right: f32,
    text: String,
}

#[derive(Default)]
struct Page {
    shown: Vec<Shown>,
    /// What the text stands for, as it is read out.
    actual: Vec<String>,
    /// Of rectangles in the units of the code.
    modules: Vec<(usize, usize, usize)>,
    scale: f32,
}

struct Font {
    texts: BTreeMap<u16, String>,
    widths: Vec<f32>,
}

enum Token {
    Number(f32),
    Text(Vec<u8>),
    Word(String),
}

impl Document {
    fn read(pdf: &[u8]) -> Self {
        assert!(pdf.starts_with(b"%PDF-1.") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
        let mut objects = BTreeMap::new();
        let mut at = 0;
        while let Some(found) = find(&pdf[at..], b" 0 obj") {
            let digits = pdf[..at + found].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let number = text(&pdf[at + found - digits..at + found]).parse().unwrap();
            let body = at + found + b" 0 obj".len();
            let end = body + find(&pdf[body..], b"endobj").unwrap();
            let stream = find(&pdf[body..end], b"stream\n").map(|offset| body + offset);
            let (head, data, next) = match stream {
                None => (text(&pdf[body..end]), Vec::new(), end),
                Some(stream) => {
                    let head = text(&pdf[body..stream]);
                    let start = stream + b"stream\n".len();
                    let length: usize = value(&head, "/Length ").parse().unwrap();
                    let packed = &pdf[start..start + length];
                    assert!(pdf[start + length..].trim_ascii_start().starts_with(b"endstream"));
                    let mut data = Vec::new();
                    if head.contains("/FlateDecode") {
                        ZlibDecoder::new(packed).read_to_end(&mut data).unwrap();
                    } else {
                        data.extend(packed);
                    }
                    (head, data, start + length)
                }
            };
            objects.insert(number, (head, data));
            at = next;
        }
        Self(objects)
    }

    fn head(&self, number: i32) -> &str {
        &self.0[&number].0
    }

    fn pages(&self) -> Vec<Page> {
        let is_page = |head: &str| head.contains("/Type /Page\n") || head.contains("/Type /Page ");
        self.0.values().filter(|(head, _)| is_page(head)).map(|(head, _)| self.page(head)).collect()
    }

    fn page(&self, head: &str) -> Page {
        let fonts: BTreeMap<&str, Font> =
            ["F1", "F2"].map(|name| (name, self.font(reference(head, &format!("/{name} "))))).into();
        let mut page = Page::default();
        let mut given: Vec<Token> = Vec::new();
        let (mut font, mut size, mut pen, mut base) = (None, 0.0, 0.0, 0.0);
        for token in tokens(&self.0[&reference(head, "/Contents ")].1) {
            let Token::Word(word) = &token else {
                given.push(token);
                continue;
            };
            match word.as_str() {
                name if name.starts_with('/') => {
                    font = fonts.get(&name[1..]).or(font);
                    continue;
                }
                "[" | "]" | "<<" | ">>" => continue,
                "BDC" => page.actual.extend(given.drain(..).filter_map(|token| match token {
                    Token::Text(bytes) => Some(bytes.strip_prefix(b"\xfe\xff").map_or_else(|| text(&bytes), utf16)),
                    _ => None,
                })),
                "Tf" => size = numbers(&given)[0],
                "Tm" => (pen, base) = (numbers(&given)[4], numbers(&given)[5]),
                "TJ" => {
                    let shown = show(&given, font.unwrap(), size, pen, base);
                    pen = shown.right;
                    page.shown.push(shown);
                }
                "cm" => page.scale = numbers(&given)[0],
                "re" if page.scale > 0.0 && numbers(&given)[3] == 1.0 => {
                    let [x, y, run] = [0, 1, 2].map(|at| numbers(&given)[at] as usize);
                    page.modules.push((x, y, run));
                }
                _ => {}
            }
            given.clear();
        }
        page
    }

    fn font(&self, number: i32) -> Font {
        let head = self.head(number);
        let (described, map) = (reference(head, "/DescendantFonts ["), reference(head, "/ToUnicode "));
        let described = self.head(described);
        let widths = described.split_once("/W [0 [").unwrap().1.split(']').next().unwrap();
        let widths = widths.split_whitespace().map(|width| width.parse().unwrap()).collect();
        let map = String::from_utf8(self.0[&map].1.clone()).unwrap();
        let mut texts = BTreeMap::new();
        for part in map.split("beginbfchar\n").skip(1) {
            for line in part.split("endbfchar").next().unwrap().lines() {
                let (number, text) = line.split_once("> <").unwrap();
                let number = u16::from_str_radix(number.trim_start_matches('<'), 16).unwrap();
                texts.insert(number, utf16(&hex(text.trim_end_matches('>'))));
            }
        }
        let descriptor = self.head(reference(described, "/FontDescriptor "));
        let file = &self.0[&reference(descriptor, "/FontFile2 ")].1;
        assert!(harfrust::FontRef::new(file).is_ok(), "the subset is a font");
        assert!(file.len() < 60_000, "{} bytes", file.len());
        Font { texts, widths }
    }
}

fn show(given: &[Token], font: &Font, size: f32, x: f32, y: f32) -> Shown {
    let mut shown = Shown { x, y, right: x, text: String::new() };
    for token in given {
        match token {
            Token::Number(back) => shown.right -= back / 1_000.0 * size,
            Token::Text(bytes) => {
                for pair in bytes.chunks(2) {
                    let glyph = u16::from_be_bytes(pair.try_into().unwrap());
                    shown.right += font.widths[usize::from(glyph)] / 1_000.0 * size;
                    shown.text.push_str(font.texts.get(&glyph).map_or("", String::as_str));
                }
            }
            Token::Word(word) => panic!("{word}"),
        }
    }
    shown
}

fn tokens(mut bytes: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    loop {
        bytes = bytes.trim_ascii_start();
        let Some(first) = bytes.first() else { return tokens };
        let length = match first {
            b'<' if !bytes.starts_with(b"<<") => {
                let end = find(bytes, b">").unwrap();
                tokens.push(Token::Text(hex(&text(&bytes[1..end]))));
                end + 1
            }
            b'(' => {
                let (literal, length) = literal(bytes);
                tokens.push(Token::Text(literal));
                length
            }
            b'<' | b'>' => 2,
            b'[' | b']' => 1,
            _ => {
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"[]<>(".contains(byte);
                let length = 1 + bytes[1..].iter().take_while(|byte| !is_end(byte)).count();
                let word = text(&bytes[..length]);
                tokens.push(word.parse().map_or(Token::Word(word), Token::Number));
                length
            }
        };
        bytes = &bytes[length..];
    }
}

/// Of a text in parentheses: what it says, and how long it is.
fn literal(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (mut said, mut depth, mut at) = (Vec::new(), 0, 0);
    loop {
        match bytes[at] {
            b'\\' if bytes[at + 1].is_ascii_digit() => {
                said.push(u8::from_str_radix(&text(&bytes[at + 1..at + 4]), 8).unwrap());
                at += 3;
            }
            b'\\' => {
                let escaped = bytes[at + 1];
                let pair = [(b'n', b'\n'), (b'r', b'\r'), (b't', b'\t'), (b'b', 8), (b'f', 12)];
                said.push(pair.iter().find(|(name, _)| *name == escaped).map_or(escaped, |(_, byte)| *byte));
                at += 1;
            }
            b'(' if depth == 0 => depth = 1,
            b')' if depth == 1 => return (said, at + 1),
            byte => {
                depth += i32::from(byte == b'(') - i32::from(byte == b')');
                said.push(byte);
            }
        }
        at += 1;
    }
}

fn numbers(given: &[Token]) -> Vec<f32> {
    given.iter().filter_map(|token| if let Token::Number(number) = token { Some(*number) } else { None }).collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).unwrap()
}

fn value<'a>(head: &'a str, key: &str) -> &'a str {
    let (_, rest) = head.split_once(key).unwrap_or_else(|| panic!("{key} in {head}"));
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap()
}

fn reference(head: &str, key: &str) -> i32 {
    value(head, key).parse().unwrap()
}

fn words(title: &str, name: &str, code: &str) -> Words {
    Words {
        title: title.to_owned(),
        when: "Tuesday, 1 May 2035, 21:00 (Europe/Berlin)".to_owned(),
        venue: vec!["Waldbühne".to_owned(), "Glockenturmstraße 1, Berlin, DE".to_owned()],
        facts: vec![
            ("Name", name.to_owned()),
            ("Section", "A".to_owned()),
            ("Row", "12".to_owned()),
            ("Seat", "7".to_owned()),
            ("Ticket type", "Full price".to_owned()),
            ("Price", "45.00 EUR".to_owned()),
        ],
        order: "01a1fc90-e373-7093-b7e9-237b63ced171".to_owned(),
        ticket: "01a1fc90-e373-7093-b7e9-237b63ced172".to_owned(),
        code: code.to_owned(),
    }
}

fn code(first: char) -> String {
    first.to_string() + &"Ab3_".repeat(29) + "xyz"
}

#[test]
fn a_ticket_says_everything_and_its_code_is_the_code() {
    let names = ["Łukasz Żółć", "Ανδρέας Ψυχογιός", "Юрій Їжакевич"];
    let tickets: Vec<Words> =
        names.iter().zip(['A', 'B', 'C']).map(|(name, first)| words("Fidelio (1814)", name, &code(first))).collect();
    let bytes = sheet::document(&tickets).unwrap();
    assert!(bytes.len() < 120_000, "{} bytes for three pages", bytes.len());
    let document = Document::read(&bytes);
    assert!(document.0.values().any(|(head, _)| head.contains("/Title (Fidelio (1814))")));
    let pages = document.pages();
    assert_eq!(pages.len(), 3);
    for (page, words) in pages.iter().zip(&tickets) {
        let said: Vec<&str> = page.shown.iter().map(|shown| shown.text.as_str()).collect();
        let values = words.facts.iter().flat_map(|(label, value)| [*label, value.as_str()]);
        for expected in values.chain([words.title.as_str(), &words.when, &words.venue[0], &words.venue[1]]) {
            assert!(said.contains(&expected), "{expected} in {said:?}");
            assert!(page.actual.iter().any(|actual| actual == expected), "{expected} in {:?}", page.actual);
        }
        assert!(
            said.iter().any(|line| line.ends_with(&words.order))
                && said.iter().any(|line| line.ends_with(&words.ticket))
        );
        // The modules on the page are those of a code that says this text and no other.
        assert_eq!(page.modules, Modules::of(&words.code).unwrap().runs());
        assert_ne!(page.modules, Modules::of(&code('Z')).unwrap().runs());
        assert!(page.scale * 25.4 / 72.0 > 1.0, "a module is wider than a millimetre: {}", page.scale);
    }
}

#[test]
fn whatever_people_are_called_the_words_stay_on_the_page_and_off_the_code() {
    let endless = "Wolfeschlegelsteinhausenbergerdorff".repeat(6);
    let many = "Pablo Diego José Francisco de Paula Juan Nepomuceno ".repeat(5);
    let names = [
        "محمد بن عبد الله الخوارزمي",
        "אברהם בן עזרא 12",
        "O\u{202e}dA\u{0301}\u{0301}\u{0301}",
        "漢字 🎟",
        &endless,
        &many,
        " \n ",
    ];
    for name in names {
        for title in ["A", name, &"Sehr langer Titel ".repeat(12)] {
            let bytes = sheet::document(&[words(title, name, &code('A'))]).unwrap();
            let pages = Document::read(&bytes).pages();
            let left_of_code = WIDTH - 48.0 - 216.0;
            let rule = pages[0].shown.iter().find(|shown| shown.text == "Name").unwrap().y + 20.0;
            for shown in &pages[0].shown {
                assert!(shown.x >= 47.9 && shown.right <= WIDTH - 47.9, "{shown:?}");
                assert!((20.0..HEIGHT - 20.0).contains(&shown.y), "{shown:?}");
                let is_beside_code = shown.y < rule && shown.y > rule - 226.0;
                assert!(!is_beside_code || shown.right <= left_of_code, "{name}: {shown:?}");
            }
            let lowest = pages[0].shown.iter().find(|shown| shown.text == "45.00 EUR").unwrap().y;
            assert!(lowest > 100.0, "{name}: {lowest}");
        }
    }
}

#[test]
fn the_same_ticket_is_the_same_document() {
    let of = |name: &str| sheet::document(&[words("Fidelio", name, &code('A'))]).unwrap();
    assert_eq!(of("Ada"), of("Ada"));
    assert_ne!(of("Ada"), of("Bob"));
}
