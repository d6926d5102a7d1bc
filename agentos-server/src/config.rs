//! What a person may set: flags, then environment, then `.env` and `config.toml`, then defaults. The model alone may also be
//! chosen on the settings page, which stands between the environment and the files.
//!
//! [`Config::read`] only reads text and opens nothing, and it reports every mistake at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use agentos_adapters::Token;
use agentos_adapters::kernel::Program;
use agentos_adapters::llm::{Key, Provider};
use agentos_adapters::platform;
use agentos_core::generate::prompt::Style;
use agentos_core::kernel::{ProgramName, Site};
use agentos_core::llm_queue::Budgets;
use clap::Parser;
use serde::Deserialize;
use thiserror::Error;

use crate::access::Auth;
use crate::budgets::{ModelBudgets, parse_cost, parse_price, parse_tokens};
use crate::model::{
    Choice, Decision, Keys, Layer, Llm, Missing, Named, Source, missing, parse_base_url, parse_key,
    parse_model, parse_provider,
};
use crate::settings::{SETTINGS_FILE, Words};

const CONFIG_FILE: &str = "config.toml";
const ENV_FILE: &str = ".env";
const DATABASE_FILE: &str = "agentos.db";
/// With less, hardly an app could start.
const LEAST_MEMORY_BUDGET: u64 = 1_024 * 1_024;
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

/// Why no configuration came out.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The command line was not understood, or asked for help; it knows how to print itself.
    #[error(transparent)]
    Usage(clap::Error),
    #[error("{}", listed(.0))]
    Mistakes(Vec<Mistake>),
}

/// One setting that cannot be used, and where it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub place: String,
    pub problem: String,
}

