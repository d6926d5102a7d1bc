//! What a person writes for a setting, read.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use agentos_adapters::kernel::Program;
use agentos_core::generate::prompt::Style;
use agentos_core::kernel::{ProgramName, Site};
use serde::Deserialize;

use super::Storage;
use crate::access::Auth;

/// With less, hardly an app could start.
const LEAST_MEMORY_BUDGET: u64 = 1_024 * 1_024;

pub(super) fn parse_auth(text: &str) -> Result<Auth, String> {
    match text {
        "none" => Ok(Auth::None),
        "token" => Ok(Auth::Token),
        _ => Err(format!("`{text}` lets nobody in; there are none and token")),
    }
}

pub(super) fn parse_listen(text: &str, auth: Auth) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("`{text}` is not an address and port, such as 127.0.0.1:8000"))?;
    if address.ip().is_loopback() || auth == Auth::Token {
        Ok(address)
    } else {
        Err(format!(
            "`{text}` can be reached from other machines; add `--auth token`, so that only who has the token may \
             connect, or use a loopback address such as 127.0.0.1:{}",
            address.port()
        ))
    }
}

/// A program as `config.toml` has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramWords {
    path: PathBuf,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    folders: Vec<PathBuf>,
}

pub(super) fn parse_program(name: &str, words: toml::Value) -> Result<(ProgramName, Program), String> {
    let name = ProgramName::parse(name).map_err(|_| {
        format!(
            "a program's name is up to {} of a-z, 0-9, `.`, `_` and `-`, a letter or digit first",
            ProgramName::MAX_BYTES
        )
    })?;
    let ProgramWords { path, args, folders } = words
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    Ok((name, Program { path, args, folders }))
}

/// Nothing listens where the text is empty.
pub(super) fn parse_grpc_listen(text: &str, auth: Auth) -> Result<Option<SocketAddr>, String> {
    match text {
        "" => Ok(None),
        text => parse_listen(text, auth).map(Some),
    }
}

pub(super) fn parse_database(url: &str, working_dir: &Path) -> Result<PathBuf, String> {
    let path = url
        .strip_prefix("sqlite:")
        .map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        Some(path) if !path.is_empty() && !path.starts_with(':') && !path.contains('?') => {
            Ok(working_dir.join(path))
        }
        _ => Err(format!(
            "`{url}` does not name a database; write sqlite: and a path, such as sqlite:/home/me/agentos.db"
        )),
    }
}

pub(super) fn parse_storage(text: &str) -> Result<Storage, String> {
    match text {
        "sqlite" => Ok(Storage::Sqlite),
        "files" => Ok(Storage::Files),
        _ => Err(format!("`{text}` keeps no records; there are sqlite and files")),
    }
}

pub(super) fn parse_prompt(text: &str) -> Result<Style, String> {
    match text {
        "full" => Ok(Style::Full),
        "small" => Ok(Style::Small),
        _ => Err(format!("`{text}` is no way to prompt; there are full and small")),
    }
}

pub(super) fn parse_allow_hosts(text: &str) -> Result<BTreeSet<Site>, String> {
    let parse = |site: &str| {
        Site::parse(site).map_err(|_| format!("`{site}` is not a host and port, such as nas.lan:8080"))
    };
    text.split(',').map(str::trim).map(parse).collect()
}

pub(super) fn parse_memory_budget(text: &str) -> Result<u64, String> {
    let bytes = text.parse().ok().filter(|bytes| *bytes >= LEAST_MEMORY_BUDGET);
    bytes.ok_or_else(|| format!("`{text}` is not a number of bytes from {LEAST_MEMORY_BUDGET} on"))
}
