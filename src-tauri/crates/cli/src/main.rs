//! Broadstreet without a window.

use std::process::ExitCode;

/// A world is millions of small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    broadstreet_cli::main()
}