impl From<Missing> for Mistake {
    fn from(missing: Missing) -> Self {
        let place = match missing {
            Missing::Model(_) => "AGENTOS_LLM_MODEL",
            Missing::Key(_) => "AGENTOS_LLM_API_KEY",
        };
        Self {
            place: place.to_owned(),
            problem: missing.to_string(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.problem)
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
    format!("the configuration cannot be used:\n{}", lines.join("\n"))
}

/// AgentOS: a sentence becomes a working app. Serves the desktop and its API on this machine.
#[derive(Debug, Parser)]
#[command(name = "agentos-server", version)]
#[expect(clippy::doc_markdown, reason = "these comments are the text of --help")]
struct Flags {
    /// Who may connect: none asks nobody and serves this machine alone, token serves who has the token, which is made at the
    /// first start and kept in the data folder, or read from AGENTOS_TOKEN, never from a flag
    /// [env: AGENTOS_AUTH] [default: none]
    #[arg(long, value_name = "WAY")]
    auth: Option<String>,
    /// Address to listen on, a loopback one unless a token is asked for; port 0 picks a free one [env: AGENTOS_LISTEN] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address for gRPC, likewise: the kernel, for programs that act as processes; empty for none
    /// [env: AGENTOS_KERNEL_LISTEN] [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    kernel_listen: Option<String>,
    /// Address for gRPC, likewise: apps from sentences, and the model itself; empty for none [env: AGENTOS_AI_LISTEN]
    /// [default: 127.0.0.1:50052]
    #[arg(long, value_name = "ADDRESS")]
    ai_listen: Option<String>,
    /// Folder for everything that is kept [env: AGENTOS_DATA_DIR] [default: the platform's data folder]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Where records are kept [env: AGENTOS_DATABASE_URL] [default: sqlite in the data folder]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// What keeps apps, packages and sessions: sqlite, or files, which are JSON below the data folder; nothing moves from
    /// one to the other [env: AGENTOS_STORAGE] [default: sqlite]
    #[arg(long, value_name = "KIND")]
    storage: Option<String>,
    /// Who writes apps: offline, gemini, openai (and servers that speak like it: Ollama, llama.cpp, vLLM, LM Studio,
    /// OpenRouter) or anthropic; the key is read from AGENTOS_LLM_API_KEY, never from a flag [env: AGENTOS_LLM]
    /// [default: gemini where GOOGLE_API_KEY is set, else offline]
    #[arg(long, value_name = "PROVIDER")]
    llm: Option<String>,
    /// The model to ask [env: AGENTOS_LLM_MODEL] [default: gemini-3.8-flash for gemini]
    #[arg(long, value_name = "NAME")]
    llm_model: Option<String>,
    /// Where the provider is reached, its version included, such as http://127.0.0.1:11434/v1 for Ollama
    /// [env: AGENTOS_LLM_BASE_URL] [default: the provider's own service]
    #[arg(long, value_name = "URL")]
    llm_base_url: Option<String>,
    /// How much the model is told: full, or small for a small model, whose answers are then held to a schema
    /// [env: AGENTOS_LLM_PROMPT] [default: full]
    #[arg(long, value_name = "STYLE")]
    llm_prompt: Option<String>,
    /// What apps may be allowed although it is not public, separated by commas [env: AGENTOS_ALLOW_HOSTS]
    #[arg(long = "allow-host", alias = "allow-hosts", value_name = "HOST:PORT")]
    allow_hosts: Vec<String>,
    /// Bytes of memory for what is held for all apps together; near it, apps in the background end
    /// [env: AGENTOS_MEMORY_BUDGET] [default: a quarter of the machine's memory, at most 536870912]
    #[arg(long, value_name = "BYTES")]
    memory_budget: Option<String>,
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

fn parse_auth(text: &str) -> Result<Auth, String> {
    match text {
        "none" => Ok(Auth::None),
        "token" => Ok(Auth::Token),
        _ => Err(format!("`{text}` lets nobody in; there are none and token")),
    }
}

fn parse_listen(text: &str, auth: Auth) -> Result<SocketAddr, String> {
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

fn parse_program(name: &str, words: toml::Value) -> Result<(ProgramName, Program), String> {
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
fn parse_grpc_listen(text: &str, auth: Auth) -> Result<Option<SocketAddr>, String> {
    match text {
        "" => Ok(None),
        text => parse_listen(text, auth).map(Some),
    }
}

fn parse_database(url: &str, working_dir: &Path) -> Result<PathBuf, String> {
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

fn parse_storage(text: &str) -> Result<Storage, String> {
    match text {
        "sqlite" => Ok(Storage::Sqlite),
        "files" => Ok(Storage::Files),
        _ => Err(format!("`{text}` keeps no records; there are sqlite and files")),
    }
}

fn parse_prompt(text: &str) -> Result<Style, String> {
    match text {
        "full" => Ok(Style::Full),
        "small" => Ok(Style::Small),
        _ => Err(format!("`{text}` is no way to prompt; there are full and small")),
    }
}

fn parse_allow_hosts(text: &str) -> Result<BTreeSet<Site>, String> {
    let parse = |site: &str| {
        Site::parse(site).map_err(|_| format!("`{site}` is not a host and port, such as nas.lan:8080"))
    };
    text.split(',').map(str::trim).map(parse).collect()
}

fn parse_memory_budget(text: &str) -> Result<u64, String> {
    let bytes = text.parse().ok().filter(|bytes| *bytes >= LEAST_MEMORY_BUDGET);
    bytes.ok_or_else(|| format!("`{text}` is not a number of bytes from {LEAST_MEMORY_BUDGET} on"))
}

/// The layers below the flags. A layer added earlier wins over one added later.
struct Sources<'a> {
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    env_files: Vec<(PathBuf, BTreeMap<String, String>)>,
    config_file: Option<(PathBuf, BTreeMap<String, toml::Value>)>,
}

/// A setting's text, and where a person finds it.
struct Found {
    text: String,
    source: Source,
}

impl Found {
    fn new(text: String, layer: Layer, place: String) -> Self {
        Self {
            text,
            source: Source { layer, place },
        }
    }
}

const SETTINGS: [&str; 20] = [
    "auth",
    "token",
    "llm_prompt",
    "listen",
    "kernel_listen",
    "ai_listen",
    "data_dir",
    "database_url",
    "storage",
    "llm",
    "llm_model",
    "llm_base_url",
    "llm_api_key",
    "llm_tokens_per_app",
    "llm_tokens_per_day",
    "llm_cost_per_app",
    "llm_cost_per_day",
    "llm_price",
    "allow_hosts",
    "memory_budget",
];

/// A table, in `config.toml` alone: `[programs.tar]` with a `path`, and perhaps `args` and `folders`.
const PROGRAMS: &str = "programs";

/// Variables that say something by being empty; any other one is then as good as not there.
const MAY_BE_EMPTY: [&str; 2] = ["AGENTOS_KERNEL_LISTEN", "AGENTOS_AI_LISTEN"];

impl<'a> Sources<'a> {
    fn new(variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            variable,
            env_files: Vec::new(),
            config_file: None,
        }
    }

    fn add_env_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
        let Some(text) = read_if_there(path, mistakes) else {
            return;
        };
        match dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>() {
            Ok(variables) => self.env_files.push((path.to_owned(), variables)),
            Err(error) => mistakes.push(Mistake {
                place: path.display().to_string(),
                problem: unreadable_line(&text, &error),
            }),
        }
    }

    fn add_config_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
        let Some(text) = read_if_there(path, mistakes) else {
            return;
        };
        let values: BTreeMap<String, toml::Value> = match toml::from_str(&text) {
            Ok(values) => values,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(&text, span.start));
                return mistakes.push(Mistake {
                    place: path.display().to_string(),
                    problem: format!("line {line} cannot be read: {}", error.message()),
                });
            }
        };
        let is_known = |name: &str| name == PROGRAMS || SETTINGS.contains(&name);
        for name in values.keys().filter(|name| !is_known(name)) {
            let problem = format!(
                "no setting has this name; there are {} and {PROGRAMS}",
                SETTINGS.join(", ")
            );
            mistakes.push(Mistake {
                place: in_file(name, path),
                problem,
            });
        }
        if values.contains_key("data_dir") {
            let problem = "this file is found through the data folder, so it cannot move it".to_owned();
            mistakes.push(Mistake {
                place: in_file("data_dir", path),
                problem,
            });
        }
        self.config_file = Some((path.to_owned(), values));
    }

