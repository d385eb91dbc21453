//! Style as a test: reads the manifests, sources and documents of the workspace and fails where they break a rule of the
//! design. Every rule has a test beside it that plants a violation, so that a rule that has gone blind is noticed.
//!
//! A rule is a function from what was read to a list of violations; it never touches the disk itself.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test, which is what it is for")]

mod tidy {
    mod arrows;
    mod benches;
    mod containers;
    mod defects;
    mod documents;
    mod layers;
    mod lexer;
    mod policy;
    mod slices;
    mod unused;
    mod words;
    mod workspace;
}
