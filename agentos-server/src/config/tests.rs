use agentos_adapters::llm::{Key, Provider};

use super::*;
use crate::model::{Keys, Layer, Llm, Source};

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
    let remote =
        |flags: &[&str], variables: &[(&str, &str)]| match place.read(flags, variables).unwrap().model.llm {
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
    let storage = |flags: &[&str], variables: &[(&str, &str)]| place.read(flags, variables).unwrap().storage;
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
