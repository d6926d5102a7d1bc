//! What a process may hold and keep, and not more.

use super::*;

/// Makes a call and takes nothing of its answer; what is returned holds the answer back.
async fn unread(client: &Client, syscall: SyscallKind) -> Streaming<ExecuteSyscallResponse> {
    let endpoint = Endpoint::from_shared(client.url.clone()).unwrap();
    let grpc = tonic::client::Grpc::new(endpoint.connect().await.unwrap());
    let mut grpc = grpc.max_decoding_message_size(ANSWER_BYTES);
    grpc.ready().await.unwrap();
    let request = client.request(ExecuteSyscallRequest {
        call: Some(call(syscall)),
        acting_pid: None,
    });
    let path = PathAndQuery::from_static("/agentos.kernel.v1.KernelService/ExecuteSyscall");
    let answer = grpc.server_streaming(request, path, ProstCodec::default()).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn answers_nobody_takes_are_held_by_who_asked_and_are_not_without_end() {
    const LARGEST: u64 = 8 << 20;
    const LIMIT: u64 = 64 << 20;
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("greedy", SandboxLevel::Standard).await;
    let held = async || memory_of(&server, own.pid).await;
    let large = write("home:large", &vec![7; LARGEST as usize]);
    process.call(large).await.unwrap();
    assert_eq!(held().await, 0);

    let mut answers = Vec::new();
    for taken in 1..=LIMIT / LARGEST {
        answers.push(unread(&process, read("home:large")).await);
        assert_eq!(held().await, taken * LARGEST);
    }
    let Some(ErrorKind::QuotaExceeded(quota)) = process.refused(read("home:large")).await.error else {
        panic!("it is another error");
    };
    assert_eq!(
        (quota.resource(), quota.limit, quota.used),
        (Resource::Memory, LIMIT, LIMIT)
    );

    let first = answers.pop().unwrap().message().await.unwrap().unwrap();
    assert!(answered(first).is_ok(), "what is taken is whole");
    eventually(async || held().await == LIMIT - LARGEST).await;
    process.call(read("home:large")).await.unwrap();
    drop(answers);
    eventually(async || held().await == 0).await;
}

#[tokio::test]
async fn an_answer_nobody_takes_is_held_when_its_process_ended() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("short", SandboxLevel::Standard).await;
    process
        .call(write("home:large", &vec![7; 8 << 20]))
        .await
        .unwrap();
    let answer = unread(&process, read("home:large")).await;
    let held = async || server.get("/kernel/stats").await.body["memory_bytes"].as_u64();
    operator
        .service
        .clone()
        .kill_process(KillProcessRequest { pid: own.pid })
        .await
        .unwrap();
    assert_eq!(held().await, Some(8 << 20));
    drop(answer);
    eventually(async || held().await == Some(0)).await;
}

fn exceeded(error: SysError) -> (Resource, u64, u64) {
    match error.error {
        Some(ErrorKind::QuotaExceeded(quota)) => (quota.resource(), quota.limit, quota.used),
        other => panic!("{other:?}"),
    }
}

/// So many rows for a namespace, as if they had been put one by one.
const FILL_STORE: &str = "
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)
    INSERT INTO app_data (namespace, key, value, version) SELECT ?1, printf('%07d', n), x'00', 1 FROM number";

