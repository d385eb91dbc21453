//! Just enough of Rust's lexical grammar to tell code, strings and comments apart, and tests from the rest.

use std::ops::Range;

/// A string literal, with the byte it starts at.
pub struct Literal {
    pub at: usize,
    pub text: String,
}

/// A Rust file, taken apart. Offsets are bytes and the same in all parts.
pub struct Source {
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The file with comments and the insides of strings blanked.
    pub code: String,
    pub strings: Vec<Literal>,
    tests: Vec<Range<usize>>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let (code, strings) = split(text);
        let tests = test_ranges(&code);
        Source { path: path.to_owned(), text: text.to_owned(), code, strings, tests }
    }

    /// Whether the whole file is a test: a `tests.rs`, or below a directory of that name.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
    }

    pub fn in_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// `path:line` of a byte.
    pub fn place(&self, at: usize) -> String {
        let line = self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{}:{line}", self.path)
    }

    /// Where `word` stands in code as a whole identifier or path, outside tests.
    pub fn uses_of<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.words(word).filter(|at| !self.in_test(*at))
    }

    /// The same, tests included.
    pub fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        self.code.match_indices(word).map(|(at, _)| at).filter(move |at| {
            let bytes = self.code.as_bytes();
            !is_name(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_name(bytes.get(at + word.len()))
        })
    }
}

/// The identifier that starts at a byte, possibly empty.
pub fn identifier_at(code: &str, at: usize) -> &str {
    let rest = code.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end]
}

fn split(text: &str) -> (String, Vec<Literal>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let end = if rest.starts_with("//") {
            at + rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            at + block_comment(rest)
        } else if let Some((open, close)) = string(bytes, at) {
            let inside = at + open..(at + close).min(bytes.len());
            strings.push(Literal { at, text: text[inside.clone()].to_owned() });
            blank(&mut code, inside.clone());
            // Past the quote and the hashes, which are the opening ones less the letters before them.
            at =
                (inside.end + rest[..open].bytes().filter(|byte| matches!(byte, b'"' | b'#')).count()).min(bytes.len());
            continue;
        } else {
            at += character(rest);
            continue;
        };
        blank(&mut code, at..end);
        at = end;
    }
    (String::from_utf8(code).expect("only whole literals and comments were blanked"), strings)
}

fn blank(code: &mut [u8], range: Range<usize>) {
    for byte in &mut code[range] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// If a string literal starts here: the offsets of its inside.
fn string(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let follows_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    let rest = &bytes[at..];
    let letters = rest.iter().take_while(|byte| matches!(byte, b'b' | b'c' | b'r')).count();
    if letters > 2 || (letters > 0 && follows_name) {
        return None;
    }
    let raw = rest[..letters].contains(&b'r');
    let hashes = if raw { rest[letters..].iter().take_while(|byte| **byte == b'#').count() } else { 0 };
    let open = letters + hashes + 1;
    if rest.get(open - 1) != Some(&b'"') {
        return None;
    }
    let mut end = open;
    while end < rest.len() {
        match rest[end] {
            b'\\' if !raw => end += 1,
            b'"' if rest[end + 1..].iter().take(hashes).filter(|byte| **byte == b'#').count() == hashes => break,
            _ => {}
        }
        end += 1;
    }
    Some((open, end))
}

/// The length of what starts here when it is neither comment nor string: a character literal is passed over whole, because
/// it may be a quote; everything else byte by byte.
fn character(rest: &str) -> usize {
    let mut chars = rest.chars();
    let first = chars.next().map_or(1, char::len_utf8);
    if !rest.starts_with('\'') {
        return first;
    }
    match (chars.next(), chars.next()) {
        (Some('\\'), Some(escaped)) => {
            rest[2 + escaped.len_utf8()..].find('\'').map_or(1, |end| 3 + escaped.len_utf8() + end)
        }
        (Some(letter), Some('\'')) => 2 + letter.len_utf8(),
        _ => 1,
    }
}

/// What follows each `#[cfg(test)]`: up to the end of its block, or its semicolon.
fn test_ranges(code: &str) -> Vec<Range<usize>> {
    let mark = "#[cfg(test)]";
    let mut ranges = Vec::new();
    for (start, _) in code.match_indices(mark) {
        let mut depth = 0_usize;
        let mut end = code.len();
        for (offset, byte) in code.as_bytes()[start + mark.len()..].iter().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b';' => {}
                _ => continue,
            }
            if depth == 0 {
                end = start + mark.len() + offset + 1;
                break;
            }
        }
        ranges.push(start..end);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(source: &Source) -> Vec<&str> {
        source.strings.iter().map(|literal| literal.text.as_str()).collect()
    }

    #[test]
    fn strings_comments_and_code_are_told_apart() {
        let source = Source::new(
            "a.rs",
            "let a = \"one // \\\" two\"; // \"three\"\nlet b = r#\"fo\"ur\"#; /* \"x /* y */ \" */ let c = '\"'; let d: &'static str = b\"five\"; let e = '\\''; f(\"six\")",
        );
        assert_eq!(strings(&source), ["one // \\\" two", "fo\"ur", "five", "six"]);
        assert!(!source.code.contains("three"));
        assert!(source.code.contains("let d: &'static str"));
        assert_eq!(source.code.len(), source.text.len());
    }

    #[test]
    fn a_test_module_is_known_by_its_braces() {
        let text = "fn a() { one(); }\n#[cfg(test)]\nmod tests { fn b() { two(); } }\nfn c() { three(); }";
        let source = Source::new("a.rs", text);
        assert_eq!(source.uses_of("one").count(), 1);
        assert_eq!(source.uses_of("two").count(), 0);
        assert_eq!(source.uses_of("three").count(), 1);
        assert_eq!(source.words("two").count(), 1);
        assert_eq!(source.place(text.find("three").unwrap()), "a.rs:4");
    }

    #[test]
    fn words_are_whole() {
        let source = Source::new("a.rs", "select reselect select_all select");
        assert_eq!(source.words("select").count(), 2);
    }
}
