//! Services: each keeps the contract, and the registry checks a call before it reaches one.

use std::sync::Arc;

use agentos_core::apps::{App, AppEvent};
use agentos_core::generate::Generator;
use agentos_core::ids::{AppId, Namespace};
use agentos_core::kernel::{
    Call, Capability, HttpResponse, IoKind, IpcRights, IpcRule, Method, ModelReply, ModelRequest, NewProcess,
    Outbound, Partner, Pid, Reply, Rule, Site, SocketMessage, SysError, Syscall, Topic,
};
use agentos_core::ports::kernel::{KernelPort, MockKernelPort};
use agentos_core::ports::service::{Caller, MockServicePort, Service, ServiceError, ServicePort};
use agentos_core::registry::MetadataChange;
use agentos_core::services::{
    AiService, AppService, FilesService, HttpService, IpcService, RegistrationError, Services,
    StorageService, SystemService,
};
use agentos_core::spec::Catalog;
use agentos_core::testing::host::FakeHost;
use agentos_core::testing::kernel::FakeKernel;
use agentos_core::testing::llm::{ScriptedLlm, say};
use agentos_core::testing::service::GreetingService;
use futures::executor::block_on;
use mockall::predicate::eq;
use serde_json::{Value, json};

use crate::apps::desk::Desk as FamilyDesk;

fn kernel() -> Arc<dyn KernelPort> {
    Arc::new(FakeKernel::default())
}

async fn app(kernel: &Arc<dyn KernelPort>, number: u128) -> Caller {
    let namespace = Namespace::new(FakeKernel::NOW, number);
    let pid = kernel.spawn(NewProcess::app("app", namespace)).await.unwrap();
    let app = AppId::new(FakeKernel::NOW, number);
    Caller { app, pid, namespace }
}

mod storage {
    use super::{Caller, StorageService, app, block_on, kernel};

