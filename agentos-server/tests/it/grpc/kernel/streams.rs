//! Files as streams.

use super::*;

fn reading(path: &str) -> StreamItem {
    opened(open::Stream::Read(ReadStream {
        path: path.to_owned(),
        offset: 0,
        length: None,
    }))
}

fn writing(path: &str) -> StreamItem {
    opened(open::Stream::Write(WriteStream {
        path: path.to_owned(),
        mode: WriteMode::Replace.into(),
        if_etag: None,
    }))
}

fn opened(stream: open::Stream) -> StreamItem {
    StreamItem::Open(Open {
        acting_pid: None,
        stream: Some(stream),
    })
}

/// What is answered to these requests, which end after them.
async fn streamed(client: &Client, requests: Vec<StreamItem>) -> Vec<Answered> {
    let requests = requests
        .into_iter()
        .map(|item| StreamSyscallRequest { item: Some(item) });
    let requests = client.request(futures::stream::iter(requests.collect::<Vec<_>>()));
    let answers = client.service.clone().stream_syscall(requests).await;
    let mut answers = answers.unwrap().into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        all.push(answer.item.unwrap());
    }
    all
}

fn code(answers: &[Answered]) -> &str {
    match answers {
        [Answered::Error(error)] => &error.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_streamed_in_and_out_and_whole_or_not_at_all() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Standard).await;
    let chunks: Vec<Vec<u8>> = (0..200).map(|number| vec![number; 65_536]).collect();
    let mut requests = vec![writing("home:film")];
    requests.extend(chunks.iter().cloned().map(StreamItem::Chunk));
    assert_eq!(
        code(&streamed(&process, requests.clone()).await),
        "cancelled",
        "without its end a file is not whole"
    );
    assert_eq!(
        code(&streamed(&process, vec![reading("home:film")]).await),
        "not_found"
    );

    requests.push(StreamItem::End(()));
    let written = streamed(&process, requests).await;
    let [Answered::Written(stat)] = &written[..] else {
        panic!("{written:?}");
    };
    assert_eq!(stat.size, 200 * 65_536);
    let mut read_back = Vec::new();
    for answer in streamed(&process, vec![reading("home:film")]).await {
        match answer {
            Answered::Chunk(chunk) => {
                assert!(chunk.len() <= 65_536);
                read_back.extend(chunk);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(read_back == chunks.concat());

    let long = vec![writing("home:film"), StreamItem::Chunk(vec![0; 65_537])];
    assert_eq!(code(&streamed(&process, long).await), "too_large");
    let as_operator = StreamItem::Open(Open {
        acting_pid: Some(own.pid),
        stream: Some(open::Stream::Read(ReadStream {
            path: "home:film".to_owned(),
            offset: 200 * 65_536 - 1,
            length: None,
        })),
    });
    let last = streamed(&operator, vec![as_operator.clone()]).await;
    assert_eq!(last, [Answered::Chunk(vec![199])]);
    let requests = process.request(futures::stream::iter([StreamSyscallRequest {
        item: Some(as_operator),
    }]));
    let refused = process.service.clone().stream_syscall(requests).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_stream_that_is_not_opened_is_refused() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (_, process) = operator.process("one", SandboxLevel::Standard).await;
    for (requests, field) in [
        (vec![], "open"),
        (vec![StreamItem::Chunk(Vec::new())], "open"),
        (vec![StreamItem::Open(Open::default())], "stream"),
        (vec![reading("/etc/passwd")], "path"),
        (vec![writing("home:a"), writing("home:a")], "chunk"),
    ] {
        let answers = streamed(&process, requests).await;
        let [Answered::Error(error)] = &answers[..] else {
            panic!("{answers:?}");
        };
        assert_eq!(error.error, invalid(field));
    }
}

#[tokio::test]
async fn a_stop_breaks_off_a_stream() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (_, process) = operator.process("one", SandboxLevel::Standard).await;
    let requests = futures::stream::iter([StreamSyscallRequest {
        item: Some(writing("home:a")),
    }]);
    let requests = process.request(requests.chain(futures::stream::pending()));
    let answers = process.service.clone().stream_syscall(requests).await;
    let mut answers = answers.unwrap().into_inner();
    let (broken, stopped) = tokio::join!(
        answers.message(),
        tokio::time::timeout(Duration::from_secs(4), server.stop())
    );
    stopped.expect("the server waits for the writer");
    assert_eq!(broken.unwrap_err().code(), Code::Unavailable);
}
