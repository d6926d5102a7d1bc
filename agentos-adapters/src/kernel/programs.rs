//! Programs that the operator registered, each confined before its first instruction.
//!
//! A program is started by starting our own binary again, as a launcher ([`launched`]): a fresh process with one thread
//! gives up what the program must not have and becomes the program. Start at [`Programs`].

#[cfg(confined)]
mod folder;
#[cfg(confined)]
mod launcher;
#[cfg(confined)]
mod running;
#[cfg(confined)]
mod sandbox;
#[cfg(not(confined))]
mod unconfined;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(confined)]
use std::sync::Arc;

#[cfg(confined)]
use agentos_core::kernel::PROGRAMS_AT_ONCE;
use agentos_core::kernel::{ProgramName, ProgramOutput, ProgramRun, SysError};
use thiserror::Error;
#[cfg(confined)]
use tokio::sync::Semaphore;

#[cfg(confined)]
use folder::Folders;
#[cfg(confined)]
pub use launcher::launched;
#[cfg(confined)]
pub use sandbox::{landlock_version, seccomp_filters};
#[cfg(not(confined))]
pub use unconfined::{landlock_version, launched, seccomp_filters};

/// What is behind a name the operator registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute.
    pub path: PathBuf,
    /// Stand before the arguments of each run.
    pub args: Vec<String>,
    /// Folders it may read and run files from, beside those of the system.
    pub folders: Vec<PathBuf>,
}

/// The registered programs of this machine, and how they are started. A run has a working folder of its own below
/// `programs` in the data folder, which is gone when it ended.
#[derive(Debug)]
pub struct Programs {
    #[cfg(confined)]
    launcher: PathBuf,
    #[cfg(confined)]
    folders: Arc<Folders>,
    /// Taken until a program has ended: one that is being killed still uses the machine.
    #[cfg(confined)]
    places: Arc<Semaphore>,
    registered: BTreeMap<ProgramName, Program>,
}

/// Why no program can be registered, or not this one.
#[derive(Debug, Error)]
pub enum ProgramsError {
    #[error("the program {name} cannot be run: {} {problem}", path.display())]
    Unusable {
        name: ProgramName,
        path: PathBuf,
        problem: &'static str,
    },
    #[error("no program can be run: {} is among the files of the system, which each of them reads", data_dir.display())]
    Shown { data_dir: PathBuf },
    #[error("the working folders of programs cannot be made in {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
}

impl Programs {
    /// Takes `programs` on, and removes what earlier ones left. `launcher` is the binary that calls [`launched`] first of
    /// all; `/proc/self/exe` is this one.
    ///
    /// # Errors
    /// [`ProgramsError::Unusable`]: a path is not absolute, is no file that can be executed or lies in the data
    /// folder, or a folder is absent or shows the data folder. [`ProgramsError::Shown`]: there are programs, and the data
    /// folder is where all of them read.
    pub fn open(
        data_dir: &Path,
        launcher: PathBuf,
        programs: BTreeMap<ProgramName, Program>,
    ) -> Result<Self, ProgramsError> {
        for (name, program) in &programs {
            check(data_dir, program).map_err(|(path, problem)| ProgramsError::Unusable {
                name: name.clone(),
                path: path.to_owned(),
                problem,
            })?;
        }
        Self::start(data_dir, launcher, programs)
    }

    pub fn names(&self) -> impl Iterator<Item = &ProgramName> {
        self.registered.keys()
    }
}

#[cfg(confined)]
impl Programs {
    fn start(
        data_dir: &Path,
        launcher: PathBuf,
        registered: BTreeMap<ProgramName, Program>,
    ) -> Result<Self, ProgramsError> {
        if !registered.is_empty() && sandbox::is_shown_to_all(data_dir) {
            return Err(ProgramsError::Shown {
                data_dir: data_dir.to_owned(),
            });
        }
        let folders = Folders::open(data_dir).map_err(|source| ProgramsError::Folder {
            path: data_dir.to_owned(),
            source,
        })?;
        Ok(Self {
            launcher,
            folders: Arc::new(folders),
            places: Arc::new(Semaphore::new(PROGRAMS_AT_ONCE)),
            registered,
        })
    }

    /// Runs it to its end, in its turn. Dropping the future sends it SIGTERM, and SIGKILL two seconds later.
    pub(super) async fn run(&self, run: ProgramRun) -> Result<ProgramOutput, SysError> {
        let Some(program) = self.registered.get(&run.program) else {
            return Err(SysError::Unavailable { retry_after: None });
        };
        let unavailable = |_| SysError::Unavailable { retry_after: None };
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(unavailable)?;
        running::run(&self.launcher, program, Arc::clone(&self.folders), run, place).await
    }
}

#[cfg(not(confined))]
impl Programs {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail where programs are run")]
    fn start(
        _data_dir: &Path,
        _launcher: PathBuf,
        registered: BTreeMap<ProgramName, Program>,
    ) -> Result<Self, ProgramsError> {
        Ok(Self { registered })
    }

    #[expect(clippy::unused_async, reason = "it waits where programs are run")]
    pub(super) async fn run(&self, _run: ProgramRun) -> Result<ProgramOutput, SysError> {
        Err(SysError::Unavailable { retry_after: None })
    }
}

fn check<'a>(data_dir: &Path, program: &'a Program) -> Result<(), (&'a Path, &'static str)> {
    let Program { path, folders, .. } = program;
    if !path.is_absolute() {
        return Err((path, "is not an absolute path"));
    }
    if !is_executable(path) {
        return Err((path, "is no file that can be executed"));
    }
    let data_dir = data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned());
    if path
        .canonicalize()
        .is_ok_and(|found| found.starts_with(&data_dir))
    {
        return Err((path, "lies in what AgentOS keeps"));
    }
    for folder in folders {
        let found = folder.canonicalize().map_err(|_| (&**folder, "is not there"))?;
        if !folder.is_absolute() || !found.is_dir() {
            return Err((folder, "is not the absolute path of a folder"));
        }
        if data_dir.starts_with(&found) || found.starts_with(&data_dir) {
            return Err((folder, "shows what AgentOS keeps"));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = path.metadata();
    metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
