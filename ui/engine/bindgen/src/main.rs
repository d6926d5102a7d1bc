//! Writes the JavaScript and TypeScript door of the compiled engine: `agentos-engine-bindgen MODULE.wasm FOLDER`.
//!
//! It is the library behind `wasm-bindgen-cli`. The lock file holds both halves of wasm-bindgen at one version, which
//! they require, and this part of the tool builds in seconds where the whole takes minutes.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(module), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: agentos-engine-bindgen MODULE.wasm FOLDER");
        return ExitCode::from(2);
    };
    match write_bindings(module, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write_bindings(module: PathBuf, folder: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .web(true)?
        .omit_default_module_path(false)
        .remove_name_section(true);
    Ok(bindgen.generate(folder)?)
}
