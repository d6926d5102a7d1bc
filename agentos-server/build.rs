//! Builds the desktop with Vite when its sources changed, so that the program can serve it.
//!
//! It never installs or compiles anything else: without Node, packages or the engine it warns, and the
//! program serves a plain page. `AGENTOS_UI=skip` leaves the desktop as it is; `AGENTOS_UI_DIST=folder`
//! uses one that was built elsewhere.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const SOURCES: [&str; 7] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];
const VITE: &str = "node_modules/vite/bin/vite.js";
const ENGINE: &str = "src/engine/wasm/agentos_engine.js";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=AGENTOS_UI");
    println!("cargo::rerun-if-env-changed=AGENTOS_UI_DIST");
    let ui = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).with_file_name("ui");
    let dist = match env::var_os("AGENTOS_UI_DIST").filter(|folder| !folder.is_empty()) {
        Some(folder) => prebuilt(PathBuf::from(folder)),
        None => built_here(&ui),
    };
    println!("cargo::rustc-env=AGENTOS_UI_DIST={}", dist.display());
}

fn prebuilt(dist: PathBuf) -> PathBuf {
    assert!(
        dist.join("index.html").is_file(),
        "AGENTOS_UI_DIST holds no index.html: {}",
        dist.display()
    );
    println!("cargo::rerun-if-changed={}", dist.display());
    dist
}

fn built_here(ui: &Path) -> PathBuf {
    let dist = ui.join("dist");
    if env::var_os("AGENTOS_UI").as_deref() != Some(OsStr::new("skip")) {
        watch(ui);
        match missing(ui) {
            Some(what) => println!("cargo::warning=the desktop was not built: {what}"),
            None if is_fresh(ui, &dist) => {}
            None => build(ui),
        }
    }
    // The folder must be there for the program to compile; without an index.html a plain page is served.
    if let Err(error) = fs::create_dir_all(&dist) {
        panic!("cannot make {}: {error}", dist.display());
    }
    dist
}

/// Cargo runs this program again when a watched path changes, or on every build while one is absent.
fn watch(ui: &Path) {
    let present = SOURCES.into_iter().filter(|name| ui.join(name).exists());
    for name in present.chain([VITE, ENGINE]) {
        println!("cargo::rerun-if-changed={}", ui.join(name).display());
    }
}

fn missing(ui: &Path) -> Option<&'static str> {
    if Command::new("node").arg("--version").output().is_err() {
        Some("Node is not installed (`make setup` says how to get it)")
    } else if !ui.join(VITE).is_file() {
        Some("its packages are not installed (`make setup`)")
    } else if !ui.join(ENGINE).is_file() {
        Some("the engine is not built (`make engine`)")
    } else {
        None
    }
}

/// Two builds, such as debug and release, share one output; the second one has nothing to do.
fn is_fresh(ui: &Path, dist: &Path) -> bool {
    let Some(built) = modified(&dist.join("index.html")) else {
        return false;
    };
    SOURCES
        .iter()
        .filter_map(|name| newest(&ui.join(name)))
        .all(|changed| changed <= built)
}

fn newest(path: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| newest(&entry.path()))
        .chain(modified(path))
        .max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn build(ui: &Path) {
    let output = Command::new("node")
        .arg(VITE)
        .arg("build")
        .current_dir(ui)
        .output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "the desktop does not build:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("node does not start: {error}"),
    }
}
