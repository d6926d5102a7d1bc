//! A machine on which no program is run, since none could be confined.

use std::process::ExitCode;

/// None: nothing is started as a launcher here.
pub fn launched() -> Option<ExitCode> {
    None
}

/// None: Landlock is part of Linux.
pub fn landlock_version() -> Option<i32> {
    None
}

/// Never: seccomp is part of Linux.
pub fn seccomp_filters() -> bool {
    false
}
