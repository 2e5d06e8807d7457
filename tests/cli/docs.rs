//! The pages that name tests.

use std::fs;
use std::path::Path;

/// The tests that a page names, as `path::name`.
fn named(page: &str) -> Vec<(&str, &str)> {
    page.split('`').filter_map(|text| text.split_once(".rs::")).collect()
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages =
        [include_str!("../../docs/format.md"), include_str!("../../docs/testing.md")].map(named);
    assert!(pages.iter().all(|named| named.len() >= 18));
    for (file, test) in pages.concat() {
        let text = fs::read_to_string(root.join(file).with_extension("rs")).unwrap();
        assert!(text.contains(&format!("fn {test}(")), "{file}.rs::{test}");
    }
}

#[test]
fn every_promise_names_a_test() {
    let page = include_str!("../../docs/format.md");
    let section = page.split("\n## Promises\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let promises: Vec<_> = section.split("\n- **").skip(1).collect();
    assert_eq!(promises.len(), 7);
    for promise in promises {
        assert!(!named(promise).is_empty(), "{promise}");
    }
}
