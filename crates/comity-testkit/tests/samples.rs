//! The sample reports that the node ships are the ones that the generator makes.

use std::path::Path;

use comity_testkit::samples::{Sample, files};

#[test]
fn the_samples_are_as_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node/samples");
    for Sample { name, text } in files() {
        let shipped = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            shipped == text,
            "node/samples/{name} differs: run `cargo run -p comity-testkit --bin samples`"
        );
    }
}
