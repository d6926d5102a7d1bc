//! Writes the Rust of the gRPC services: `agentos-proto-generate PROTO_FOLDER OUTPUT_FOLDER`.
//!
//! The result is checked in: a build script would need this compiler in every clean build. protox carries the
//! well-known types and needs no protoc.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use prost::Message;

const FILES: [&str; 2] = ["agentos/ai/v1/ai.proto", "agentos/kernel/v1/kernel.proto"];
/// What reflection answers from.
const DESCRIPTORS: &str = "descriptors.bin";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(source), Some(output)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: agentos-proto-generate PROTO_FOLDER OUTPUT_FOLDER");
        return ExitCode::from(2);
    };
    match generate(&source, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(source: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, [source])?;
    fs::create_dir_all(output)?;
    fs::write(output.join(DESCRIPTORS), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .out_dir(output)
        .emit_rerun_if_changed(false)
        .compile_fds(descriptors)?;
    Ok(())
}
