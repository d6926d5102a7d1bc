//! What a person may set: flags, then environment, then `.env` and `config.toml`, then defaults. The model alone may also be
//! chosen on the settings page, which stands between the environment and the files.
//!
//! [`Config::read`] only reads text and opens nothing, and it reports every mistake at once.

mod flags;
mod mistake;
mod parse;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use agentos_adapters::Token;
use agentos_adapters::kernel::Program;
use agentos_core::generate::prompt::Style;
use agentos_core::kernel::{ProgramName, Site};
use clap::Parser;

use crate::access::Auth;
use crate::budgets::ModelBudgets;
use crate::model::Decision;
use crate::settings::SETTINGS_FILE;
use flags::Flags;
pub use mistake::{ConfigError, Mistake};
use parse::{
    parse_allow_hosts, parse_auth, parse_database, parse_grpc_listen, parse_listen, parse_memory_budget,
    parse_prompt, parse_storage,
};
use sources::{Sources, kept_choice};

const CONFIG_FILE: &str = "config.toml";
const ENV_FILE: &str = ".env";
const DATABASE_FILE: &str = "agentos.db";
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
const DEFAULT_KERNEL_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50051);
const DEFAULT_AI_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50052);

/// Everything the server was told, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// A loopback address without [`Auth::Token`], as the next two; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// Where the kernel speaks gRPC, if it does.
    pub kernel_listen: Option<SocketAddr>,
    /// Where the AI service speaks gRPC, if it does.
    pub ai_listen: Option<SocketAddr>,
    pub auth: Auth,
    /// None leaves it to the data folder.
    pub token: Option<Token>,
    /// The folder that holds everything AgentOS keeps.
    pub data_dir: PathBuf,
    /// The file that holds all records, or those that [`Storage::Files`] leaves to it.
    pub database: PathBuf,
    pub storage: Storage,
    pub model: Decision,
    /// How much the model is told.
    pub prompt: Style,
    pub model_budgets: ModelBudgets,
    /// What apps may be allowed although it is not public.
    pub allow_hosts: BTreeSet<Site>,
    /// The programs that apps may be allowed to run.
    pub programs: BTreeMap<ProgramName, Program>,
    /// What may be held in memory for all apps, in bytes; none leaves it to what the machine has.
    pub memory_budget: Option<u64>,
}

/// Where apps, packages and sessions are kept. What apps store, approvals and the audit are in the database either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Storage {
    #[default]
    Sqlite,
    /// JSON files of the kernel, below the data folder.
    Files,
}

/// The surroundings a configuration is read from; tests bring their own.
pub struct Surroundings<'a> {
    pub arguments: Vec<OsString>,
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub working_dir: PathBuf,
}

impl Surroundings<'_> {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        Self {
            arguments: std::env::args_os().collect(),
            variable: &|name| std::env::var_os(name),
            working_dir: std::env::current_dir().unwrap_or_default(),
        }
    }
}

impl Config {
    /// # Errors
    /// [`ConfigError::Usage`] for flags nobody knows, else every setting that cannot be used.
    pub fn read(surroundings: &Surroundings<'_>) -> Result<Self, ConfigError> {
        let flags = Flags::try_parse_from(&surroundings.arguments).map_err(ConfigError::Usage)?;
        let mut mistakes = Vec::new();

        let mut sources = Sources::new(surroundings.variable);
        sources.add_env_file(&surroundings.working_dir.join(ENV_FILE), &mut mistakes);
        let data_dir = sources.data_dir(flags.data_dir, &surroundings.working_dir, &mut mistakes);
        sources.add_env_file(&data_dir.join(ENV_FILE), &mut mistakes);
        sources.add_config_file(&data_dir.join(CONFIG_FILE), &mut mistakes);

        let auth = sources.setting("auth", flags.auth, parse_auth, &mut mistakes);
        let auth = auth.unwrap_or_default();
        let token = sources.token(auth, &mut mistakes);
        let listen = sources.setting(
            "listen",
            flags.listen,
            |text| parse_listen(text, auth),
            &mut mistakes,
        );
        let kernel_listen = sources.setting(
            "kernel_listen",
            flags.kernel_listen,
            |text| parse_grpc_listen(text, auth),
            &mut mistakes,
        );
        let ai_listen = sources.setting(
            "ai_listen",
            flags.ai_listen,
            |text| parse_grpc_listen(text, auth),
            &mut mistakes,
        );
        let database = sources.setting(
            "database_url",
            flags.database_url,
            |text| parse_database(text, &surroundings.working_dir),
            &mut mistakes,
        );
        let storage = sources.setting("storage", flags.storage, parse_storage, &mut mistakes);
        let model = sources.model(flags.llm, flags.llm_model, flags.llm_base_url, &mut mistakes);
        let prompt = sources.setting("llm_prompt", flags.llm_prompt, parse_prompt, &mut mistakes);
        let model_budgets = sources.model_budgets(&mut mistakes);
        let choice = kept_choice(&data_dir.join(SETTINGS_FILE), &mut mistakes);
        let allow_hosts = (!flags.allow_hosts.is_empty()).then(|| flags.allow_hosts.join(","));
        let allow_hosts = sources.setting("allow_hosts", allow_hosts, parse_allow_hosts, &mut mistakes);
        let programs = sources.programs(&mut mistakes);

        let memory_budget = sources.setting(
            "memory_budget",
            flags.memory_budget,
            parse_memory_budget,
            &mut mistakes,
        );

        if mistakes.is_empty() {
            Ok(Self {
                auth,
                token,
                listen: listen.unwrap_or(DEFAULT_LISTEN),
                kernel_listen: kernel_listen.unwrap_or(Some(DEFAULT_KERNEL_LISTEN)),
                ai_listen: ai_listen.unwrap_or(Some(DEFAULT_AI_LISTEN)),
                database: database.unwrap_or_else(|| data_dir.join(DATABASE_FILE)),
                storage: storage.unwrap_or_default(),
                model: model.or_chosen(choice),
                prompt: prompt.unwrap_or_default(),
                model_budgets,
                allow_hosts: allow_hosts.unwrap_or_default(),
                programs,
                memory_budget,
                data_dir,
            })
        } else {
            Err(ConfigError::Mistakes(mistakes))
        }
    }
}

#[cfg(test)]
mod tests;
