//! Names the machines on which programs can be confined, and `sqlx::migrate!` embeds the migrations at compile time and cannot tell cargo about new files.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
    println!("cargo:rustc-check-cfg=cfg(confined)");
    let target = |name: &str| std::env::var(name).unwrap_or_default();
    let is_known = ["x86_64", "aarch64", "riscv64"].contains(&target("CARGO_CFG_TARGET_ARCH").as_str());
    if is_known && target("CARGO_CFG_TARGET_OS") == "linux" && target("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo:rustc-cfg=confined");
    }
}