    fn data_dir(&self, flag: Option<String>, working_dir: &Path, mistakes: &mut Vec<Mistake>) -> PathBuf {
        let chosen = self.setting("data_dir", flag, |text| Ok(working_dir.join(text)), mistakes);
        chosen.or_else(platform::data_dir).unwrap_or_else(|| {
            let problem = "this platform names no data folder; give one".to_owned();
            mistakes.push(Mistake {
                place: "--data-dir".to_owned(),
                problem,
            });
            working_dir.to_owned()
        })
    }

    /// What nobody would be asked for is a mistake, not a protection.
    fn token(&self, auth: Auth, mistakes: &mut Vec<Mistake>) -> Option<Token> {
        let found = self.find("token", None, mistakes)?;
        if auth == Auth::Token {
            let parse = |text: &str| Token::parse(text).map_err(|invalid| invalid.to_string());
            return parsed(Some(found), parse, mistakes);
        }
        mistakes.push(Mistake {
            place: found.source.place,
            problem: "there is a token, and nobody is asked for it; add `--auth token`".to_owned(),
        });
        None
    }

    /// The model as flags, environment and files have it.
    fn model(
        &self,
        provider: Option<String>,
        model: Option<String>,
        base_url: Option<String>,
        mistakes: &mut Vec<Mistake>,
    ) -> Decision {
        let provider = self.find("llm", provider, mistakes);
        let model = self.find("llm_model", model, mistakes);
        let base_url = self.find("llm_base_url", base_url, mistakes);
        let [named_by, model_by, base_url_by] =
            [&provider, &model, &base_url].map(|found| found.as_ref().map(|found| found.source.clone()));
        let (provider, otherwise) = match parsed(provider, parse_provider, mistakes) {
            Some(provider) => (provider, Source::new(Layer::Default, "")),
            None => self.default_provider(mistakes),
        };
        let Some(provider) = provider else {
            return Decision {
                llm: Llm::Offline,
                source: named_by.unwrap_or(otherwise),
                choice: None,
                keys: self.keys(None),
            };
        };
        let before = mistakes.len();
        let named = Named {
            provider,
            model: parsed(model, parse_model, mistakes),
            base_url: parsed(base_url, parse_base_url, mistakes),
            key: self.setting("llm_api_key", None, parse_key, mistakes),
        };
        let keys = self.keys(Some(&named));
        let model = named.complete(&keys);
        if mistakes.len() == before {
            mistakes.extend(missing(&model).map(Mistake::from));
        }
        let said_by = [named_by, model_by, base_url_by].into_iter().flatten();
        Decision {
            llm: Llm::Remote(model),
            source: said_by
                .rev()
                .max_by_key(|source| source.layer)
                .unwrap_or(otherwise),
            choice: None,
            keys,
        }
    }

    /// Who has a key for Gemini wants to use it.
    fn default_provider(&self, mistakes: &mut Vec<Mistake>) -> (Option<Provider>, Source) {
        let key = self.find_variable("GOOGLE_API_KEY", mistakes);
        let place = key.as_ref().map(|key| key.source.place.clone());
        let source = Source::new(Layer::Default, place.unwrap_or_default());
        (key.map(|_| Provider::Gemini), source)
    }

    /// Every key there is, with the one address it may go to.
    fn keys(&self, named: Option<&Named>) -> Keys {
        let mut keys = Keys::default();
        for provider in Provider::ALL {
            // What is wrong with a key that nobody asked for is no mistake.
            let key = self.any_variable(provider.key_variables(), &mut Vec::new());
            if let Some(key) = key.and_then(|key| Key::parse(&key).ok()) {
                keys.insert(provider, provider.base_url(), key);
            }
        }
        if let Some((named, key)) = named.and_then(|named| Some((named, named.key.clone()?))) {
            keys.insert(named.provider, named.base_url(), key);
        }
        keys
    }

    fn model_budgets(&self, mistakes: &mut Vec<Mistake>) -> ModelBudgets {
        let mut set = ModelBudgets::default();
        let Budgets { each_app, all } = &mut set.budgets;
        for (name, budget) in [("app", each_app), ("day", all)] {
            let tokens = self.setting(&format!("llm_tokens_per_{name}"), None, parse_tokens, mistakes);
            budget.tokens = tokens.unwrap_or(budget.tokens);
            let cost = self.setting(&format!("llm_cost_per_{name}"), None, parse_cost, mistakes);
            budget.cost_micros = cost.unwrap_or(budget.cost_micros);
        }
        let price = self.setting("llm_price", None, parse_price, mistakes);
        set.price = price.unwrap_or(set.price);
        set
    }

