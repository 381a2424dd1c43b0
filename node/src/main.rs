//! The binary `comity`. Everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    comity::run(std::env::args_os())
}
