//! `files`: text in files of the app's own and in those that are shared, each call a syscall of its process.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{needed, text, tools_of, unknown};
use crate::kernel::{
    FILE_LIST_LIMIT, FileCall, FileEntry, FileReply, FileStat, FsPath, FsRoot, Reply, SysError, Syscall,
    WriteMode,
};
use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};

/// The longest text an app is handed.
const TEXT_BYTES: u64 = 2 * 1_024 * 1_024;
/// The most entries `files.list` answers.
const ENTRIES_LISTED: usize = 10_000;

/// Files hold text in UTF-8.
pub struct FilesService {
    kernel: Arc<dyn KernelPort>,
}

impl FilesService {
    pub fn new(kernel: Arc<dyn KernelPort>) -> Self {
        Self { kernel }
    }

    async fn ask(&self, caller: Caller, call: FileCall) -> Result<Reply, SysError> {
        self.kernel.syscall(caller.principal(), Syscall::File(call)).await
    }

    async fn read(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let read = FileCall::Read {
            path: path(args, "path")?,
            offset: 0,
            length: Some(TEXT_BYTES),
        };
        match self.ask(caller, read).await? {
            Reply::File(FileReply::Bytes { stat, .. }) if stat.size > TEXT_BYTES => {
                Err(SysError::TooLarge { limit: TEXT_BYTES }.into())
            }
            Reply::File(FileReply::Bytes { bytes, .. }) => String::from_utf8(bytes)
                .map(Value::String)
                .map_err(|_| not_text()),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    async fn write(
        &self,
        caller: Caller,
        args: &Map<String, Value>,
        mode: WriteMode,
    ) -> Result<Value, ServiceError> {
        let path = path(args, "path")?;
        let write = FileCall::Write {
            path: path.clone(),
            bytes: text(args, "content")?.as_bytes().to_vec(),
            mode,
            if_etag: args.get("if_etag").and_then(Value::as_str).map(str::to_owned),
        };
        self.stat_of(caller, &path, write).await
    }

    async fn stat_of(&self, caller: Caller, path: &FsPath, call: FileCall) -> Result<Value, ServiceError> {
        match self.ask(caller, call).await? {
            Reply::File(FileReply::Stat(stat)) => Ok(told(path, &stat)),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    async fn list(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let folder = match args.get("path") {
            Some(Value::Null) | None => FsPath::of_root(FsRoot::Home),
            Some(_) => path(args, "path")?,
        };
        let mut listed: Vec<FileEntry> = Vec::new();
        loop {
            let list = FileCall::List {
                path: folder.clone(),
                after: listed.last().map(|entry| entry.name.clone()),
                limit: FILE_LIST_LIMIT,
            };
            let Reply::File(FileReply::Entries { entries, more }) = self.ask(caller, list).await? else {
                return Err(SysError::wrong_reply().into());
            };
            listed.extend(entries);
            if !more {
                return Ok(listed.iter().map(|entry| line(&folder, entry)).collect());
            }
            if listed.len() >= ENTRIES_LISTED {
                return Err(too_many_entries());
            }
        }
    }

    /// Whether a file or an empty folder was there.
    async fn delete(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let path = path(args, "path")?;
        let deleted = match self.ask(caller, FileCall::Delete { path: path.clone() }).await {
            Err(SysError::IsADirectory) => self.ask(caller, FileCall::RemoveDirectory { path }).await,
            other => other,
        };
        match deleted {
            Ok(_) => Ok(true.into()),
            Err(SysError::NotFound) => Ok(false.into()),
            Err(error) => Err(told_of("path", error)),
        }
    }

    async fn exists(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let path = path(args, "path")?;
        match self.ask(caller, FileCall::Exists { path }).await? {
            Reply::File(FileReply::Exists(exists)) => Ok(exists.into()),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    async fn stat(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let path = path(args, "path")?;
        self.stat_of(caller, &path, FileCall::Stat { path: path.clone() })
            .await
    }

    async fn move_file(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let (from, to) = (path(args, "from")?, path(args, "to")?);
        self.ask(caller, FileCall::Move { from, to }).await?;
        Ok(true.into())
    }

    async fn copy(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let (from, to) = (path(args, "from")?, path(args, "to")?);
        self.ask(caller, FileCall::Copy { from, to }).await?;
        Ok(true.into())
    }

    /// Makes the folders above it too; whether it was not there before.
    async fn mkdir(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let mut missing = vec![path(args, "path")?];
        while let Some(path) = missing.last() {
            let make = FileCall::CreateDirectory { path: path.clone() };
            let is_asked_for = missing.len() == 1;
            match (self.ask(caller, make).await, path.split()) {
                (Err(SysError::NotFound), Some((above, _))) if !above.is_root() => missing.push(above),
                (Err(SysError::AlreadyExists), _) if is_asked_for => return Ok(false.into()),
                (Ok(_) | Err(SysError::AlreadyExists), _) => drop(missing.pop()),
                (Err(error), _) => return Err(error.into()),
            }
        }
        Ok(true.into())
    }
}

#[async_trait]
impl ServicePort for FilesService {
    fn describe(&self) -> Service {
        Service {
            id: "files".to_owned(),
            name: "Files".to_owned(),
            description: "Reads and writes text files in folders, those of others as the person allows it"
                .to_owned(),
            category: "storage".to_owned(),
            capabilities: ["files", "folders", "documents", "text_files"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("files"),
        }
    }

    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        let caller = || needed(caller, tool);
        match tool {
            "files.read" => self.read(caller()?, args).await,
            "files.write" => self.write(caller()?, args, WriteMode::Replace).await,
            "files.append" => self.write(caller()?, args, WriteMode::Append).await,
            "files.list" => self.list(caller()?, args).await,
            "files.delete" => self.delete(caller()?, args).await,
            "files.exists" => self.exists(caller()?, args).await,
            "files.stat" => self.stat(caller()?, args).await,
            "files.move" => self.move_file(caller()?, args).await,
            "files.copy" => self.copy(caller()?, args).await,
            "files.mkdir" => self.mkdir(caller()?, args).await,
            _ => Err(unknown(tool)),
        }
    }
}

fn path(args: &Map<String, Value>, name: &str) -> Result<FsPath, ServiceError> {
    FsPath::parse(text(args, name)?).map_err(|error| told_of(name, error))
}

/// A path the kernel refuses is told by the argument it came in.
fn told_of(name: &str, error: SysError) -> ServiceError {
    match error {
        SysError::InvalidArgument { field } if field == "path" => ServiceError::InvalidArgument {
            argument: name.to_owned(),
            message: format!(
                "argument \"{name}\" must be a path such as \"notes/a.txt\", \"shared:a.txt\" or \"tmp:a.txt\", \
                 of names that every system takes"
            ),
        },
        error => error.into(),
    }
}

fn told(path: &FsPath, stat: &FileStat) -> Value {
    json!({
        "path": path.to_string(),
        "kind": stat.kind,
        "size": stat.size,
        "modified": stat.modified,
        "etag": stat.etag,
    })
}

fn line(folder: &FsPath, entry: &FileEntry) -> Value {
    json!({
        "name": entry.name,
        // A host lists what a path can name.
        "path": folder.join(&entry.name).map(|path| path.to_string()).ok(),
        "kind": entry.kind,
        "size": entry.size,
        "modified": entry.modified,
    })
}

fn not_text() -> ServiceError {
    ServiceError::Tool {
        code: "not_text".to_owned(),
        message: "the file is not text".to_owned(),
        details: None,
    }
}

fn too_many_entries() -> ServiceError {
    ServiceError::Tool {
        code: "too_many_entries".to_owned(),
        message: format!("there are more than {ENTRIES_LISTED} files and folders in it"),
        details: Some(json!({"limit": ENTRIES_LISTED})),
    }
}
