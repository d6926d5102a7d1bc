//! What an app reaches over the network, seen from outside the program: nothing the person did not allow,
//! and never what is not public unless the operator named exactly it.

#[cfg(target_os = "linux")]
mod rebinding;
mod sockets;
mod tls;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::machine::{Machine, Site};
use crate::process::{Program, place};

/// Addresses that nobody may be led to, as many ways as they are spelled.
const NOT_PUBLIC: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.255.255.254",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "0.0.0.0",
    "0",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "0x7f.0x0.0x0.0x1",
    "0x7f。1",
    "127.0x0.0.01",
    "00000000177.1",
    "①②⑦.⓪.⓪.①",
    "0000.0.0.0",
    "0x0",
    "10.1",
    "0xa.1",
    "172.1048577",
    "192.168.1",
    "3232235521",
    "0xc0a80001",
    "0300.0250.0.1",
    "0251.0376.0251.0376",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:0:127.0.0.1]",
    "[::10.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:a00:1::1]",
    "[2001:0:7f00:1::]",
    "[2001::1]",
    "[fe80::5efe:127.0.0.1]",
    "[febf::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[ff05::1]",
    "[100::1]",
    "[2001:db8::1]",
];

#[tokio::test]
async fn an_address_that_is_not_public_is_never_reached_in_any_spelling() {
    let site = Site::start().await;
    let machine = Machine::start(&[]).await;
    let port = site.port;
    for host in NOT_PUBLIC {
        assert_eq!(
            machine.code(&format!("http://{host}:{port}/")).await,
            "permission_denied",
            "{host}"
        );
    }
    assert_eq!(
        machine.questions().await,
        [] as [Value; 0],
        "what can never be allowed is not asked"
    );
    assert_eq!(site.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn a_name_of_this_machine_is_refused_although_the_person_allows_it() {
    let site = Site::start().await;
    let machine = Machine::start(&[]).await;
    for name in ["localhost", "LOCALHOST.", "no-such-host.invalid"] {
        let url = format!("http://{name}:{}/", site.port);
        machine.allow(&url, "once").await;
        assert_eq!(machine.code(&url).await, "permission_denied", "{name}");
    }
    assert_eq!(site.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn only_the_port_the_operator_named_is_reached() {
    let (site, neighbour) = (Site::start().await, Site::start().await);
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let got = machine.get(&site.url("/")).await;
    assert_eq!(
        (&got["data"]["status"], &got["data"]["body"]["temperature"]),
        (&json!(200), &json!(21))
    );
    assert_eq!(machine.code(&neighbour.url("/")).await, "permission_denied");
    assert_eq!(neighbour.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn other_schemes_and_users_are_no_request() {
    let site = Site::start().await;
    let host = format!("127.0.0.1:{}", site.port);
    let machine = Machine::start(&[&host]).await;
    machine.allow(&site.url("/"), "session").await;
    for url in [
        "file:///etc/passwd",
        "ftp://HOST/",
        "ws://HOST/",
        "gopher://HOST/",
        "data:text/plain,a",
        "http://user@HOST/",
        "http://user:secret@HOST/",
    ] {
        assert_eq!(
            machine.code(&url.replace("HOST", &host)).await,
            "args_invalid",
            "{url}"
        );
    }
    assert_eq!(site.requests(), [] as [String; 0]);
}

/// A URL, and the host a person is asked about; none where it is no address of the web. `HOST` is another each time.
const SPELLED: [(&str, Option<&str>); 33] = [
    ("http://good.test@HOST/", None),
    ("http://good.test:80@HOST/", None),
    ("http://:@HOST@HOST/", None),
    ("http://good.test%40HOST/", None),
    ("http://good.test%00.HOST/", None),
    ("http://good.test%2f.HOST/", None),
    ("http://good.test%5c.HOST/", None),
    ("http://good.test\0.HOST/", None),
    ("http://\u{202e}HOST/", None),
    ("http://[fe80::1%25lo]/", None),
    ("http://[fe80::1%lo]/", None),
    ("http://[::1]HOST/", None),
    ("http://HOST:80:80/", None),
    ("http://-.-/%", Some("-.-")),
    ("//HOST/", None),
    ("HOST/", None),
    ("view-source:http://HOST/", None),
    ("http://HOST\\@good.test/", Some("HOST")),
    ("http://HOST\\.good.test/", Some("HOST")),
    ("http:\\\\HOST\\good.test", None),
    ("http:HOST", None),
    ("\t http://HOST/ \n", Some("HOST")),
    ("ht\ntp://HOST/", Some("HOST")),
    ("http://good.test\n.HOST/", Some("good.test.HOST")),
    ("http://good.test\t.HOST/", Some("good.test.HOST")),
    ("http://HOST#@good.test/", Some("HOST")),
    ("http://HOST?@good.test/", Some("HOST")),
    ("HTTP://HOST./", Some("HOST")),
    ("http://\u{ff45}vil\u{3002}HOST/", Some("evil.HOST")),
    ("http://ev\u{ad}i\u{200b}l.HOST/", Some("evil.HOST")),
    ("http://\u{430}pple.HOST/", Some("xn--pple-43d.HOST")),
    ("http://g\u{43e}\u{43e}gle.HOST/", Some("xn--ggle-55da.HOST")),
    ("http://xn--pple-43d.HOST/", Some("xn--pple-43d.HOST")),
];

#[tokio::test]
async fn a_person_is_asked_about_the_host_that_would_be_reached() {
    let machine = Machine::start(&[]).await;
    for (number, (spelling, expected)) in SPELLED.into_iter().enumerate() {
        let host = format!("h{number}.test");
        let url = spelling.replace("HOST", &host);
        match expected {
            None => assert_eq!(machine.code(&url).await, "args_invalid", "{url:?}"),
            Some(expected) => {
                assert_eq!(machine.code(&url).await, "approval_required", "{url:?}");
                let need = machine.answer("never").await;
                assert_eq!(need["host"], expected.replace("HOST", &host), "{url:?}");
            }
        }
    }
}

#[tokio::test]
async fn headers_say_nothing_of_the_connection_and_smuggle_no_further_request() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let send = |headers: Value| {
        machine.call(
            "http.post",
            json!({"url": site.url("/"), "headers": headers, "data": "x"}),
        )
    };
    for headers in [
        json!({"x-a": "1\r\nx-b: 2"}),
        json!({"x-a": "1\nx-b: 2"}),
        json!({"x-a": "1\rx-b: 2"}),
        json!({"x-a": "1\r\n folded"}),
        json!({"x-a": "1\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"}),
        json!({"x-a": "1\0"}),
        json!({"x-a": "\u{7f}"}),
        json!({"x-a": "ü"}),
        json!({"x-a": "\u{560d}\u{560a}x-b: 2"}),
        json!({"x-a\r\nx-b": "1"}),
        json!({"x-a:": "1"}),
        json!({"x-a ": "1"}),
        json!({" x-a": "1"}),
        json!({"": "1"}),
        json!({"ü": "1"}),
        json!({":authority": "h.test"}),
        json!({"Host": "h.test"}),
        json!({"hOsT": "h.test"}),
        json!({"Content-Length": "0"}),
        json!({"content-length": 5}),
        json!({"Transfer-Encoding": "chunked"}),
        json!({"TE": "trailers"}),
        json!({"Trailer": "x-a"}),
        json!({"Connection": "x-a"}),
        json!({"Keep-Alive": "timeout=5"}),
        json!({"Upgrade": "h2c"}),
        json!({"HTTP2-Settings": "AAMAAABkAAQAAP__"}),
        json!({"Expect": "100-continue"}),
        json!({"Accept-Encoding": "gzip"}),
        json!({"Range": "bytes=0-1"}),
        json!({"Proxy-Authorization": "Basic YTpi"}),
        json!({"Proxy-Connection": "keep-alive"}),
        json!({"Proxy-Authenticate": "Basic"}),
        json!({"x-a": "1", "X-A": "2"}),
        json!({"content-type": "text/plain", "Content-Type": "text/html"}),
        json!({"x-a": ["1", "2"]}),
        json!({"x-a": {"b": "1"}}),
    ] {
        assert_eq!(send(headers.clone()).await["code"], "args_invalid", "{headers}");
    }
    assert_eq!(site.requests(), [] as [String; 0]);
    let sent = send(json!({"X-A": "a\tb; c=\"d\"", "x-n": 5, "x-none": null, "Cookie": "a=b"})).await;
    assert_eq!(sent["success"], true, "{sent}");
    let requests = site.requests();
    let lines: BTreeSet<&str> = requests[0].lines().collect();
    for line in ["x-a: a\tb; c=\"d\"", "x-n: 5", "cookie: a=b", "content-length: 1"] {
        assert!(lines.contains(line), "{line:?} is not in {lines:?}");
    }
}

#[tokio::test]
async fn each_redirect_is_held_to_the_same_rules() {
    let (site, neighbour) = (Site::start().await, Site::start().await);
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let to = |to: &str| site.url(&format!("/?to={to}"));
    assert_eq!(machine.get(&to("/here")).await["data"]["body"]["temperature"], 21);
    for elsewhere in [
        neighbour.url("/"),
        "http://169.254.169.254/".to_owned(),
        "http://[::1]/".to_owned(),
        format!("http://[::ffff:7f00:1]:{}/", neighbour.port),
        format!("http://2130706433:{}/", neighbour.port),
        format!("//0x7f.1:{}/", neighbour.port),
        format!("\\\\127.1:{}/", neighbour.port),
    ] {
        assert_eq!(
            machine.code(&to(&elsewhere)).await,
            "permission_denied",
            "{elsewhere}"
        );
    }
    assert_eq!(
        machine.code(&to("https://else.example/")).await,
        "approval_required"
    );
    let user = neighbour.url("/").replace("//", "//user@");
    for no_place in [
        "file:///etc/passwd",
        "data:text/plain,a",
        "javascript:1",
        "ftp://127.0.0.1/",
        "http:///",
        &user,
    ] {
        assert_eq!(machine.code(&to(no_place)).await, "io", "{no_place}");
    }
    assert_eq!(neighbour.requests(), [] as [String; 0]);

    let before = site.requests().len();
    let circle = site.url("/circle?to=/circle%3Fto=/");
    assert_eq!(machine.get(&circle).await["success"], true);
    let endless = machine.code(&to("?to=?to=?to=?to=?to=?to=?to=/")).await;
    assert_eq!(endless, "io");
    assert!(site.requests().len() - before <= 2 + 6);
}

#[tokio::test]
async fn the_environment_names_no_proxy() {
    let (site, proxy) = (Site::start().await, Site::start().await);
    let url = proxy.url("/");
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (*name, url.as_str())).collect();
    let machine = Machine::with(&[&format!("127.0.0.1:{}", site.port)], &variables).await;
    machine.allow(&site.url("/"), "session").await;
    assert_eq!(machine.code(&site.url("/")).await, "ok");
    assert_eq!((site.requests().len(), proxy.requests().len()), (1, 0));
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_time() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    assert_eq!(machine.code(&site.url("/large")).await, "too_large");
    assert_eq!(machine.code(&site.url("/endless")).await, "too_large");
    for encoding in [
        "gzip",
        "GZIP",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "identity",
        "gzip,%20gzip",
        "made-up",
    ] {
        let packed = site.url(&format!("/packed/{encoding}"));
        assert_eq!(
            machine.code(&packed).await,
            "io",
            "what is packed is not unpacked: {encoding}"
        );
    }
    assert!(
        site.requests()
            .iter()
            .all(|request| !request.contains("accept-encoding"))
    );
    assert_eq!(machine.code(&site.url("/missing")).await, "http_status");
    let slow = machine
        .call("http.get", json!({"url": site.url("/never"), "timeout": 200}))
        .await;
    assert_eq!(slow["code"], "deadline_exceeded");
    let large = json!({"url": site.url("/"), "data": "x".repeat(900_000)});
    assert_eq!(machine.call("http.post", large).await["success"], true);
}

#[tokio::test]
async fn eight_requests_run_and_the_ninth_is_refused() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let slow = || machine.call("http.get", json!({"url": site.url("/never"), "timeout": 3_000}));
    let answers = futures::future::join_all((0..9).map(|_| slow())).await;
    let codes: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer["code"].as_str())
        .collect();
    let count = |code: &str| codes.iter().filter(|own| **own == code).count();
    assert_eq!(
        (count("deadline_exceeded"), count("quota_exceeded")),
        (8, 1),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_person_who_is_there_is_asked_and_the_call_waits() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    let mut person = machine.person().await;
    let url = site.url("/");
    let answering = async {
        let asked = loop {
            let event = person.next().await;
            if event["kind"] == "approval_requested" {
                break event;
            }
        };
        let mut told = asked["data"].clone();
        for of_events in ["pid", "text"] {
            told.as_object_mut().unwrap().remove(of_events);
        }
        assert_eq!(machine.questions().await, [told.clone()]);
        assert_eq!(
            (&told["app_id"], &told["title"]),
            (&json!(machine.app), &json!("Fetcher"))
        );
        assert_eq!(
            told["need"],
            json!({"kind": "net", "host": "127.0.0.1", "port": site.port})
        );
        assert!(told["expires_at"].as_str().unwrap().ends_with('Z'));
        let path = format!("/kernel/approvals/{}", told["id"].as_str().unwrap());
        assert_eq!(
            machine.post(&path, json!({"answer": "maybe"})).await["code"],
            "invalid_body"
        );
        assert_eq!(
            machine.post(&path, json!({"answer": "once"})).await["success"],
            true
        );
        assert_eq!(
            machine.post(&path, json!({"answer": "always"})).await["code"],
            "not_found"
        );
        let answered = loop {
            let event = person.next().await;
            if event["kind"] == "approval_answered" {
                break event;
            }
        };
        assert_eq!(answered["data"]["id"], told["id"]);
    };
    let (got, ()) = tokio::join!(machine.get(&url), answering);
    assert_eq!(got["data"]["body"]["temperature"], 21, "{got}");
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn another_site_cannot_answer_for_the_person() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.code(&site.url("/")).await;
    let id = machine.questions().await[0]["id"].as_str().unwrap().to_owned();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = machine
            .client
            .post(format!("{}/kernel/approvals/{id}", machine.program.url));
        let answer = answer
            .header(name, value)
            .json(&json!({"answer": "always"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    assert_eq!(machine.questions().await.len(), 1);
}

#[tokio::test]
async fn always_and_never_hold_after_a_kill_and_a_session_does_not() {
    let sites = [Site::start().await, Site::start().await, Site::start().await];
    let hosts = sites.each_ref().map(|site| format!("127.0.0.1:{}", site.port));
    let hosts = hosts.each_ref().map(String::as_str);
    let mut machine = Machine::start(&hosts).await;
    for (site, answer) in sites.iter().zip(["always", "never", "session"]) {
        machine.allow(&site.url("/"), answer).await;
    }
    let verdicts = async |machine: &Machine| {
        let mut codes = Vec::new();
        for site in &sites {
            codes.push(machine.code(&site.url("/")).await);
        }
        codes
    };
    assert_eq!(verdicts(&machine).await, ["ok", "permission_denied", "ok"]);
    let data_dir = machine.data_dir.clone();
    let stopped = std::mem::replace(&mut machine.program, {
        let (elsewhere, folder) = place();
        let program = Program::start_with(&folder, &[], &[]);
        drop(elsewhere);
        program
    });
    drop(stopped);
    machine.program = Program::start_with(&data_dir, &["--allow-host", &hosts.join(",")], &[]);
    machine
        .post(&format!("/apps/{}/engine", machine.app), Value::Null)
        .await;
    assert_eq!(
        verdicts(&machine).await,
        ["ok", "permission_denied", "approval_required"]
    );
}

#[tokio::test]
async fn five_questions_wait_and_the_sixth_is_refused() {
    let machine = Machine::start(&[]).await;
    for number in 0..5 {
        assert_eq!(
            machine.code(&format!("https://s{number}.example/")).await,
            "approval_required"
        );
    }
    assert_eq!(machine.code("https://s5.example/").await, "quota_exceeded");
    let ids: BTreeSet<String> = machine
        .questions()
        .await
        .iter()
        .map(|question| question["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn a_name_that_the_operator_named_is_reached() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("localhost:{}", site.port)]).await;
    let url = format!("http://localhost:{}/", site.port);
    machine.allow(&url, "session").await;
    assert_eq!(machine.code(&url).await, "ok");
    assert_eq!(
        machine.code(&site.url("/")).await,
        "permission_denied",
        "its address was not named"
    );
}

#[tokio::test]
async fn credentials_stay_with_the_origin_they_were_meant_for() {
    let (site, other) = (Site::start().await, Site::start().await);
    let hosts = [&site, &other].map(|site| format!("127.0.0.1:{}", site.port));
    let machine = Machine::start(&[&hosts[0], &hosts[1]]).await;
    machine.allow(&site.url("/"), "session").await;
    machine.allow(&other.url("/"), "session").await;
    let headers = json!({"Authorization": "secret", "X-Api-Key": "secret", "Accept": "text/plain"});
    for to in ["/here".to_owned(), other.url("/")] {
        let url = site.url(&format!("/?to={to}"));
        let got = machine
            .call("http.get", json!({"url": url, "headers": headers}))
            .await;
        assert_eq!(got["success"], true, "{got}");
    }
    let secrets = |site: &Site| -> Vec<bool> {
        let requests = site.requests();
        requests
            .iter()
            .map(|request| request.contains("secret"))
            .collect()
    };
    assert_eq!(secrets(&site), [true, true, true]);
    assert_eq!(secrets(&other), [false]);
    assert!(other.requests()[0].contains("accept: text/plain"));
}

#[tokio::test]
async fn what_a_window_loads_is_allowed_first_and_answers_can_be_taken_back() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    let access = format!("/apps/{}/access", machine.app);
    let permissions = format!("/apps/{}/permissions", machine.app);
    let ask = |url: String| machine.post(&access, json!({"url": url}));
    assert_eq!(ask(site.url("/cat.png")).await["code"], "approval_required");
    machine.allow(&site.url("/"), "always").await;
    let visits = site.requests().len();
    assert_eq!(ask(site.url("/cat.png")).await["success"], true);
    for url in ["http://10.0.0.1/router", "file:///etc/passwd", "nonsense"] {
        assert_ne!(ask(url.to_owned()).await["success"], true, "{url}");
    }
    assert_eq!(site.requests().len(), visits, "the server loads nothing of it");

    let shown = machine.ask("GET", &permissions).await;
    let need = json!({"kind": "net", "host": "127.0.0.1", "port": site.port});
    assert_eq!(shown["services"], json!(["http"]));
    assert_eq!(shown["answers"], json!([{"need": need, "allowed": true}]));
    assert_eq!(machine.ask("DELETE", &permissions).await["success"], true);
    assert_eq!(machine.ask("GET", &permissions).await["answers"], json!([]));
    assert_eq!(ask(site.url("/cat.png")).await["code"], "approval_required");
    assert_eq!(machine.code(&site.url("/")).await, "approval_required");
}