#[tokio::test]
async fn so_many_keys_are_kept_and_no_more() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    for (level, limit) in [
        (SandboxLevel::Minimal, 1_000),
        (SandboxLevel::Standard, 50_000),
        (SandboxLevel::Privileged, 500_000),
    ] {
        let (own, process) = operator.process("store", level).await;
        sqlx::query(FILL_STORE)
            .bind(&own.namespace)
            .bind(limit - 1)
            .execute(&server.database)
            .await
            .unwrap();
        let put = |number: i64, value: &[u8]| {
            SyscallKind::StorePut(syscall::StorePut {
                namespace: own.namespace.clone(),
                key: format!("{number:07}"),
                value: value.to_vec(),
                if_version: None,
            })
        };
        process.call(put(limit, b"last")).await.unwrap();
        let full = (Resource::StoreKeys, limit as u64, limit as u64);
        assert_eq!(exceeded(process.refused(put(limit + 1, b"more")).await), full);
        process.call(put(1, b"again")).await.unwrap();
        let list = SyscallKind::StoreList(syscall::StoreList {
            namespace: own.namespace.clone(),
            prefix: String::new(),
            after: Some(format!("{:07}", limit - 1_000)),
            limit: 1_000,
        });
        let Ok(ReplyKind::Keys(keys)) = process.call(list).await else {
            panic!("there is no list");
        };
        assert_eq!((keys.keys.len(), keys.more), (1_000, false), "nothing is lost");
        assert_eq!(*keys.keys.last().unwrap(), format!("{limit:07}"));
        let delete = SyscallKind::StoreDelete(syscall::StoreDelete {
            namespace: own.namespace.clone(),
            key: format!("{limit:07}"),
        });
        process.call(delete).await.unwrap();
        process.call(put(limit + 1, b"more")).await.unwrap();
        assert_eq!(exceeded(process.refused(put(limit, b"last")).await), full);
    }
}

#[tokio::test]
async fn files_take_so_much_space_and_no_more() {
    const MIB: u64 = 1 << 20;
    let filled = |byte: u8, mebibytes: u64| vec![byte; (mebibytes * MIB) as usize];
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    for (level, limit) in [
        (SandboxLevel::Minimal, 8 * MIB),
        (SandboxLevel::Standard, 256 * MIB),
        (SandboxLevel::Privileged, 4_096 * MIB),
    ] {
        let (own, process) = operator.process("files", level).await;
        let home = capability::Capability::Fs(FsRule {
            path: "home:".to_owned(),
            owner: Some(own.namespace.clone()),
            rights: FsRights::ReadWrite.into(),
        });
        assert_eq!(operator.update(add(own.pid, home, Rule::Allow)).await.1, None);
        let folder = server
            .data_dir
            .path()
            .join("files")
            .join(&own.namespace)
            .join("home");
        std::fs::create_dir_all(&folder).unwrap();
        // Space is counted by how long files are, so one that is all hole takes its length too.
        let large = std::fs::File::create_new(folder.join("large")).unwrap();
        large.set_len(limit - 4 * MIB).unwrap();
        process.call(write("home:kept", &filled(1, 1))).await.unwrap();

        let used = limit - 3 * MIB;
        let refused = process.refused(write("home:more", &filled(2, 4))).await;
        assert_eq!(exceeded(refused), (Resource::Disk, limit, used));
        assert_eq!(process.refused(read("home:more")).await.code, "not_found");
        process.call(write("home:more", &filled(2, 3))).await.unwrap();
        let refused = process.refused(write("home:one", b"1")).await;
        assert_eq!(exceeded(refused), (Resource::Disk, limit, limit));
        let grown = process.refused(write("home:kept", &filled(3, 2))).await;
        assert_eq!(exceeded(grown), (Resource::Disk, limit, limit));
        process.call(write("home:more", &filled(4, 2))).await.unwrap();
        for (path, bytes) in [("home:kept", filled(1, 1)), ("home:more", filled(4, 2))] {
            let Ok(ReplyKind::File(kept)) = process.call(read(path)).await else {
                panic!("{path} is gone");
            };
            let Some(agentos_proto::kernel::file_reply::Reply::Bytes(kept)) = kept.reply else {
                panic!("{kept:?}");
            };
            assert!(kept.bytes == bytes, "{path} has changed");
        }
    }
}

/// What is held for a process.
async fn memory_of(server: &Server, pid: u64) -> u64 {
    let list = server.get("/kernel/processes").await.body;
    let mut processes = list["processes"].as_array().unwrap().iter();
    let own = processes.find(|process| process["pid"] == pid).unwrap();
    own["usage"]["memory_bytes"].as_u64().unwrap()
}
