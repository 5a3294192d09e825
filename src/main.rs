//! Arguments in, exit code out. Everything else lives in the library.
fn main() -> std::process::ExitCode {
    redactd::cli::main()
}
