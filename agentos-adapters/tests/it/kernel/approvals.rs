//! Questions while a person is there, and what of them is on disk.

use std::collections::BTreeSet;
use std::sync::Arc;

use agentos_adapters::kernel::{Host, LocalKernel, SqliteAppData};
use agentos_core::kernel::{
    ApprovalAnswer, HttpRequest, HttpResponse, KernelConfig, Method, Pid, Principal, Reply, Rule, Site,
    SysError, Syscall,
};
use agentos_core::ports::kernel::{KernelPort, Reader};
use agentos_core::testing::host::FakeHost;

use super::{TokioClock, app, config, database_in, namespace, run, start};

async fn fetch(kernel: &dyn KernelPort, pid: Pid, url: &str) -> Result<Reply, SysError> {
    let request = HttpRequest {
        method: Method::Get,
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: None,
        response_bytes: None,
    };
    let caller = Principal::Process(pid);
    kernel.syscall(caller, Syscall::NetworkRequest(request)).await
}

#[test]
fn a_call_waits_while_a_person_is_there_and_fails_at_once_when_nobody_is() {
    run(async {
        let host = Arc::new(FakeHost::default());
        let (url, page) = (
            "https://api.example/",
            HttpResponse {
                status: 200,
                headers: Vec::new(),
                body: b"page".to_vec(),
            },
        );
        host.serve(url, page.clone());
        let kernel: Arc<dyn KernelPort> = Arc::new(start(host));
        let pid = app(&*kernel, 1).await;
        let program = kernel.events(None, Reader::Program).await.unwrap();
        let alone = fetch(&*kernel, pid, url).await;
        assert!(
            matches!(alone, Err(SysError::ApprovalRequired { .. })),
            "{alone:?}"
        );

        let person = kernel.events(None, Reader::Person).await.unwrap();
        let answering = async {
            let open = kernel.approvals().await.unwrap();
            kernel.answer(open[0].id, ApprovalAnswer::Once).await.unwrap();
        };
        let (got, ()) = tokio::join!(fetch(&*kernel, pid, url), answering);
        assert_eq!(got, Ok(Reply::Response(page)));

        drop(person);
        let alone = fetch(&*kernel, pid, url).await;
        assert!(
            matches!(alone, Err(SysError::ApprovalRequired { .. })),
            "{alone:?}"
        );
        drop(program);
    });
}

#[test]
fn questions_answers_and_requests_are_in_the_audit_and_lasting_answers_beside_it() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let pool = database_in(&folder).await;
        // Nobody listens there: the request is sent, and recorded, all the same.
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let site = Site::parse(&free.to_string()).unwrap();
        let config = KernelConfig {
            operator_sites: BTreeSet::from([site.clone()]),
            ..config()
        };
        let host = Arc::new(Host::new(SqliteAppData::new(pool.clone())));
        let local = LocalKernel::start(config, TokioClock::start(), host);
        let kernel: &dyn KernelPort = &local;
        let pid = app(kernel, 1).await;
        let url = format!("http://{free}/secret?token=1");
        fetch(kernel, pid, &url).await.unwrap_err();
        let open = kernel.approvals().await.unwrap();
        kernel.answer(open[0].id, ApprovalAnswer::Always).await.unwrap();
        let refused = fetch(kernel, pid, &url).await;
        assert_eq!(refused, Err(SysError::Unavailable { retry_after: None }));

        let kept = SqliteAppData::new(pool.clone()).approvals().await.unwrap();
        let kept: Vec<_> = kept
            .into_iter()
            .map(|kept| (kept.namespace, kept.need, kept.rule))
            .collect();
        assert_eq!(kept, [(namespace(1), open[0].need.clone(), Rule::Allow)]);
        let forget = Syscall::ForgetApprovals {
            namespace: namespace(1),
        };
        kernel.syscall(Principal::System, forget).await.unwrap();
        assert_eq!(SqliteAppData::new(pool.clone()).approvals().await, Ok(Vec::new()));

        fetch(kernel, pid, &url).await.unwrap_err();
        let open = kernel.approvals().await.unwrap();
        kernel.answer(open[0].id, ApprovalAnswer::Always).await.unwrap();
        let grants = kernel.grants(Some(pid)).await.unwrap();
        let granted = grants
            .iter()
            .find(|grant| grant.capability == open[0].need.capability());
        kernel.revoke(granted.unwrap().id).await.unwrap();
        assert_eq!(SqliteAppData::new(pool.clone()).approvals().await, Ok(Vec::new()));

        local.stop().await;
        let records: Vec<String> = sqlx::query_scalar("SELECT record FROM audit ORDER BY seq")
            .fetch_all(&pool)
            .await
            .unwrap();
        let actions: Vec<String> = records
            .iter()
            .map(|record| {
                serde_json::from_str::<serde_json::Value>(record).unwrap()["action"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(
            actions,
            [
                "spawn",
                "approval_asked",
                "approval_answered",
                "grant",
                "network_request",
                "revoke",
                "forget_approvals",
                "approval_asked",
                "approval_answered",
                "grant",
                "revoke"
            ]
        );
        assert!(
            !records.concat().contains("secret"),
            "the audit tells the origin alone"
        );
    });
}
