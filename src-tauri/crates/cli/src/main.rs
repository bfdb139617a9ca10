//! Broadstreet without a window.

use std::process::ExitCode;

fn main() -> ExitCode {
    broadstreet_cli::main()
}
