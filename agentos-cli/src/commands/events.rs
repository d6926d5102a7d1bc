//! `events`: what happened in the kernel, and what happens.

use anyhow::{Context, bail};
use clap::Args;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::print;
use super::table::moment;
use crate::Verdict;
use crate::server::{Server, in_runtime};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only those after the event of this number; without it, the newest 1,000. A number beyond the newest is of an
    /// earlier start of the server: all are told
    #[arg(long, value_name = "N")]
    since: Option<u64>,
    /// Go on with what happens from now on. Whoever follows is there to be asked, so apps that need an approval wait for it
    #[arg(long)]
    follow: bool,
}

pub(crate) fn events(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let mut last = tell_kept(server, arguments.since, json)?;
    // What was written above may have taken a while, and a page has an end.
    while last.is_behind {
        last = tell_kept(server, Some(last.seq), json)?;
    }
    if arguments.follow {
        return in_runtime(follow(server, last.seq, json));
    }
    Ok(Verdict::Good)
}

/// How far a reader came.
struct Place {
    seq: u64,
    is_behind: bool,
}

fn tell_kept(server: &Server, since: Option<u64>, json: bool) -> anyhow::Result<Place> {
    let page = server.get(&path(since))?;
    tell_missed(&page["missed"], json)?;
    let newest = page["newest"].as_u64().unwrap_or_default();
    let mut seq = since.unwrap_or_default().min(newest);
    for event in page["events"].as_array().into_iter().flatten() {
        show(event, json)?;
        seq = event["seq"].as_u64().unwrap_or(seq);
    }
    Ok(Place {
        seq,
        is_behind: seq < newest,
    })
}

fn path(since: Option<u64>) -> String {
    let query = since.map(|seq| format!("?since={seq}")).unwrap_or_default();
    format!("/kernel/events{query}")
}

/// Shows what happens after the event `since`, until the server stops.
async fn follow(server: &Server, since: u64, json: bool) -> anyhow::Result<Verdict> {
    let mut stream = server.stream().await?;
    let subscription = json!({ "type": "subscribe", "topics": ["kernel"], "since": since });
    stream.send(Message::text(subscription.to_string())).await?;
    while let Some(frame) = stream.next().await {
        let Message::Text(text) = frame.context("the connection to the server broke")? else {
            continue;
        };
        let message: Value =
            serde_json::from_str(&text).context("the server sent something that is not JSON")?;
        match message["type"].as_str() {
            Some("event") => show(&as_listed(message), json)?,
            Some("lagged") => tell_missed(&message["missed"], json)?,
            _ => {}
        }
    }
    bail!("the server closed the connection")
}

/// An event of the stream as the list has it.
fn as_listed(mut message: Value) -> Value {
    json!({
        "seq": message["seq"],
        "time": message["timestamp"].take(),
        "kind": message["kind"].take(),
        "data": message["data"].take(),
    })
}

fn show(event: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        print(&event.to_string())?;
        return Ok(());
    }
    let (time, data) = (moment(event["time"].as_str().unwrap_or("?")), &event["data"]);
    let seq = event["seq"].as_u64().unwrap_or_default();
    let what = data["text"].as_str().or(event["kind"].as_str()).unwrap_or("?");
    let name = data["name"]
        .as_str()
        .map(|name| format!(", {name},"))
        .unwrap_or_default();
    let answer = match (event["kind"].as_str(), data["id"].as_str()) {
        (Some("approval_requested"), Some(id)) => {
            format!("; answer with `approvals answer {id} once|session|always|never`")
        }
        _ => String::new(),
    };
    print(&format!(
        "{time}  {seq:>6}  process {}{name} {what}{answer}",
        data["pid"]
    ))?;
    Ok(())
}

fn tell_missed(missed: &Value, json: bool) -> anyhow::Result<()> {
    let count = missed.as_u64().unwrap_or_default();
    if count == 0 {
        return Ok(());
    }
    if json {
        print(&json!({ "missed": count }).to_string())?;
    } else {
        print(&format!("({count} events before this are no longer kept)"))?;
    }
    Ok(())
}