    fn programs(&self, mistakes: &mut Vec<Mistake>) -> BTreeMap<ProgramName, Program> {
        let Some((path, values)) = &self.config_file else {
            return BTreeMap::new();
        };
        let table = match values.get(PROGRAMS) {
            None => return BTreeMap::new(),
            Some(toml::Value::Table(table)) => table.clone(),
            Some(other) => {
                let problem = format!("expected [{PROGRAMS}.NAME], found {}", other.type_str());
                let place = in_file(PROGRAMS, path);
                mistakes.push(Mistake { place, problem });
                return BTreeMap::new();
            }
        };
        let mut programs = BTreeMap::new();
        for (name, words) in table {
            match parse_program(&name, words) {
                Ok((name, program)) => drop(programs.insert(name, program)),
                Err(problem) => mistakes.push(Mistake {
                    place: in_file(&format!("{PROGRAMS}.{name}"), path),
                    problem,
                }),
            }
        }
        programs
    }

    fn any_variable(&self, variables: &[&str], mistakes: &mut Vec<Mistake>) -> Option<String> {
        variables
            .iter()
            .find_map(|variable| self.find_variable(variable, mistakes))
            .map(|found| found.text)
    }

    fn setting<T>(
        &self,
        name: &str,
        flag: Option<String>,
        parse: impl Fn(&str) -> Result<T, String>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        parsed(self.find(name, flag, mistakes), parse, mistakes)
    }

    fn find(&self, name: &str, flag: Option<String>, mistakes: &mut Vec<Mistake>) -> Option<Found> {
        if let Some(text) = flag {
            let place = format!("--{}", name.replace('_', "-"));
            return Some(Found::new(text, Layer::Flag, place));
        }
        self.find_variable(&format!("AGENTOS_{}", name.to_uppercase()), mistakes)
            .or_else(|| self.find_in_config(name, mistakes))
    }

    fn find_variable(&self, variable: &str, mistakes: &mut Vec<Mistake>) -> Option<Found> {
        let counts = |is_empty: bool| !is_empty || MAY_BE_EMPTY.contains(&variable);
        if let Some(value) = (self.variable)(variable).filter(|value| counts(value.is_empty())) {
            let place = variable.to_owned();
            let Ok(text) = value.into_string() else {
                let problem = "the value is not Unicode text".to_owned();
                mistakes.push(Mistake { place, problem });
                return None;
            };
            return Some(Found::new(text, Layer::Environment, place));
        }
        self.env_files.iter().find_map(|(path, variables)| {
            let text = variables.get(variable).filter(|text| counts(text.is_empty()))?;
            Some(Found::new(text.clone(), Layer::File, in_file(variable, path)))
        })
    }

    fn find_in_config(&self, name: &str, mistakes: &mut Vec<Mistake>) -> Option<Found> {
        let (path, values) = self.config_file.as_ref()?;
        let place = in_file(name, path);
        match values.get(name)? {
            toml::Value::String(text) => Some(Found::new(text.clone(), Layer::File, place)),
            other => {
                let problem = format!("expected text in quotes, found {}", other.type_str());
                mistakes.push(Mistake { place, problem });
                None
            }
        }
    }
}

fn parsed<T>(
    found: Option<Found>,
    parse: impl Fn(&str) -> Result<T, String>,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    let Found { text, source } = found?;
    let parsed = parse(&text);
    parsed
        .map_err(|problem| {
            let place = source.place;
            mistakes.push(Mistake { place, problem });
        })
        .ok()
}

/// What was chosen on the settings page. The file holds a key, so nothing of it is repeated.
fn kept_choice(path: &Path, mistakes: &mut Vec<Mistake>) -> Option<Choice> {
    let text = read_if_there(path, mistakes)?;
    let words: Option<Words> = toml::from_str(&text).ok();
    let choice = words.and_then(|words| words.parse().ok());
    if choice.is_none() {
        mistakes.push(Mistake {
            place: path.display().to_string(),
            problem: "this file cannot be read; delete it and choose the model in Settings again".to_owned(),
        });
    }
    choice
}

fn in_file(name: &str, path: &Path) -> String {
    format!("{name} in {}", path.display())
}

