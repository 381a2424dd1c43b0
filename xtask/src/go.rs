//! Go, and the verifier of logs that is built with it: `testnet/interop/go/verify.go`.
//!
//! Its library is `golang.org/x/mod/sumdb`, which checks Go's own modules, in the copy that Debian packages: nothing is
//! fetched by Go itself. It was written by people who never heard of us, and that is what it is here for.

use crate::process::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What Debian calls them.
pub(crate) const PACKAGES: &[&str] = &["golang-go", "golang-golang-x-mod-dev"];

/// Where Debian's Go libraries are, as a `GOPATH`.
const DEBIAN_GOPATH: &str = "/usr/share/gocode";
const LIBRARY: &str = "golang.org/x/mod/sumdb/tlog";

/// `Err` with what is needed, in words that fit after "SKIPPED, needs".
pub(crate) fn find() -> Outcome {
    let compiler = process::is_here("go", &["version"]);
    let library = Path::new(DEBIAN_GOPATH).join("src").join(LIBRARY).is_dir();
    if compiler && library {
        return Ok(());
    }
    Err(format!(
        "Go with {LIBRARY} in {DEBIAN_GOPATH} (apt-get install {})",
        PACKAGES.join(" ")
    ))
}

/// Builds the verifier, if it changed, and returns where it is.
pub(crate) fn build_verifier() -> Outcome<PathBuf> {
    let binary = interop_dir().join("verify");
    process::run(
        go(&["build", "-o"])
            .arg(&binary)
            .arg("testnet/interop/go/verify.go"),
    )?;
    Ok(binary)
}

/// `go` as it builds here: from the packaged library, and with its cache where `cargo clean` finds it.
fn go(args: &[&str]) -> Command {
    let mut command = process::program("go", args);
    command
        .env("GO111MODULE", "off")
        .env("GOPATH", DEBIAN_GOPATH)
        .env("GOFLAGS", "")
        .env("GOCACHE", interop_dir().join("go-cache"));
    command
}

fn interop_dir() -> PathBuf {
    process::target_dir().join("interop")
}
