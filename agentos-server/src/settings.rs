//! The model a person chooses while the program runs: asked from then on, and kept in a file of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agentos_adapters::llm::{ChosenLlm, OfflineLlm, RemoteLlm, RemoteModel};
use agentos_core::ports::Cause;
use agentos_core::ports::llm::{Identity, LlmError, LlmPort};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tracing::info;
use utoipa::ToSchema;

use crate::data_dir::replace_private;
use crate::model::{
    Choice, Decision, Keys, Layer, Llm, Missing, Named, Source, missing, parse_base_url, parse_key,
    parse_model, parse_provider,
};

/// In the data folder. Only the program writes it, and only its owner may read it.
pub(crate) const SETTINGS_FILE: &str = "settings.toml";

/// What a person says about the model, on the page and in the file.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// `offline`, `gemini`, `openai` or `anthropic`.
    provider: String,
    /// The provider's own where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The provider's own service unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    /// Absent keeps the key there is for the same provider and address; an empty one is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(write_only, format = Password)]
    api_key: Option<String>,
}

/// Why a choice was not made, or a model not reached. Nothing changed.
#[derive(Debug, Error)]
pub(crate) enum SettingsError {
    #[error("{problem}")]
    Refused { field: &'static str, problem: String },
    /// Says by what, and what to do.
    #[error("{0}")]
    Fixed(String),
    #[error("the choice was not kept, and nothing changed")]
    NotKept(#[source] Cause),
    #[error("no connection to a model can be made on this machine")]
    NoClient(#[source] Cause),
    #[error("{error}")]
    Unanswered { base_url: String, error: LlmError },
}

impl From<Missing> for SettingsError {
    fn from(missing: Missing) -> Self {
        let field = match missing {
            Missing::Model(_) => "model",
            Missing::Key(_) => "api_key",
        };
        Self::Refused {
            field,
            problem: missing.to_string(),
        }
    }
}

impl Words {
    pub(crate) fn parse(&self) -> Result<Choice, SettingsError> {
        let refused = |field| move |problem| SettingsError::Refused { field, problem };
        let Some(provider) = parse_provider(&self.provider).map_err(refused("provider"))? else {
            return Ok(Choice::Offline);
        };
        let model = self.model.as_deref().map(parse_model).transpose();
        let base_url = self.base_url.as_deref().map(parse_base_url).transpose();
        let key = self.api_key.as_deref().map(parse_key).transpose();
        Ok(Choice::Remote(Named {
            provider,
            model: model.map_err(refused("model"))?,
            base_url: base_url.map_err(refused("base_url"))?,
            key: key.map_err(refused("api_key"))?,
        }))
    }
}

impl From<&Choice> for Words {
    fn from(choice: &Choice) -> Self {
        match choice {
            Choice::Offline => Self {
                provider: "offline".to_owned(),
                model: None,
                base_url: None,
                api_key: None,
            },
            Choice::Remote(named) => Self {
                provider: named.provider.name().to_owned(),
                model: named.model.clone(),
                base_url: named.base_url.clone(),
                api_key: named.key.as_ref().map(|key| key.reveal().to_owned()),
            },
        }
    }
}

/// Decides which model is asked.
pub struct Settings {
    llm: ChosenLlm,
    keys: Keys,
    file: PathBuf,
    /// Held while a choice is being kept, so that two of them cannot cross.
    now: Mutex<Now>,
}

/// What is in force.
struct Now {
    source: Source,
    choice: Option<Choice>,
    /// Where it is no model of this machine.
    remote: Option<RemoteModel>,
}

/// What may be told of what is in force.
pub(crate) struct InForce {
    pub(crate) identity: Identity,
    pub(crate) source: Source,
    pub(crate) base_url: Option<String>,
    pub(crate) has_key: bool,
}

/// The models an address has, and whether the one that was named is among them.
pub(crate) struct Reached {
    pub(crate) models: Vec<String>,
    pub(crate) model_is_there: bool,
}

impl Settings {
    /// # Errors
    /// The certificates of this machine cannot be read.
    pub fn open(decision: Decision, data_dir: &Path) -> Result<Self, Cause> {
        let Decision {
            llm,
            source,
            choice,
            keys,
        } = decision;
        let remote = remote(&llm);
        Ok(Self {
            llm: ChosenLlm::new(port(llm)?),
            keys,
            file: data_dir.join(SETTINGS_FILE),
            now: Mutex::new(Now {
                source,
                choice,
                remote,
            }),
        })
    }

    /// Over a model that is the program's own: nothing else can be chosen.
    pub(crate) fn of_program(llm: Arc<dyn LlmPort>) -> Self {
        Self {
            llm: ChosenLlm::new(llm),
            keys: Keys::default(),
            file: PathBuf::new(),
            now: Mutex::new(Now {
                source: Source::new(Layer::Program, ""),
                choice: None,
                remote: None,
            }),
        }
    }

    /// The model that is chosen at any moment.
    pub fn llm(&self) -> Arc<dyn LlmPort> {
        Arc::new(self.llm.clone())
    }

    pub(crate) async fn in_force(&self) -> InForce {
        let now = self.now.lock().await;
        InForce {
            identity: self.llm.identity(),
            source: now.source.clone(),
            base_url: now.remote.as_ref().map(|model| model.base_url.clone()),
            has_key: now.remote.as_ref().is_some_and(|model| !model.key.is_none()),
        }
    }

    /// Asks another model from now on, after restarts too. What is under way is finished by the one before.
    pub(crate) async fn choose(&self, words: &Words) -> Result<(), SettingsError> {
        let mut now = self.now.lock().await;
        if let Some(fixed) = now.source.fixed() {
            return Err(SettingsError::Fixed(fixed.to_string()));
        }
        let choice = with_kept_key(words.parse()?, now.choice.as_ref());
        let llm = choice.complete(&self.keys);
        let remote = remote(&llm);
        if let Some(missing) = remote.as_ref().and_then(|model| missing(model).next()) {
            return Err(missing.into());
        }
        let port = port(llm).map_err(SettingsError::NoClient)?;
        self.keep(&choice).await.map_err(SettingsError::NotKept)?;
        self.llm.choose(port);
        let Identity { provider, model } = self.llm.identity();
        info!(%provider, model, "another model was chosen");
        *now = Now {
            source: Source::new(Layer::Page, ""),
            choice: Some(choice),
            remote,
        };
        Ok(())
    }

    /// Asks the provider for its models, as it would be asked after [`choose`](Self::choose); a model need not be named.
    pub(crate) async fn reach(&self, words: &Words) -> Result<Reached, SettingsError> {
        let kept = self.now.lock().await.choice.clone();
        let llm = with_kept_key(words.parse()?, kept.as_ref()).complete(&self.keys);
        let remote = remote(&llm);
        let mut unsaid = remote.iter().flat_map(missing);
        if let Some(keyless) = unsaid.find(|missing| matches!(missing, Missing::Key(_))) {
            return Err(keyless.into());
        }
        let port = port(llm).map_err(SettingsError::NoClient)?;
        let models = port.models().await.map_err(|error| SettingsError::Unanswered {
            base_url: remote
                .as_ref()
                .map(|model| model.base_url.clone())
                .unwrap_or_default(),
            error,
        })?;
        Ok(Reached {
            model_is_there: models.contains(&port.identity().model),
            models,
        })
    }

    async fn keep(&self, choice: &Choice) -> Result<(), Cause> {
        let text = toml::to_string(&Words::from(choice))?;
        let file = self.file.clone();
        spawn_blocking(move || replace_private(&file, &text)).await??;
        Ok(())
    }
}

/// A choice that says nothing of a key keeps the one before, where it goes to the same address.
fn with_kept_key(choice: Choice, kept: Option<&Choice>) -> Choice {
    match (choice, kept) {
        (Choice::Remote(named), Some(Choice::Remote(kept)))
            if named.key.is_none() && named.has_address_of(kept) =>
        {
            Choice::Remote(Named {
                key: kept.key.clone(),
                ..named
            })
        }
        (choice, _) => choice,
    }
}

fn remote(llm: &Llm) -> Option<RemoteModel> {
    match llm {
        Llm::Offline => None,
        Llm::Remote(model) => Some(model.clone()),
    }
}

fn port(llm: Llm) -> Result<Arc<dyn LlmPort>, Cause> {
    Ok(match llm {
        Llm::Offline => Arc::new(OfflineLlm),
        Llm::Remote(model) => Arc::new(RemoteLlm::new(model)?),
    })
}
