//! The command line.

use clap::Parser;

/// AgentOS: a sentence becomes a working app. Serves the desktop and its API on this machine.
#[derive(Debug, Parser)]
#[command(name = "agentos-server", version)]
#[expect(clippy::doc_markdown, reason = "these comments are the text of --help")]
pub(super) struct Flags {
    /// Who may connect: none asks nobody and serves this machine alone, token serves who has the token, which is made at the
    /// first start and kept in the data folder, or read from AGENTOS_TOKEN, never from a flag
    /// [env: AGENTOS_AUTH] [default: none]
    #[arg(long, value_name = "WAY")]
    pub(super) auth: Option<String>,
    /// Address to listen on, a loopback one unless a token is asked for; port 0 picks a free one [env: AGENTOS_LISTEN] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
    /// Address for gRPC, likewise: the kernel, for programs that act as processes; empty for none
    /// [env: AGENTOS_KERNEL_LISTEN] [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) kernel_listen: Option<String>,
    /// Address for gRPC, likewise: apps from sentences, and the model itself; empty for none [env: AGENTOS_AI_LISTEN]
    /// [default: 127.0.0.1:50052]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) ai_listen: Option<String>,
    /// Folder for everything that is kept [env: AGENTOS_DATA_DIR] [default: the platform's data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(super) data_dir: Option<String>,
    /// Where records are kept [env: AGENTOS_DATABASE_URL] [default: sqlite in the data folder]
    #[arg(long, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// What keeps apps, packages and sessions: sqlite, or files, which are JSON below the data folder; nothing moves from
    /// one to the other [env: AGENTOS_STORAGE] [default: sqlite]
    #[arg(long, value_name = "KIND")]
    pub(super) storage: Option<String>,
    /// Who writes apps: offline, gemini, openai (and servers that speak like it: Ollama, llama.cpp, vLLM, LM Studio,
    /// OpenRouter) or anthropic; the key is read from AGENTOS_LLM_API_KEY, never from a flag [env: AGENTOS_LLM]
    /// [default: gemini where GOOGLE_API_KEY is set, else offline]
    #[arg(long, value_name = "PROVIDER")]
    pub(super) llm: Option<String>,
    /// The model to ask [env: AGENTOS_LLM_MODEL] [default: gemini-3.8-flash for gemini]
    #[arg(long, value_name = "NAME")]
    pub(super) llm_model: Option<String>,
    /// Where the provider is reached, its version included, such as http://127.0.0.1:11434/v1 for Ollama
    /// [env: AGENTOS_LLM_BASE_URL] [default: the provider's own service]
    #[arg(long, value_name = "URL")]
    pub(super) llm_base_url: Option<String>,
    /// How much the model is told: full, or small for a small model, whose answers are then held to a schema
    /// [env: AGENTOS_LLM_PROMPT] [default: full]
    #[arg(long, value_name = "STYLE")]
    pub(super) llm_prompt: Option<String>,
    /// What apps may be allowed although it is not public, separated by commas [env: AGENTOS_ALLOW_HOSTS]
    #[arg(long = "allow-host", alias = "allow-hosts", value_name = "HOST:PORT")]
    pub(super) allow_hosts: Vec<String>,
    /// Bytes of memory for what is held for all apps together; near it, apps in the background end
    /// [env: AGENTOS_MEMORY_BUDGET] [default: a quarter of the machine's memory, at most 536870912]
    #[arg(long, value_name = "BYTES")]
    pub(super) memory_budget: Option<String>,
}
