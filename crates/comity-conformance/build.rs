//! Packs the published vectors: one JSON object, a member for each file, deflated. As text they would be half of what
//! the program weighs.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// 9 of 10: what 10 saves is not worth its time.
const LEVEL: u8 = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../protocol-spec/vectors");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut packed = String::from("{");
    for (number, path) in files.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let comma = if number == 0 { "" } else { "," };
        packed.push_str(&format!("{comma}\"{name}\":{}", fs::read_to_string(path)?));
    }
    packed.push('}');
    let bytes = miniz_oxide::deflate::compress_to_vec(packed.as_bytes(), LEVEL);
    let out = Path::new(&env::var("OUT_DIR")?).join("vectors.deflate");
    fs::write(out, bytes)?;
    Ok(())
}
