//! What this machine is like.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// Where everything is kept unless said otherwise; none where the platform names no place for it.
pub fn data_dir() -> Option<PathBuf> {
    etcetera::base_strategy::choose_native_strategy()
        .ok()
        .map(|platform| platform.data_dir().join("agentos"))
}

/// Whether the system itself keeps a path below a folder; else paths are walked name by name.
#[cfg(target_os = "linux")]
pub fn has_openat2() -> bool {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    openat2(CWD, "/", flags, Mode::empty(), ResolveFlags::empty()).is_ok()
}

/// Never: `openat2` is part of Linux.
#[cfg(not(target_os = "linux"))]
pub fn has_openat2() -> bool {
    false
}