/// Names the line and does not show it, since it may hold a key.
fn unreadable_line(text: &str, error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(line, _) => {
            let start = text.find(line.as_str()).unwrap_or_default();
            format!("line {} cannot be read", line_of(text, start))
        }
        other => other.to_string(),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn read_if_there(path: &Path, mistakes: &mut Vec<Mistake>) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
        Err(error) => {
            mistakes.push(Mistake {
                place: path.display().to_string(),
                problem: error.to_string(),
            });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, name: &str, text: &str) -> &Self {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            self
        }

        fn read(&self, flags: &[&str], variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
            let data_dir = self.0.path().join("data").into_os_string();
            Config::read(&Surroundings {
                arguments: std::iter::once(&"agentos-server")
                    .chain(flags)
                    .map(OsString::from)
                    .collect(),
                variable: &|name| {
                    let given = variables
                        .iter()
                        .find(|(given, _)| *given == name)
                        .map(|(_, text)| text.into());
                    given.or_else(|| (name == "AGENTOS_DATA_DIR").then(|| data_dir.clone()))
                },
                working_dir: self.0.path().to_owned(),
            })
        }

        #[track_caller]
        fn mistakes(&self, flags: &[&str], variables: &[(&str, &str)]) -> String {
            match self.read(flags, variables) {
                Err(error @ ConfigError::Mistakes(_)) => error.to_string(),
                other => panic!("expected mistakes, got {other:?}"),
            }
        }
    }

    #[test]
    fn a_model_is_named_with_its_provider_and_its_key_is_hidden() {
        let place = Place::new();
        let remote = |flags: &[&str], variables: &[(&str, &str)]| match place
            .read(flags, variables)
            .unwrap()
            .model
            .llm
        {
            Llm::Remote(model) => model,
            Llm::Offline => panic!("offline: {flags:?} {variables:?}"),
        };
        let google = [("GOOGLE_API_KEY", "secret")];
        let model = remote(&[], &google);
        assert_eq!(model.provider, Provider::Gemini);
        assert_eq!(model.model, "gemini-3.8-flash");
        assert_eq!(model.base_url, "https://generativelanguage.googleapis.com/v1beta");
        assert_eq!(model.key, Key::parse("secret").unwrap());
        assert!(!format!("{model:?}").contains("secret"), "{model:?}");
        assert_eq!(
            place.read(&["--llm", "offline"], &google).unwrap().model.llm,
            Llm::Offline
        );

        let local = [
            "--llm",
            "openai",
            "--llm-model",
            "qwen3:4b",
            "--llm-base-url",
            "http://127.0.0.1:11434/v1/",
        ];
        let model = remote(&local, &[("OPENAI_API_KEY", "secret")]);
        assert_eq!(
            (model.model.as_str(), model.base_url.as_str()),
            ("qwen3:4b", "http://127.0.0.1:11434/v1")
        );
        assert_eq!(
            model.key,
            Key::default(),
            "the key of OpenAI goes to OpenAI alone"
        );
        let model = remote(&local, &[("AGENTOS_LLM_API_KEY", "own")]);
        assert_eq!(model.key, Key::parse("own").unwrap());

        let anthropic = [
            ("AGENTOS_LLM", "anthropic"),
            ("AGENTOS_LLM_MODEL", "claude"),
            ("ANTHROPIC_API_KEY", "k"),
        ];
        assert_eq!(remote(&[], &anthropic).base_url, "https://api.anthropic.com/v1");
    }

    #[test]
    fn the_page_wins_over_files_and_defaults_and_yields_to_what_is_said_at_the_start() {
        let place = Place::new();
        place
            .write(
                "data/config.toml",
                "llm = \"anthropic\"\nllm_model = \"claude\"\nllm_api_key = \"k\"",
            )
            .write(
                "data/settings.toml",
                "provider = \"openai\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:1/v1\"",
            );
        let check = |flags: &[&str], variables: &[(&str, &str)], expected: (&str, Layer, &str)| {
            let Decision { llm, source, .. } = place.read(flags, variables).unwrap().model;
            let model = match llm {
                Llm::Offline => "offline".to_owned(),
                Llm::Remote(model) => model.model,
            };
            let found = (model.as_str(), source.layer, source.place.as_str());
            assert_eq!(found, expected, "{flags:?} {variables:?}");
        };
        let google = ("GOOGLE_API_KEY", "k");
        check(&[], &[google], ("m", Layer::Page, ""));
        check(
            &["--llm-model", "opus"],
            &[],
            ("opus", Layer::Flag, "--llm-model"),
        );
        let variables = [("AGENTOS_LLM", "offline")];
        check(&[], &variables, ("offline", Layer::Environment, "AGENTOS_LLM"));
        place.write("data/config.toml", "");
        check(&["--llm-model", "m2"], &[], ("m", Layer::Page, ""));
        std::fs::remove_file(place.0.path().join("data/settings.toml")).unwrap();
        check(
            &[],
            &[google],
            ("gemini-3.8-flash", Layer::Default, "GOOGLE_API_KEY"),
        );
        check(&[], &[], ("offline", Layer::Default, ""));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_not_shown() {
        let place = Place::new();
        place
            .write(".env", "# mine\nAGENTOS_LLM_API_KEY='secret")
            .write("data/config.toml", "llm = \"offline\"\nllm_api_key = \"secret")
            .write("data/settings.toml", "provider = \"openai\"\napi_key = secret");
        let told = place.mistakes(&[], &[]);
        for expected in [
            ".env: line 2",
            "config.toml: line 2",
            "settings.toml: this file cannot be read",
        ] {
            assert!(told.contains(expected), "{expected:?} is missing in {told}");
        }
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn a_base_url_that_would_give_the_key_away_is_refused() {
        for (url, expected) in [
            ("http://example.org/v1", "not encrypted"),
            ("ftp://127.0.0.1", "neither http nor https"),
            ("https://user:word@example.org", "more than a host"),
            ("127.0.0.1", "whole URL"),
        ] {
            let flags = ["--llm", "openai", "--llm-model", "m", "--llm-base-url", url];
            let told = Place::new().mistakes(&flags, &[]);
            assert!(told.contains(expected), "{url}: {told}");
        }
    }

    #[test]
    fn what_the_model_may_cost_in_a_day_is_set() {
        let place = Place::new();
        place.write(
            "data/config.toml",
            "llm_tokens_per_app = \"unlimited\"\nllm_price = \"1/2\"",
        );
        let variables = [
            ("AGENTOS_LLM_TOKENS_PER_DAY", "5000"),
            ("AGENTOS_LLM_COST_PER_DAY", "0.5"),
        ];
        let set = place.read(&[], &variables).unwrap().model_budgets;
        assert_eq!(set.budgets.each_app.tokens, None);
        assert_eq!(
            (set.budgets.all.tokens, set.budgets.all.cost_micros),
            (Some(5_000), Some(500_000))
        );
        assert_eq!(
            (set.price.input_micros, set.price.output_micros),
            (1_000_000, 2_000_000)
        );
        let told = place.mistakes(&[], &[("AGENTOS_LLM_TOKENS_PER_APP", "lots")]);
        assert!(
            told.contains("AGENTOS_LLM_TOKENS_PER_APP: `lots` is not a number"),
            "{told}"
        );
    }

    #[test]
    fn a_budget_of_memory_is_a_number_of_bytes_that_suffices_for_something() {
        let place = Place::new();
        let budget = |flags: &[&str]| place.read(flags, &[]).unwrap().memory_budget;
        assert_eq!(budget(&[]), None);
        assert_eq!(budget(&["--memory-budget", "1048576"]), Some(1_048_576));
        let variables = [("AGENTOS_MEMORY_BUDGET", "268435456")];
        let set = place.read(&[], &variables).unwrap();
        assert_eq!(set.memory_budget, Some(268_435_456));
        for text in ["1048575", "256 MiB", "-1"] {
            let told = place.mistakes(&[], &[("AGENTOS_MEMORY_BUDGET", text)]);
            assert!(
                told.contains("AGENTOS_MEMORY_BUDGET") && told.contains("is not a number of bytes"),
                "{told}"
            );
        }
    }

    #[test]
    fn hosts_that_are_not_public_are_named_one_by_one() {
        let place = Place::new();
        let hosts = |flags: &[&str], variables: &[(&str, &str)]| -> Vec<String> {
            let config = place.read(flags, variables).unwrap();
            config.allow_hosts.iter().map(ToString::to_string).collect()
        };
        let flags = ["--allow-host", "127.1:9000", "--allow-host", "NAS.lan"];
        assert_eq!(hosts(&flags, &[]), ["127.0.0.1:9000", "nas.lan"]);
        let variables = [("AGENTOS_ALLOW_HOSTS", "localhost:1, [::1]:2")];
        assert_eq!(hosts(&[], &variables), ["[::1]:2", "localhost:1"]);
        let told = place.mistakes(&["--allow-host", "http://nas.lan"], &[]);
        assert!(told.contains("`http://nas.lan` is not a host and port"), "{told}");
    }

    #[test]
    fn programs_are_registered_by_name() {
        let place = Place::new();
        place.write(
            "data/config.toml",
            "[programs.pack]\npath = \"/usr/bin/tar\"\nargs = [\"-c\"]\nfolders = [\"/srv\"]\n[programs.sort]\npath = \"/usr/bin/sort\"",
        );
        let programs = place.read(&[], &[]).unwrap().programs;
        let names: Vec<&str> = programs.keys().map(ProgramName::as_str).collect();
        assert_eq!(names, ["pack", "sort"]);
        let expected = Program {
            path: "/usr/bin/tar".into(),
            args: vec!["-c".to_owned()],
            folders: vec!["/srv".into()],
        };
        assert_eq!(programs[&ProgramName::parse("pack").unwrap()], expected);

        place.write(
            "data/config.toml",
            "[programs.Tar]\npath = \"/bin/tar\"\n[programs.a]\n[programs.b]\npath = \"/b\"\nshell = true",
        );
        let told = place.mistakes(&[], &[]);
        for expected in [
            "programs.Tar in ",
            "programs.a in ",
            "path",
            "programs.b in ",
            "shell",
        ] {
            assert!(told.contains(expected), "{expected:?} is missing in {told}");
        }
        place.write("data/config.toml", "programs = \"tar\"");
        let told = place.mistakes(&[], &[]);
        assert!(told.contains("expected [programs.NAME]"), "{told}");
    }

    #[test]
    fn nothing_set_gives_the_defaults() {
        let place = Place::new();
        let config = place.read(&[], &[]).unwrap();
        let data_dir = place.0.path().join("data");
        let database = data_dir.join("agentos.db");
        assert_eq!(
            config,
            Config {
                auth: Auth::None,
                token: None,
                listen: DEFAULT_LISTEN,
                kernel_listen: Some(DEFAULT_KERNEL_LISTEN),
                ai_listen: Some(DEFAULT_AI_LISTEN),
                data_dir,
                database,
                storage: Storage::Sqlite,
                model: Decision {
                    llm: Llm::Offline,
                    source: Source::new(Layer::Default, ""),
                    choice: None,
                    keys: Keys::default(),
                },
                prompt: Style::Full,
                model_budgets: ModelBudgets::default(),
                allow_hosts: BTreeSet::new(),
                programs: BTreeMap::new(),
                memory_budget: None,
            }
        );
    }

    #[test]
    fn each_layer_wins_over_the_one_below() {
        let place = Place::new();
        let port =
            |flags: &[&str], variables: &[(&str, &str)]| place.read(flags, variables).unwrap().listen.port();
        place.write("data/config.toml", "listen = \"127.0.0.1:1\"");
        assert_eq!(port(&[], &[]), 1);
        place.write("data/.env", "AGENTOS_LISTEN=127.0.0.1:2");
        assert_eq!(port(&[], &[]), 2);
        place.write(".env", "AGENTOS_LISTEN=127.0.0.1:3");
        assert_eq!(port(&[], &[]), 3);
        assert_eq!(port(&[], &[("AGENTOS_LISTEN", "127.0.0.1:4")]), 4);
        assert_eq!(
            port(&["--listen", "127.0.0.1:5"], &[("AGENTOS_LISTEN", "127.0.0.1:4")]),
            5
        );
        assert_eq!(
            port(&[], &[("AGENTOS_LISTEN", "")]),
            3,
            "an empty variable is not set"
        );
    }

    #[test]
    fn the_working_directory_may_name_the_data_folder() {
        let place = Place::new();
        place
            .write(".env", "AGENTOS_DATA_DIR=elsewhere")
            .write("elsewhere/config.toml", "listen = \"[::1]:0\"");
        let config = place.read(&[], &[("AGENTOS_DATA_DIR", "")]).unwrap();
        assert_eq!(config.data_dir, place.0.path().join("elsewhere"));
        assert_eq!(config.listen.to_string(), "[::1]:0");
    }

    #[test]
    fn an_empty_address_turns_grpc_off() {
        #[track_caller]
        fn check(place: &Place, flags: &[&str], variables: &[(&str, &str)], expected: Option<u16>) {
            let listen = place.read(flags, variables).unwrap().ai_listen;
            assert_eq!(listen.map(|address| address.port()), expected);
        }
        let kernel_listen = |variables| Place::new().read(&[], variables).unwrap().kernel_listen;
        assert_eq!(kernel_listen(&[("AGENTOS_KERNEL_LISTEN", "")]), None);
        assert_eq!(kernel_listen(&[]), Some(DEFAULT_KERNEL_LISTEN));
        let place = Place::new();
        check(&place, &[], &[("AGENTOS_AI_LISTEN", "127.0.0.1:0")], Some(0));
        check(&place, &[], &[("AGENTOS_AI_LISTEN", "")], None);
        check(
            &place,
            &["--ai-listen", ""],
            &[("AGENTOS_AI_LISTEN", "[::1]:7")],
            None,
        );
        place.write("data/config.toml", "ai_listen = \"\"");
        check(&place, &[], &[], None);
        place.write(".env", "AGENTOS_AI_LISTEN=127.0.0.1:8");
        check(&place, &[], &[], Some(8));
    }

    #[test]
    fn other_machines_are_served_where_a_token_is_asked_for() {
        let place = Place::new();
        let flags = [
            "--auth",
            "token",
            "--listen",
            "0.0.0.0:8000",
            "--ai-listen",
            "[::]:1",
        ];
        let config = place.read(&flags, &[]).unwrap();
        assert_eq!((config.auth, config.token), (Auth::Token, None));
        assert_eq!(config.listen.to_string(), "0.0.0.0:8000");
        assert_eq!(config.ai_listen.unwrap().to_string(), "[::]:1");
        let variables = [("AGENTOS_AUTH", "token"), ("AGENTOS_KERNEL_LISTEN", "0.0.0.0:1")];
        assert!(place.read(&[], &variables).is_ok());
        place.write("data/config.toml", "auth = \"token\"\nlisten = \"0.0.0.0:1\"");
        assert!(place.read(&[], &[]).is_ok());
        let told = place.mistakes(&["--auth", "none"], &[]);
        assert!(
            told.contains("listen in ") && told.contains("add `--auth token`"),
            "{told}"
        );
    }

    #[test]
    fn a_token_is_long_asked_for_and_not_shown() {
        let place = Place::new();
        let long = "secret-secret-secret-secret-secret";
        let token = |text| ("AGENTOS_TOKEN", text);
        let config = place.read(&["--auth", "token"], &[token(long)]).unwrap();
        assert_eq!(config.token, Token::parse(long).ok());
        assert!(!format!("{config:?}").contains("secret"), "{config:?}");
        for (flags, text, expected) in [
            (&["--auth", "token"][..], &long[..31], "32 to 256"),
            (
                &["--auth", "token"],
                "secret secret secret secret secret secret",
                "no space",
            ),
            (&["--auth", "none"], long, "nobody is asked for it"),
            (&[], long, "nobody is asked for it"),
        ] {
            let told = place.mistakes(flags, &[token(text)]);
            assert!(
                told.contains("AGENTOS_TOKEN: ") && told.contains(expected),
                "{told}"
            );
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn a_database_is_named_by_a_url() {
        #[track_caller]
        fn check(url: &str, expected: &str) {
            let place = Place::new();
            let database = place.read(&["--database-url", url], &[]).unwrap().database;
            assert_eq!(database, place.0.path().join(expected));
        }
        check("sqlite:records.db", "records.db");
        check("sqlite://records.db", "records.db");
        check("sqlite:/var/records.db", "/var/records.db");
        check("sqlite:///var/records.db", "/var/records.db");
    }

    #[test]
    fn records_are_kept_where_it_is_said() {
        let place = Place::new();
        let storage =
            |flags: &[&str], variables: &[(&str, &str)]| place.read(flags, variables).unwrap().storage;
        let variables = [("AGENTOS_STORAGE", "files")];
        assert_eq!(storage(&[], &variables), Storage::Files);
        assert_eq!(storage(&["--storage", "sqlite"], &variables), Storage::Sqlite);
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let place = Place::new();
        place.write("data/config.toml", "llm = 3\ncolour = \"blue\"\ndata_dir = \"x\"");
        let told = place.mistakes(
            &["--listen", "0.0.0.0:8000"],
            &[("AGENTOS_DATABASE_URL", "postgres://x")],
        );
        for part in [
            "--listen: ",
            "loopback",
            "AGENTOS_DATABASE_URL: ",
            "llm in ",
            "colour in ",
            "data_dir in ",
        ] {
            assert!(told.contains(part), "{part:?} is missing in {told}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_use() {
        #[track_caller]
        fn check(flag: &str, text: &str, expected: &str) {
            let told = Place::new().mistakes(&[flag, text], &[]);
            assert!(told.contains(expected), "{told}");
        }
        check("--listen", "8000", "not an address and port");
        check("--listen", "192.168.1.5:8000", "127.0.0.1:8000");
        check("--listen", "[::]:80", "127.0.0.1:80");
        check("--ai-listen", "0.0.0.0:50052", "127.0.0.1:50052");
        check("--kernel-listen", "0.0.0.0:50051", "127.0.0.1:50051");
        check("--listen", "0.0.0.0:8000", "add `--auth token`");
        check("--auth", "password", "there are none and token");
        check("--llm", "gemini", "GOOGLE_API_KEY or GEMINI_API_KEY");
        check("--llm", "openai", "needs the name of a model");
        check("--llm", "clippy", "no provider");
        check("--llm-prompt", "tiny", "there are full and small");
        check("--storage", "postgres", "there are sqlite and files");
        check("--database-url", "sqlite:", "does not name a database");
        check("--database-url", "sqlite::memory:", "does not name a database");
        check("--database-url", "agentos.db", "sqlite:/");
    }

    #[test]
    fn broken_files_are_mistakes_of_their_own() {
        let place = Place::new();
        place
            .write(".env", "AGENTOS_LISTEN='127.0.0.1")
            .write("data/config.toml", "listen =");
        let told = place.mistakes(&[], &[]);
        assert!(
            told.contains(".env: ") && told.contains("config.toml: "),
            "{told}"
        );
    }

    #[test]
    fn unknown_flags_are_usage_errors() {
        assert!(matches!(
            Place::new().read(&["--colour"], &[]),
            Err(ConfigError::Usage(_))
        ));
    }
}
