use std::process::ExitCode;

/// Gives memory back after a burst, unlike the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    usher::cli::run()
}
