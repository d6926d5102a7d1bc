//! Where settings are written: variables, `.env` and `config.toml`, and what the settings page kept.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use agentos_adapters::Token;
use agentos_adapters::kernel::Program;
use agentos_adapters::llm::{Key, Provider};
use agentos_adapters::platform;
use agentos_core::kernel::ProgramName;
use agentos_core::llm_queue::Budgets;

use super::Mistake;
use super::parse::parse_program;
use crate::access::Auth;
use crate::budgets::{ModelBudgets, parse_cost, parse_price, parse_tokens};
use crate::model::{
    Choice, Decision, Keys, Layer, Llm, Named, Source, missing, parse_base_url, parse_key, parse_model,
    parse_provider,
};
use crate::settings::Words;

/// The layers below the flags. A layer added earlier wins over one added later.
pub(super) struct Sources<'a> {
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
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            variable,
            env_files: Vec::new(),
            config_file: None,
        }
    }

    pub(super) fn add_env_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
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

    pub(super) fn add_config_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
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

    pub(super) fn data_dir(
        &self,
        flag: Option<String>,
        working_dir: &Path,
        mistakes: &mut Vec<Mistake>,
    ) -> PathBuf {
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
    pub(super) fn token(&self, auth: Auth, mistakes: &mut Vec<Mistake>) -> Option<Token> {
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
    pub(super) fn model(
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

    pub(super) fn model_budgets(&self, mistakes: &mut Vec<Mistake>) -> ModelBudgets {
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

    pub(super) fn programs(&self, mistakes: &mut Vec<Mistake>) -> BTreeMap<ProgramName, Program> {
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

    pub(super) fn setting<T>(
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
pub(super) fn kept_choice(path: &Path, mistakes: &mut Vec<Mistake>) -> Option<Choice> {
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
