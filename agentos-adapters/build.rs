//! `sqlx::migrate!` embeds the migrations at compile time and cannot tell cargo about new files.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