    async fn service() -> (StorageService, Caller, ()) {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        (StorageService::new(kernel), caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

mod files {
    use super::{Caller, FilesService, app, block_on, kernel};

    async fn service() -> (FilesService, Caller, ()) {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        (FilesService::new(kernel), caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

mod http {
    use super::{Caller, HttpService, Web, block_on};

    async fn service() -> (HttpService, Caller, ()) {
        let web = Web::granted().await;
        (web.service, web.caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

mod system {
    use super::{Caller, SystemService, app, block_on, kernel};

    async fn service() -> (SystemService, Caller, ()) {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        (SystemService::new(kernel), caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

mod ai {
    use super::{AiService, Caller, Capability, Rule, app, block_on, kernel};

    async fn service() -> (AiService, Caller, ()) {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        kernel
            .grant(caller.pid, Capability::Llm, Rule::Allow)
            .await
            .unwrap();
        (AiService::new(kernel), caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

#[test]
fn a_question_of_an_app_is_one_syscall_of_its_own_process() {
    let mut kernel = MockKernelPort::new();
    let caller = Caller {
        app: AppId::new(1, 1),
        pid: Pid::from_number(7),
        namespace: Namespace::new(1, 2),
    };
    let request = ModelRequest {
        prompt: "Shorten".to_owned(),
        text: "A long text".to_owned(),
        max_tokens: Some(30),
    };
    kernel
        .expect_call()
        .with(eq(Call::new(caller.principal(), Syscall::LlmGenerate(request))))
        .once()
        .returning(|_| Ok(Reply::Model(ModelReply::Text("Short".to_owned()))));
    let service = AiService::new(Arc::new(kernel));
    let args = json!({"prompt": "Shorten", "text": "A long text", "max_tokens": 30});
    let answer = service.call("ai.ask", args.as_object().unwrap(), Some(caller));
    assert_eq!(block_on(answer), Ok(json!("Short")));
}

mod app {
    use super::{AppService, Caller, FamilyDesk, app_service, block_on};

    async fn service() -> (AppService, Caller, FamilyDesk) {
        let desk = FamilyDesk::new();
        let caller = caller_of(&desk).await;
        (app_service(&desk), caller, desk)
    }

    async fn caller_of(desk: &FamilyDesk) -> Caller {
        super::caller(&desk.spawn(super::note()).await)
    }

    agentos_core::service_contract!(block_on, service());
}

mod ipc {
    use super::{Caller, FamilyDesk, IpcService, allow_topic, block_on, ipc_service};

    /// An app that was opened by another, and may publish and hear what the examples are about.
    async fn service() -> (IpcService, Caller, FamilyDesk) {
        let desk = FamilyDesk::new();
        let parent = desk.spawn(super::note()).await;
        let caller = super::caller(&desk.spawn_child(&parent).await);
        allow_topic(&desk, caller, "timer.done").await;
        (ipc_service(&desk), caller, desk)
    }

    agentos_core::service_contract!(block_on, service());
}

mod of_an_embedder {
    use super::{Caller, GreetingService, app, block_on, kernel};

    async fn service() -> (GreetingService, Caller, ()) {
        (GreetingService, app(&kernel(), 1).await, ())
    }

    agentos_core::service_contract!(block_on, service());
}

/// An app that may contact `api.example.org`, which answers items, and `feed.example.org`, which sends back what it gets.
struct Web {
    service: HttpService,
    caller: Caller,
    host: Arc<FakeHost>,
}

const ITEMS: &str = "https://api.example.org/items";

impl Web {
    async fn granted() -> Self {
        let host = Arc::new(FakeHost::default());
        let kernel: Arc<dyn KernelPort> = Arc::new(FakeKernel::new(Arc::clone(&host)));
        let caller = app(&kernel, 1).await;
        let site = Site::parse("api.example.org").unwrap();
        let capability = Capability::from(site.rule());
        kernel.grant(caller.pid, capability, Rule::Allow).await.unwrap();
        let feed = Capability::from(Site::parse("feed.example.org").unwrap().rule());
        kernel.grant(caller.pid, feed, Rule::Allow).await.unwrap();
        host.serve_socket("https://feed.example.org/news", &[]);
        let service = HttpService::new(kernel);
        let web = Self {
            service,
            caller,
            host,
        };
        web.serve(ITEMS, 200, "application/json", r#"{"id": 1}"#);
        web
    }

    fn serve(&self, url: &str, status: u16, media_type: &str, body: &str) {
        let headers = [("content-type", media_type), ("x-part", "a"), ("x-part", "b")];
        let response = HttpResponse {
            status,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            body: body.as_bytes().to_vec(),
        };
        self.host.serve(url, response);
    }

    async fn call(&self, tool: &str, args: Value) -> Result<Value, ServiceError> {
        let args = args.as_object().cloned().unwrap();
        self.service.call(tool, &args, Some(self.caller)).await
    }

    fn last(&self) -> Outbound {
        self.host.requests().pop().unwrap()
    }
}

/// What an app gets for a body of that media type.
#[track_caller]
fn content(media_type: &str, body: &str, expected: Value) {
    let answer = block_on(async {
        let web = Web::granted().await;
        web.serve(ITEMS, 200, media_type, body);
        web.call("http.get", json!({"url": ITEMS})).await.unwrap()
    });
    assert_eq!(answer["body"], expected, "{media_type} {body}");
}

#[test]
fn an_answer_is_json_where_it_says_so_and_is() {
    content(
        "application/json; charset=utf-8",
        r#"{"a": [1]}"#,
        json!({"a": [1]}),
    );
    content("Application/Problem+JSON", "[]", json!([]));
    content("application/json", "no json", json!("no json"));
    content("text/plain", "[1]", json!("[1]"));
    content("", "", json!(null));
}

#[test]
fn an_answer_tells_status_headers_and_body() {
    block_on(async {
        let web = Web::granted().await;
        let answer = web.call("http.get", json!({"url": ITEMS})).await.unwrap();
        let headers = json!({"content-type": "application/json", "x-part": "a, b"});
        assert_eq!(
            answer,
            json!({"status": 200, "ok": true, "headers": headers, "body": {"id": 1}})
        );

        web.serve(ITEMS, 404, "application/json", r#"{"why": "gone"}"#);
        let Err(ServiceError::Tool {
            code,
            details: Some(details),
            ..
        }) = web.call("http.get", json!({"url": ITEMS})).await
        else {
            panic!("a status from 400 on is an error");
        };
        assert_eq!(
            (code.as_str(), &details["status"], &details["body"]["why"]),
            ("http_status", &json!(404), &json!("gone"))
        );
        assert_eq!(details["ok"], false);
    });
}

#[test]
fn a_request_says_what_the_arguments_say() {
    block_on(async {
        let web = Web::granted().await;
        let url = "https://api.example.org/items?a=1&b=x+y&c=2&c=3";
        web.serve(url, 200, "", "");
        let query = json!({"b": "x y", "c": [2, 3], "d": null});
        let headers = json!({"X-Key": "k", "x-none": null});
        let args = json!({"url": "https://api.example.org/items?a=1", "query": query, "headers": headers, "data": {"n": 1}});
        for (tool, method) in [
            ("post", Method::Post),
            ("put", Method::Put),
            ("patch", Method::Patch),
            ("delete", Method::Delete),
        ] {
            web.call(&format!("http.{tool}"), args.clone()).await.unwrap();
            let sent = web.last();
            assert_eq!(
                (sent.method, sent.target.as_str(), &sent.body[..]),
                (method, url, &br#"{"n":1}"#[..])
            );
            let expected = [("x-key", "k"), ("content-type", "application/json")];
            assert_eq!(
                sent.headers,
                expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
            );
        }
        let text = json!({"url": ITEMS, "data": "plain", "headers": {"Content-Type": "text/csv"}});
        web.call("http.post", text).await.unwrap();
        assert_eq!(
            web.last().headers,
            [("content-type".to_owned(), "text/csv".to_owned())]
        );
        assert_eq!(
            (web.last().body, web.last().response_bytes),
            (b"plain".to_vec(), 2 << 20)
        );
    });
}

#[test]
fn what_a_request_cannot_be_is_told_by_argument() {
    block_on(async {
        let web = Web::granted().await;
        let argument = async |tool: &str, args: Value| match web.call(tool, args).await {
            Err(ServiceError::InvalidArgument { argument, .. }) => argument,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            argument("http.get", json!({"url": "http://a:b@api.example.org/"})).await,
            "url"
        );
        assert_eq!(
            argument("http.get", json!({"url": "items", "query": {"a": 1}})).await,
            "url"
        );
        assert_eq!(
            argument("http.get", json!({"url": ITEMS, "headers": {"Host": "a"}})).await,
            "headers"
        );
        assert_eq!(
            argument("http.get", json!({"url": ITEMS, "headers": {"a": [1]}})).await,
            "headers"
        );
    });
}

#[test]
fn what_the_person_did_not_allow_is_not_fetched() {
    block_on(async {
        let web = Web::granted().await;
        let elsewhere = web
            .call("http.get", json!({"url": "https://other.example/"}))
            .await;
        assert_eq!(code(elsewhere), "approval_required");
        let private = web.call("http.get", json!({"url": "http://127.0.0.1/"})).await;
        assert_eq!(code(private), "permission_denied");
        let redirect = HttpResponse {
            status: 302,
            headers: vec![("location".to_owned(), "file:///etc/passwd".to_owned())],
            body: Vec::new(),
        };
        web.host.serve(ITEMS, redirect);
        let kind = IoKind::Protocol;
        let led_away = web.call("http.get", json!({"url": ITEMS})).await;
        assert_eq!(led_away, Err(ServiceError::System(SysError::Io { kind })));
        assert_eq!(web.host.requests().len(), 1);
    });
}

const FEED: &str = "wss://feed.example.org/news";

#[test]
fn a_socket_stays_connected_until_it_is_closed() {
    block_on(async {
        let web = Web::granted().await;
        let socket = async |args: Value| {
            let mut args = args;
            args["url"] = json!(FEED);
            web.call("http.socket", args).await.unwrap()
        };
        let none = json!({"messages": [], "open": false});
        assert_eq!(
            socket(json!({"close": true})).await,
            none,
            "nothing was opened to be closed"
        );
        assert_eq!(web.host.arrivals(), 0);
        let echoed = socket(json!({"send": "hello"})).await;
        assert_eq!(echoed, json!({"messages": ["hello"], "open": true}));
        let echoed = socket(json!({"send": {"n": [1, null]}})).await;
        assert_eq!(echoed, json!({"messages": [{"n": [1, null]}], "open": true}));
        assert_eq!(socket(json!({})).await, json!({"messages": [], "open": true}));
        assert_eq!(web.host.open_sockets(), 1);

        let last = socket(json!({"send": "bye", "close": true})).await;
        assert_eq!(last, json!({"messages": ["bye"], "open": false}));
        assert_eq!(web.host.open_sockets(), 0);
    });
}

#[test]
fn the_end_of_a_socket_is_told_once_with_what_was_left() {
    block_on(async {
        let web = Web::granted().await;
        let text = |text: &str| SocketMessage::Text(text.to_owned());
        let (json, raw) = (text("{\"a\": 1}"), SocketMessage::Binary(vec![0xff]));
        web.host
            .serve_socket("https://feed.example.org/news", &[json, text("not json"), raw]);
        let socket = async |args: Value| {
            let mut args = args;
            args["url"] = json!(FEED);
            web.call("http.socket", args).await
        };
        let some = socket(json!({"max": 1})).await.unwrap();
        assert_eq!(some, json!({"messages": [{"a": 1}], "open": true}));
        web.host.end_sockets();
        let rest = socket(json!({})).await.unwrap();
        assert_eq!(rest, json!({"messages": ["not json", "\u{fffd}"], "open": false}));
        let anew = socket(json!({"max": 1})).await.unwrap();
        assert_eq!(anew, json!({"messages": [{"a": 1}], "open": true}));

        web.host.end_sockets();
        let Err(ServiceError::Tool { code, details, .. }) = socket(json!({"send": "lost"})).await else {
            panic!("nothing can be sent");
        };
        let left = json!({"messages": ["not json", "\u{fffd}"], "open": false});
        assert_eq!((code.as_str(), details), ("closed", Some(left)));
        assert_eq!(socket(json!({"send": "heard"})).await.unwrap()["open"], true);
    });
}

#[test]
fn a_socket_is_allowed_and_named_like_a_request() {
    block_on(async {
        let web = Web::granted().await;
        let socket = async |url: &str| web.call("http.socket", json!({"url": url})).await;
        assert_eq!(code(socket("wss://other.example/").await), "approval_required");
        assert_eq!(code(socket("ws://127.0.0.1/").await), "permission_denied");
        assert_eq!(code(socket("wss://feed.example.org/none").await), "unavailable");
        match socket("ws://a:b@feed.example.org/").await {
            Err(ServiceError::InvalidArgument { argument, message }) => {
                assert_eq!(argument, "url");
                assert!(message.contains("ws or wss"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(web.host.open_sockets(), 0);
    });
}

fn note() -> Value {
    json!({"type": "app", "title": "Note", "components": [{"type": "text", "props": {"content": "Hello"}}]})
}

/// Builds a note for whatever is asked, a few times.
fn app_service(desk: &FamilyDesk) -> AppService {
    let llm = ScriptedLlm::new(std::iter::repeat_with(|| say(&note().to_string())).take(20));
    let generator = Generator::new(Arc::new(llm), Arc::new(Catalog::builtin().clone()));
    AppService::new(Arc::clone(&desk.apps), generator)
}

fn ipc_service(desk: &FamilyDesk) -> IpcService {
    IpcService::new(Arc::clone(&desk.kernel) as _, Arc::clone(&desk.apps))
}

async fn allow_topic(desk: &FamilyDesk, caller: Caller, topic: &str) {
    let kernel: &dyn KernelPort = &*desk.kernel;
    let topic = Topic::parse(topic).unwrap();
    let rule = IpcRule {
        with: Partner::Topic(topic),
        rights: IpcRights::Both,
    };
    let granted = kernel.grant(caller.pid, rule.into(), Rule::Allow).await;
    granted.unwrap();
}

fn caller(app: &App) -> Caller {
    Caller {
        app: app.record.id,
        pid: app.pid.expect("a process"),
        namespace: app.record.namespace,
    }
}

async fn ask(
    service: &dyn ServicePort,
    caller: Caller,
    tool: &str,
    args: Value,
) -> Result<Value, ServiceError> {
    let args = args.as_object().cloned().unwrap_or_default();
    service.call(tool, &args, Some(caller)).await
}

#[track_caller]
fn code(answer: Result<Value, ServiceError>) -> String {
    answer.expect_err("refused").code().to_owned()
}

#[test]
fn an_app_opens_shows_and_closes_apps_of_its_own() {
    block_on(async {
        let desk = FamilyDesk::new();
        let (service, parent) = (app_service(&desk), desk.spawn(note()).await);
        let caller = caller(&parent);
        let made = ask(&service, caller, "app.spawn", json!({"request": "a note"}))
            .await
            .unwrap();
        assert_eq!(made["title"], "Note");
        let child = made["app_id"].clone();
        let listed = ask(&service, caller, "app.list", json!({})).await.unwrap();
        assert_eq!(
            listed,
            json!([
                {"app_id": parent.record.id, "title": "Note", "state": "background", "parent_id": null},
                {"app_id": child, "title": "Note", "state": "active", "parent_id": parent.record.id},
            ])
        );
        desk.events();
        let (own, id) = (parent.record.id, child.as_str().unwrap().parse().unwrap());
        assert_eq!(
            ask(&service, caller, "app.focus", json!({})).await.unwrap(),
            json!({"app_id": own})
        );
        assert_eq!(
            desk.events(),
            [AppEvent::Focused { app: own }, AppEvent::Raised { app: own }]
        );
        ask(&service, caller, "app.focus", json!({"app_id": child}))
            .await
            .unwrap();
        ask(&service, caller, "app.unfocus", json!({"app_id": child}))
            .await
            .unwrap();
        assert_eq!(desk.events().last(), Some(&AppEvent::Lowered { app: id }));
        assert_eq!(desk.apps.list().await.unwrap().1.focused_app_id, None);
        let closed = ask(&service, caller, "app.close", json!({"app_id": child}))
            .await
            .unwrap();
        assert_eq!(closed, json!({"closed": [child]}));
        assert_eq!(desk.apps.list().await.unwrap().1.total_apps, 1);
        let closed = ask(&service, caller, "app.close", json!({})).await.unwrap();
        assert_eq!(closed, json!({"closed": [own]}));
    });
}

#[test]
fn an_app_reaches_no_app_but_its_own() {
    block_on(async {
        let desk = FamilyDesk::new();
        let service = app_service(&desk);
        let parent = desk.spawn(note()).await;
        let child = desk.spawn_child(&parent).await;
        let stranger = desk.spawn(note()).await;
        for tool in ["app.focus", "app.unfocus", "app.close"] {
            for (asking, other) in [
                (&stranger, parent.record.id.to_string()),
                (&child, parent.record.id.to_string()),
                (&parent, stranger.record.id.to_string()),
                (&parent, "nobody".to_owned()),
            ] {
                let answer = ask(&service, caller(asking), tool, json!({"app_id": other})).await;
                assert_eq!(code(answer), "app_not_own", "{tool}");
            }
        }
        assert_eq!(desk.apps.list().await.unwrap().1.total_apps, 3);
        let seen = ask(&service, caller(&child), "app.list", json!({}))
            .await
            .unwrap();
        assert_eq!(seen.as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_saved_app_is_opened_as_a_child_unless_it_runs_for_somebody_else() {
    block_on(async {
        let desk = FamilyDesk::new();
        let service = app_service(&desk);
        let mut keeping = note();
        keeping["state"] = json!({"n": 1});
        keeping["persist"] = json!(["n"]);
        let saved = desk.spawn(keeping).await;
        let package = desk
            .registry
            .save(saved.record.id, MetadataChange::default())
            .await
            .unwrap()
            .id;
        let caller = caller(&desk.spawn(note()).await);
        let open = json!({"package_id": package});
        let answer = ask(&service, caller, "app.spawn", open.clone()).await;
        assert_eq!(code(answer), "runs_elsewhere");
        desk.apps.close(saved.record.id).await.unwrap();
        let child = ask(&service, caller, "app.spawn", open.clone()).await.unwrap();
        let again = ask(&service, caller, "app.spawn", open).await.unwrap();
        assert_eq!(child, again, "one that keeps data runs once");
        let id = child["app_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(desk.apps.app(id).await.unwrap().record.parent, Some(caller.app));
    });
}

#[test]
fn an_app_is_opened_from_one_thing_and_within_the_limits_of_its_process() {
    block_on(async {
        let desk = FamilyDesk::new();
        let service = app_service(&desk);
        let caller = caller(&desk.spawn(note()).await);
        for args in [
            json!({}),
            json!({"request": "a", "package_id": "b"}),
            json!({"request": " "}),
            json!({"package_id": "nothing"}),
        ] {
            assert_eq!(
                code(ask(&service, caller, "app.spawn", args).await),
                "args_invalid"
            );
        }
        for _ in 0..8 {
            ask(&service, caller, "app.spawn", json!({"request": "a note"}))
                .await
                .unwrap();
        }
        let ninth = ask(&service, caller, "app.spawn", json!({"request": "a note"})).await;
        assert_eq!(code(ninth), "quota_exceeded");
        assert_eq!(desk.apps.list().await.unwrap().1.total_apps, 9);
    });
}

#[test]
fn one_app_is_made_at_a_time_for_an_app_and_a_call_given_up_makes_none() {
    block_on(async {
        let desk = FamilyDesk::new();
        let llm = ScriptedLlm::default()
            .then_hangs_after(vec![])
            .then_hangs_after(vec![]);
        let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
        let service = AppService::new(Arc::clone(&desk.apps), generator);
        let caller = caller(&desk.spawn(note()).await);
        for _ in 0..2 {
            let mut first = Box::pin(ask(&service, caller, "app.spawn", json!({"request": "a note"})));
            assert!(futures::poll!(&mut first).is_pending());
            let second = ask(&service, caller, "app.spawn", json!({"request": "a note"})).await;
            assert_eq!(code(second), "busy");
        }
        assert_eq!(desk.apps.list().await.unwrap().1.total_apps, 1);
    });
}

/// All services over one kernel, and one app.
struct Desk {
    services: Services,
    kernel: Arc<dyn KernelPort>,
    caller: Caller,
}

impl Desk {
    async fn open() -> Self {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        let greetings: Arc<dyn ServicePort> = Arc::new(GreetingService);
        let services = Services::new(&kernel, [greetings]).unwrap();
        let family = FamilyDesk::new();
        let services = services.with_apps(app_service(&family), ipc_service(&family));
        Self {
            services,
            kernel,
            caller,
        }
    }

    async fn call(&self, tool: &str, args: Value) -> Result<Value, ServiceError> {
        self.services.call(tool, &args, Some(self.caller)).await
    }

    async fn code(&self, tool: &str, args: Value) -> String {
        self.call(tool, args).await.unwrap_err().code().to_owned()
    }
}

#[test]
fn storage_keeps_any_json_under_its_key() {
    block_on(async {
        let desk = Desk::open().await;
        for value in [
            json!(null),
            json!(false),
            json!(0.5),
            json!("Dear"),
            json!([1, {"b": 1, "a": 2}]),
        ] {
            assert_eq!(
                desk.call("storage.set", json!({"key": "k", "value": value}))
                    .await
                    .unwrap(),
                true
            );
            assert_eq!(
                desk.call("storage.get", json!({"key": "k"})).await.unwrap(),
                value
            );
        }
        assert_eq!(desk.call("storage.list", json!({})).await.unwrap(), json!(["k"]));
        assert_eq!(
            desk.call("storage.remove", json!({"key": "k"})).await.unwrap(),
            true
        );
        assert_eq!(
            desk.call("storage.remove", json!({"key": "k"})).await.unwrap(),
            false
        );
        assert_eq!(
            desk.call("storage.get", json!({"key": "k"})).await.unwrap(),
            Value::Null
        );
        assert_eq!(
            desk.call("storage.get", json!({"key": "k", "default": 7}))
                .await
                .unwrap(),
            7
        );
    });
}

#[test]
fn storage_lists_by_prefix_and_clears_what_it_counts() {
    block_on(async {
        let desk = Desk::open().await;
        for key in ["note/b", "note/a", "other"] {
            desk.call("storage.set", json!({"key": key, "value": 1}))
                .await
                .unwrap();
        }
        let notes = desk
            .call("storage.list", json!({"prefix": "note/"}))
            .await
            .unwrap();
        assert_eq!(notes, json!(["note/a", "note/b"]));
        assert_eq!(desk.call("storage.clear", json!({})).await.unwrap(), 3);
        assert_eq!(desk.call("storage.list", json!({})).await.unwrap(), json!([]));
    });
}

#[test]
fn apps_do_not_see_each_others_storage() {
    block_on(async {
        let desk = Desk::open().await;
        desk.call("storage.set", json!({"key": "k", "value": "mine"}))
            .await
            .unwrap();
        let other = app(&desk.kernel, 2).await;
        let read = desk
            .services
            .call("storage.get", &json!({"key": "k"}), Some(other))
            .await;
        assert_eq!(read, Ok(Value::Null));

        let liar = Caller {
            namespace: desk.caller.namespace,
            ..other
        };
        let read = desk
            .services
            .call("storage.get", &json!({"key": "k"}), Some(liar))
            .await;
        let need = Capability::Store {
            namespace: desk.caller.namespace,
        };
        assert_eq!(read, Err(SysError::PermissionDenied { need }.into()));
    });
}

#[test]
fn the_system_tells_its_time_and_kind() {
    block_on(async {
        let desk = Desk::open().await;
        let time = desk.call("system.time", json!({})).await.unwrap();
        assert_eq!(
            time,
            json!({"now": "2023-11-14T22:13:20Z", "unix_ms": FakeKernel::NOW})
        );
        assert_eq!(desk.call("system.time", Value::Null).await.unwrap(), time);
        let info = desk.call("system.info", json!({})).await.unwrap();
        assert_eq!(info["cpus"], 1);
    });
}

#[test]
fn a_call_that_cannot_run_is_refused_with_its_code() {
    block_on(async {
        let desk = Desk::open().await;
        assert_eq!(desk.code("storage.fetch", json!({})).await, "tool_unknown");
        assert_eq!(
            desk.code("mail.send", json!({"url": "http://example.com"})).await,
            "tool_unknown"
        );
        assert_eq!(desk.code("storage.get", json!({})).await, "args_invalid");
        assert_eq!(desk.code("storage.get", json!([])).await, "args_invalid");
        assert_eq!(
            desk.code("storage.get", json!({"key": "k", "colour": "red"}))
                .await,
            "args_invalid"
        );
        assert_eq!(desk.code("storage.get", json!({"key": ""})).await, "args_invalid");
        assert_eq!(
            desk.code("ui.set_state", json!({"path": "a", "value": 1})).await,
            "app_required"
        );
        assert_eq!(
            desk.code("system.log", json!({"message": "hi"})).await,
            "app_required"
        );
        let large = "x".repeat(2 * 1024 * 1024);
        assert_eq!(
            desk.code("storage.set", json!({"key": "k", "value": large}))
                .await,
            "too_large"
        );
        desk.kernel.kill(desk.caller.pid).await.unwrap();
        assert_eq!(desk.code("storage.get", json!({"key": "k"})).await, "cancelled");
    });
}

#[test]
fn without_an_app_only_tools_without_a_capability_run() {
    block_on(async {
        let services = Desk::open().await.services;
        let greeting = services.call("greet.hello", &json!({"name": "Ada"}), None).await;
        assert_eq!(greeting, Ok(json!("Hello, Ada")));
        let sum = services.call("calc.add", &json!({"a": 2, "b": 3}), None).await;
        assert_eq!(sum, Ok(json!(5)));
        let key = services
            .call("calc.append_digit", &json!({"digit": "7"}), None)
            .await;
        assert_eq!(key.unwrap_err().code(), "app_required");
        let time = services.call("system.time", &json!({}), None).await;
        assert_eq!(
            time,
            Err(ServiceError::AppRequired {
                tool: "system.time".to_owned()
            })
        );
    });
}

#[test]
fn an_embedders_tools_are_in_the_catalog_the_list_and_discovery() {
    block_on(async {
        let services = Desk::open().await.services;
        assert!(services.catalog().tool("greet.hello").is_some());
        assert_eq!(ids(services.list(Some("social"))), ["greet"]);
        assert_eq!(ids(services.discover("welcomes"))[0], "greet");
        assert_eq!(ids(services.discover("I want to save what I load"))[0], "storage");
        assert_eq!(services.stats().categories["social"], 1);
    });
}

#[test]
fn every_tool_of_the_catalog_is_listed_once() {
    block_on(async {
        let services = Desk::open().await.services;
        let mut listed: Vec<_> = services
            .list(None)
            .iter()
            .flat_map(|service| &service.tools)
            .map(|tool| tool.id.clone())
            .collect();
        let mut all: Vec<_> = services.catalog().tools().map(|tool| tool.id.clone()).collect();
        assert_eq!(services.stats().total_tools, listed.len());
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
    });
}

#[test]
fn services_that_contradict_each_other_are_refused() {
    let greetings = || Arc::new(GreetingService) as Arc<dyn ServicePort>;
    let twice = Services::new(&kernel(), [greetings(), greetings()]).err();
    assert_eq!(
        twice,
        Some(RegistrationError::Twice {
            id: "greet".to_owned()
        })
    );

    let usurper: Arc<dyn ServicePort> = Arc::new(StorageService::new(kernel()));
    let twice = Services::new(&kernel(), [usurper]).err();
    assert_eq!(
        twice,
        Some(RegistrationError::Twice {
            id: "storage".to_owned()
        })
    );
}

#[test]
fn a_service_hears_of_no_call_that_does_not_fit_its_tool() {
    block_on(async {
        let desk = Desk::open().await;
        let mut service = MockServicePort::new();
        service.expect_describe().returning(|| GreetingService.describe());
        service
            .expect_call()
            .withf(move |tool, args, caller| {
                tool == "greet.hello" && args["name"] == "Ada" && *caller == Some(desk.caller)
            })
            .once()
            .return_once(|_, _, _| Ok(json!("Hello")));
        let service: Arc<dyn ServicePort> = Arc::new(service);
        let services = Services::new(&desk.kernel, [service]).unwrap();
        for args in [
            json!({}),
            json!({"name": []}),
            json!({"name": "Ada", "loud": true}),
            json!("Ada"),
        ] {
            let answer = services.call("greet.hello", &args, Some(desk.caller)).await;
            assert_eq!(code(answer), "args_invalid", "{args}");
        }
        for tool in ["greet.bye", "greet."] {
            assert_eq!(
                code(services.call(tool, &json!({}), Some(desk.caller)).await),
                "tool_unknown"
            );
        }
        let answer = services
            .call("greet.hello", &json!({"name": "Ada"}), Some(desk.caller))
            .await;
        assert_eq!(answer, Ok(json!("Hello")));
    });
}

fn ids(services: Vec<&Service>) -> Vec<&str> {
    services.into_iter().map(|service| service.id.as_str()).collect()
}

#[test]
fn what_an_app_publishes_comes_to_those_that_receive_it() {
    block_on(async {
        let desk = FamilyDesk::new();
        let service = ipc_service(&desk);
        let (timer, todo) = (desk.spawn(note()).await, desk.spawn(note()).await);
        let (one, two) = (caller(&timer), caller(&todo));
        for caller in [one, two] {
            allow_topic(&desk, caller, "timer.done").await;
        }
        let news = || ask(&service, two, "ipc.receive", json!({"topic": "timer.done"}));
        assert_eq!(news().await, Ok(json!([])), "it listens from now on");
        for title in ["Tea", "Eggs"] {
            let told = json!({"topic": "timer.done", "message": {"title": title}});
            assert_eq!(ask(&service, one, "ipc.publish", told).await, Ok(json!(1)));
        }
        let from = json!({"app_id": timer.record.id, "title": timer.record.title});
        let expected = json!([
            {"message": {"title": "Tea"}, "from": from, "lagged": 0},
            {"message": {"title": "Eggs"}, "from": from, "lagged": 0},
        ]);
        assert_eq!(news().await, Ok(expected));
        assert_eq!(news().await, Ok(json!([])), "each is told once");
        desk.apps.close(timer.record.id).await.unwrap();
    });
}

#[test]
fn an_app_writes_to_those_it_opened_and_they_write_back() {
    block_on(async {
        let desk = FamilyDesk::new();
        let service = ipc_service(&desk);
        let parent = desk.spawn(note()).await;
        let child = desk.spawn_child(&parent).await;
        let stranger = desk.spawn(note()).await;
        let (one, two) = (caller(&parent), caller(&child));
        let down = json!({"to": child.record.id, "message": "pick one"});
        assert_eq!(ask(&service, one, "ipc.send", down).await, Ok(json!(true)));
        let read = ask(&service, two, "ipc.receive", json!({})).await.unwrap();
        assert_eq!(
            (&read[0]["message"], &read[0]["from"]["app_id"]),
            (&json!("pick one"), &json!(parent.record.id))
        );
        let up = json!({"to": "parent", "message": {"picked": 2}});
        assert_eq!(ask(&service, two, "ipc.send", up).await, Ok(json!(true)));
        let read = ask(&service, one, "ipc.receive", json!({})).await.unwrap();
        assert_eq!(read[0]["message"], json!({"picked": 2}));
        for (to, expected) in [
            (json!(stranger.record.id), "approval_required"),
            (json!(AppId::new(1, 1)), "not_found"),
            (json!("parent"), "not_found"),
            (json!("somebody"), "args_invalid"),
        ] {
            let args = json!({"to": to, "message": 1});
            assert_eq!(code(ask(&service, one, "ipc.send", args).await), expected, "{to}");
        }
    });
}

#[test]
fn a_topic_is_asked_about_and_has_a_plain_name() {
    block_on(async {
        let desk = FamilyDesk::new();
        let service = ipc_service(&desk);
        let app = caller(&desk.spawn(note()).await);
        for (topic, expected) in [("news", "approval_required"), ("what is new?", "args_invalid")] {
            let receive = ask(&service, app, "ipc.receive", json!({"topic": topic})).await;
            assert_eq!(code(receive), expected);
            let args = json!({"topic": topic, "message": 1});
            assert_eq!(code(ask(&service, app, "ipc.publish", args).await), expected);
        }
    });
}
