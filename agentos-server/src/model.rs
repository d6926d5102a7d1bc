//! Which model writes apps: how one is named, what is filled in where nothing is said, and whose key goes where.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

use agentos_adapters::llm::{Key, Provider, RemoteModel};
use axum::http::Uri;
use thiserror::Error;

/// The model that writes apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Llm {
    /// The built-in composer: no network, no key.
    Offline,
    Remote(RemoteModel),
}

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Offline,
    Remote(Named),
}

/// A model as somebody named it; what was left out is the provider's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub provider: Provider,
    pub model: Option<String>,
    pub base_url: Option<String>,
    /// Given with the rest and meant for nobody else.
    pub key: Option<Key>,
}

/// What [`Named`] must say and does not.
#[derive(Debug, Error)]
pub(crate) enum Missing {
    #[error("{} needs the name of a model here", .0.name())]
    Model(Provider),
    #[error("{} needs a key, here or in {}; `offline` needs none", .0.name(), .0.key_variables().join(" or "))]
    Key(Provider),
}

/// The keys that were configured, each for one address of one provider and for no other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(HashMap<(Provider, String), Key>);

impl Keys {
    pub(crate) fn insert(&mut self, provider: Provider, base_url: &str, key: Key) {
        self.0.insert((provider, base_url.to_owned()), key);
    }

    fn of(&self, provider: Provider, base_url: &str) -> Option<&Key> {
        self.0.get(&(provider, base_url.to_owned()))
    }
}

impl Choice {
    /// The model in full, with what is missing left empty.
    pub(crate) fn complete(&self, keys: &Keys) -> Llm {
        match self {
            Self::Offline => Llm::Offline,
            Self::Remote(named) => Llm::Remote(named.complete(keys)),
        }
    }
}

impl Named {
    pub(crate) fn base_url(&self) -> &str {
        self.base_url.as_deref().unwrap_or(self.provider.base_url())
    }

    /// Whether a key of the one may be sent for the other.
    pub(crate) fn has_address_of(&self, other: &Self) -> bool {
        self.provider == other.provider && self.base_url() == other.base_url()
    }

    pub(crate) fn complete(&self, keys: &Keys) -> RemoteModel {
        let default_model = || self.provider.default_model().map(str::to_owned);
        let configured_key = || keys.of(self.provider, self.base_url()).cloned();
        RemoteModel {
            provider: self.provider,
            base_url: self.base_url().to_owned(),
            model: self.model.clone().or_else(default_model).unwrap_or_default(),
            key: self.key.clone().or_else(configured_key).unwrap_or_default(),
        }
    }
}

/// A model without a name, and the provider's own service without a key, answer nothing.
pub(crate) fn missing(model: &RemoteModel) -> impl Iterator<Item = Missing> + use<> {
    let provider = model.provider;
    let nameless = model.model.is_empty().then_some(Missing::Model(provider));
    let is_own_service = model.base_url == provider.base_url();
    let keyless = (is_own_service && model.key.is_none()).then_some(Missing::Key(provider));
    nameless.into_iter().chain(keyless)
}

/// How it stands with the model when the program starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub llm: Llm,
    pub source: Source,
    /// What was chosen on the settings page, in force or not.
    pub choice: Option<Choice>,
    pub keys: Keys,
}

impl Decision {
    /// With what was chosen on the page in force where nothing stronger decides.
    pub(crate) fn or_chosen(self, choice: Option<Choice>) -> Self {
        match &choice {
            Some(chosen) if self.source.layer < Layer::Page => Self {
                llm: chosen.complete(&self.keys),
                source: Source::new(Layer::Page, ""),
                choice,
                ..self
            },
            _ => Self { choice, ..self },
        }
    }
}

/// Where a decision on the model can be made; a later one wins over those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Nobody said anything.
    Default,
    /// `config.toml` or `.env`.
    File,
    /// The settings page.
    Page,
    Environment,
    Flag,
    /// The program that serves the desktop brought a model of its own.
    Program,
}

impl Layer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Page => "page",
            Self::Environment => "environment",
            Self::Flag => "flag",
            Self::Program => "program",
        }
    }
}

/// Who decided on the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub layer: Layer,
    /// Where a person finds it, such as `--llm` or a variable's name; empty where there is nothing to find.
    pub place: String,
}

impl Source {
    pub(crate) fn new(layer: Layer, place: impl Into<String>) -> Self {
        Self {
            layer,
            place: place.into(),
        }
    }

    /// Why nothing else can be chosen while this program runs, and what to do about it.
    pub(crate) fn fixed(&self) -> Option<Fixed<'_>> {
        (self.layer > Layer::Page).then_some(Fixed(self))
    }
}

/// A choice that stands until the program ends.
pub(crate) struct Fixed<'a>(&'a Source);

impl fmt::Display for Fixed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { layer, place } = self.0;
        match layer {
            Layer::Flag => write!(
                out,
                "the model is set by {place}; start AgentOS without it to choose another here"
            ),
            Layer::Program => out.write_str("the model is set by the program that serves this desktop"),
            _ => write!(
                out,
                "the model is set by the environment variable {place}; unset it and start AgentOS again to choose \
                 another here"
            ),
        }
    }
}

/// The provider, where it is not the composer.
pub(crate) fn parse_provider(text: &str) -> Result<Option<Provider>, String> {
    if text == "offline" {
        return Ok(None);
    }
    let known = Provider::ALL.into_iter().find(|provider| provider.name() == text);
    known
        .map(Some)
        .ok_or_else(|| format!("`{text}` is no provider; there are offline, gemini, openai and anthropic"))
}

/// A model's name; `models/` in front of it is how Gemini lists them.
pub(crate) fn parse_model(text: &str) -> Result<String, String> {
    let name = text.trim().trim_start_matches("models/");
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if name.is_empty() || !name.chars().all(fits) || name.contains("..") {
        return Err(format!("`{text}` is not the name of a model"));
    }
    Ok(name.to_owned())
}

/// A key goes there, so nobody on the way may read it.
pub(crate) fn parse_base_url(text: &str) -> Result<String, String> {
    let refused = |why: &str| Err(format!("`{text}` {why}, such as http://127.0.0.1:11434/v1"));
    let Ok(uri) = text.trim().trim_end_matches('/').parse::<Uri>() else {
        return refused("is not a URL");
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return refused("is not a whole URL");
    };
    if authority.as_str().contains('@') || uri.query().is_some() {
        return refused("holds more than a host, a port and a path");
    }
    let host = authority.host().trim_matches(['[', ']']);
    let is_near = host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| match address {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
        });
    match scheme {
        "https" => {}
        "http" if is_near => {}
        "http" => return refused("is not encrypted and not in this network; use https, or an address in it"),
        _ => return refused("is neither http nor https"),
    }
    Ok(uri.to_string().trim_end_matches('/').to_owned())
}

pub(crate) fn parse_key(text: &str) -> Result<Key, String> {
    Key::parse(text).map_err(|error| error.to_string())
}
