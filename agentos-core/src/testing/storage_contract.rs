//! What every [`StoragePort`] promises, as one function a promise.
//!
//! [`storage_contract!`](crate::storage_contract) makes a test of each for one implementation.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ids::{AppId, Namespace, PackageId, SessionId};
use crate::ports::storage::{
    AppRecord, AppSnapshot, DocumentEdit, Package, PackageMetadata, Replica, Session, StorageError,
    StoragePort, VERSIONS_KEPT, Version, Window, WindowState, Workspace,
};
use crate::spec::Catalog;
use crate::spec::history::History;

/// One `#[test]` a promise; `$run` drives a future to its end, `$storage` is a future of an empty
/// store and of what must live as long:
/// `storage_contract!(block_on, async { (MemoryStorage::default(), ()) })`.
#[macro_export]
macro_rules! storage_contract {
    ($run:path, $storage:expr) => {
        $crate::storage_contract!(@tests $run, $storage,
            answers_when_reachable
            app_reads_back_whole
            apps_come_in_the_order_they_were_inserted
            app_with_a_taken_id_or_an_unknown_package_is_refused
            window_is_kept
            commit_counts_up_and_replaces_the_state
            commit_on_another_revision_changes_nothing
            commit_for_an_unknown_app_changes_nothing
            an_edit_is_kept_whole_with_its_history_and_state
            an_edit_on_another_revision_changes_nothing
            persisted_paths_belong_to_the_namespace
            persisted_paths_live_as_long_as_an_app_or_a_package_refers_to_them
            removing_apps_skips_unknown_ones
            package_reads_back_at_its_newest_version
            saving_a_package_gives_it_the_app
            a_package_that_cannot_be_saved_changes_nothing
            a_package_keeps_its_newest_versions
            removing_a_package_leaves_its_apps_unsaved
            what_is_large_reads_back_whole
            session_reads_back_whole
            a_session_saved_again_is_replaced_and_comes_first
            a_session_outlives_its_apps_and_can_be_removed
        );
    };
    (@tests $run:path, $storage:expr, $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            $run(async {
                let (storage, _surroundings) = $storage.await;
                $crate::testing::storage_contract::$promise(&storage).await;
            });
        })*
    };
}

pub async fn answers_when_reachable(storage: &dyn StoragePort) {
    storage.probe().await.expect("an empty store can be reached");
}

pub async fn app_reads_back_whole(storage: &dyn StoragePort) {
    save(storage, &package(1)).await;
    let whole = AppRecord {
        package: Some(package_id(1)),
        from_registry: true,
        parent: Some(app_id(9)),
        report: json!({"mended": 1, "usage": null}),
        window: Some(window()),
        ..app(1)
    };
    storage
        .insert_app(&whole, &json!({"b": 1, "a": [null, 0.5, "ü\u{0}"]}))
        .await
        .expect("inserted");
    assert_eq!(storage.app(app_id(1)).await.expect("read"), Some(whole));
    assert_eq!(
        storage.replica(app_id(1)).await.expect("read"),
        Some(Replica {
            rev: 0,
            state: json!({"b": 1, "a": [null, 0.5, "ü\u{0}"]})
        })
    );
    assert_eq!(storage.app(app_id(2)).await.expect("read"), None);
    assert_eq!(storage.replica(app_id(2)).await.expect("read"), None);
}

pub async fn apps_come_in_the_order_they_were_inserted(storage: &dyn StoragePort) {
    assert_eq!(storage.apps().await.expect("read"), []);
    for number in [3, 1, 2] {
        insert(storage, &app(number)).await;
    }
    assert_eq!(storage.apps().await.expect("read"), [app(3), app(1), app(2)]);
}

pub async fn app_with_a_taken_id_or_an_unknown_package_is_refused(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    let again = AppRecord {
        title: "Again".to_owned(),
        ..app(1)
    };
    let orphan = AppRecord {
        package: Some(package_id(7)),
        ..app(2)
    };
    for refused in [again, orphan] {
        let answer = storage.insert_app(&refused, &json!({})).await;
        assert!(matches!(answer, Err(StorageError::Conflict)), "{answer:?}");
    }
    assert_eq!(storage.apps().await.expect("read"), [app(1)]);
}

pub async fn window_is_kept(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    storage.set_window(app_id(1), window()).await.expect("set");
    let windowed = AppRecord {
        window: Some(window()),
        ..app(1)
    };
    assert_eq!(storage.app(app_id(1)).await.expect("read"), Some(windowed));
    assert!(matches!(
        storage.set_window(app_id(2), window()).await,
        Err(StorageError::NotFound)
    ));
}

pub async fn commit_counts_up_and_replaces_the_state(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    for rev in 0..3 {
        assert_eq!(
            commit(storage, rev, &json!({"n": rev}), &[])
                .await
                .expect("committed"),
            rev + 1
        );
    }
    assert_eq!(
        storage.replica(app_id(1)).await.expect("read"),
        Some(Replica {
            rev: 3,
            state: json!({"n": 2})
        })
    );
}

pub async fn commit_on_another_revision_changes_nothing(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    commit(storage, 0, &json!({"n": 1}), &[("/n", json!(1))])
        .await
        .expect("committed");
    for base in [0, 2, u64::from(u32::MAX)] {
        let answer = commit(storage, base, &json!({"n": 9}), &[("/n", json!(9))]).await;
        assert!(
            matches!(answer, Err(StorageError::Stale { rev: 1 })),
            "{answer:?}"
        );
    }
    assert_eq!(
        storage.replica(app_id(1)).await.expect("read"),
        Some(Replica {
            rev: 1,
            state: json!({"n": 1})
        })
    );
    assert_persisted(storage, 1, &[("/n", json!(1))]).await;
}

pub async fn commit_for_an_unknown_app_changes_nothing(storage: &dyn StoragePort) {
    let answer = commit(storage, 0, &json!({}), &[("/n", json!(1))]).await;
    assert!(matches!(answer, Err(StorageError::NotFound)), "{answer:?}");
    assert_persisted(storage, 1, &[]).await;
}

pub async fn an_edit_is_kept_whole_with_its_history_and_state(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    assert_eq!(storage.history(app_id(1)).await.expect("read"), None);
    let edit = edit(&app(1).document);
    assert_eq!(storage.commit_edit(app_id(1), 0, &edit).await.expect("kept"), 1);
    let edited = AppRecord {
        document: edit.document.clone(),
        title: edit.title.clone(),
        version: 2,
        ..app(1)
    };
    assert_eq!(storage.app(app_id(1)).await.expect("read"), Some(edited));
    let history = storage.history(app_id(1)).await.expect("read");
    assert_eq!(history, Some(edit.history));
    let replica = storage
        .replica(app_id(1))
        .await
        .expect("read")
        .expect("a replica");
    assert_eq!((replica.rev, replica.state), (1, json!({"n": 1})));
    assert_persisted(storage, 1, &[("/n", json!(1))]).await;
    storage.remove_apps(&[app_id(1)]).await.expect("removed");
    assert_eq!(storage.history(app_id(1)).await.expect("read"), None);
}

pub async fn an_edit_on_another_revision_changes_nothing(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    let edit = edit(&app(1).document);
    let stale = storage.commit_edit(app_id(1), 3, &edit).await;
    assert!(matches!(stale, Err(StorageError::Stale { rev: 0 })), "{stale:?}");
    let unknown = storage.commit_edit(app_id(2), 0, &edit).await;
    assert!(matches!(unknown, Err(StorageError::NotFound)), "{unknown:?}");
    assert_eq!(storage.app(app_id(1)).await.expect("read"), Some(app(1)));
    assert_eq!(storage.history(app_id(1)).await.expect("read"), None);
    assert_persisted(storage, 1, &[]).await;
}

/// An edit that gives the document another title.
fn edit(document: &Value) -> DocumentEdit {
    let mut history = History::default();
    let lines = r#"{"set":{"title":"Edited"}}"#;
    let step = history
        .edit(document, lines, "call it Edited", 7, Catalog::builtin())
        .expect("an edit that stands");
    DocumentEdit {
        document: step.document,
        title: "Edited".to_owned(),
        history,
        state: json!({"n": 1}),
        persisted: records(&[("/n", json!(1))]),
    }
}

pub async fn persisted_paths_belong_to_the_namespace(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    insert(storage, &app(2)).await;
    commit(
        storage,
        0,
        &json!({}),
        &[("/a", json!(null)), ("/b/c", json!([1]))],
    )
    .await
    .expect("committed");
    commit(storage, 1, &json!({}), &[("/a", json!({"x": 1.5}))])
        .await
        .expect("committed");
    assert_persisted(storage, 1, &[("/a", json!({"x": 1.5})), ("/b/c", json!([1]))]).await;
    assert_persisted(storage, 2, &[]).await;
}

pub async fn persisted_paths_live_as_long_as_an_app_or_a_package_refers_to_them(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    commit(storage, 0, &json!({}), &[("/a", json!(1))])
        .await
        .expect("committed");
    storage
        .save_package(&package(1), Some(app_id(1)))
        .await
        .expect("saved");
    let second_run = AppRecord {
        namespace: namespace(1),
        ..app(2)
    };
    insert(storage, &second_run).await;

    storage.remove_apps(&[app_id(1)]).await.expect("removed");
    storage.remove_package(package_id(1)).await.expect("removed");
    assert_persisted(storage, 1, &[("/a", json!(1))]).await;

    storage.remove_apps(&[app_id(2)]).await.expect("removed");
    assert_persisted(storage, 1, &[]).await;
}

pub async fn removing_apps_skips_unknown_ones(storage: &dyn StoragePort) {
    for number in 1..=3 {
        insert(storage, &app(number)).await;
    }
    storage
        .remove_apps(&[app_id(3), app_id(8), app_id(1)])
        .await
        .expect("removed");
    assert_eq!(storage.apps().await.expect("read"), [app(2)]);
    assert_eq!(storage.replica(app_id(1)).await.expect("read"), None);
    storage.remove_apps(&[]).await.expect("removed");
    assert_eq!(storage.apps().await.expect("read"), [app(2)]);
}

pub async fn package_reads_back_at_its_newest_version(storage: &dyn StoragePort) {
    save(storage, &package(1)).await;
    save(storage, &package(2)).await;
    let mut newest = package(1);
    newest.metadata.version = Version::FIRST.next();
    "Renamed".clone_into(&mut newest.metadata.name);
    newest.metadata.tags = Vec::new();
    newest.metadata.updated_at = 900;
    newest.document = json!({"type": "app", "title": "Renamed"});
    save(storage, &newest).await;

    assert_eq!(
        storage.package(package_id(1)).await.expect("read"),
        Some(newest.clone())
    );
    assert_eq!(storage.package(package_id(3)).await.expect("read"), None);
    assert_eq!(
        storage.packages().await.expect("read"),
        [newest.metadata, package(2).metadata]
    );
    let versions = storage.versions(package_id(1)).await.expect("read");
    let told: Vec<(String, u64)> = versions
        .iter()
        .map(|version| (version.version.to_string(), version.created_at))
        .collect();
    assert_eq!(told, [("1.0.1".to_owned(), 900), ("1.0.0".to_owned(), 500)]);
}

pub async fn saving_a_package_gives_it_the_app(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    storage
        .save_package(&package(1), Some(app_id(1)))
        .await
        .expect("saved");
    let saved = AppRecord {
        package: Some(package_id(1)),
        ..app(1)
    };
    assert_eq!(storage.app(app_id(1)).await.expect("read"), Some(saved));
}

pub async fn a_package_that_cannot_be_saved_changes_nothing(storage: &dyn StoragePort) {
    insert(storage, &app(2)).await;
    save(storage, &package(1)).await;
    let mut same_version = package(1);
    "Again".clone_into(&mut same_version.metadata.name);
    let mut same_namespace = package(2);
    same_namespace.metadata.namespace = namespace(1);
    for refused in [same_version, same_namespace] {
        let answer = storage.save_package(&refused, Some(app_id(2))).await;
        assert!(matches!(answer, Err(StorageError::Conflict)), "{answer:?}");
    }
    let answer = storage.save_package(&package(2), Some(app_id(7))).await;
    assert!(matches!(answer, Err(StorageError::NotFound)), "{answer:?}");
    assert_eq!(storage.packages().await.expect("read"), [package(1).metadata]);
    assert_eq!(storage.app(app_id(2)).await.expect("read"), Some(app(2)));
}

pub async fn a_package_keeps_its_newest_versions(storage: &dyn StoragePort) {
    let mut package = package(1);
    for _ in 0..=VERSIONS_KEPT {
        save(storage, &package).await;
        package.metadata.version = package.metadata.version.next();
    }
    let versions = storage.versions(package_id(1)).await.expect("read");
    assert_eq!(versions.len(), VERSIONS_KEPT);
    assert_eq!(
        versions.first().map(|newest| newest.version.to_string()),
        Some("1.0.100".to_owned())
    );
    assert_eq!(
        versions.last().map(|oldest| oldest.version.to_string()),
        Some("1.0.1".to_owned())
    );
}

pub async fn removing_a_package_leaves_its_apps_unsaved(storage: &dyn StoragePort) {
    save(storage, &package(1)).await;
    let running = AppRecord {
        package: Some(package_id(1)),
        ..app(1)
    };
    insert(storage, &running).await;
    storage.remove_package(package_id(1)).await.expect("removed");
    assert_eq!(storage.app(app_id(1)).await.expect("read"), Some(app(1)));
    assert_eq!(storage.package(package_id(1)).await.expect("read"), None);
    assert_eq!(storage.versions(package_id(1)).await.expect("read"), []);
    assert!(matches!(
        storage.remove_package(package_id(1)).await,
        Err(StorageError::NotFound)
    ));
}

/// More than one call to files brings.
pub async fn what_is_large_reads_back_whole(storage: &dyn StoragePort) {
    let state = json!({ "text": "ä".repeat(5 * 1_024 * 1_024), "end": 1 });
    storage.insert_app(&app(1), &state).await.expect("inserted");
    let replica = storage.replica(app_id(1)).await.expect("read");
    assert!(
        replica.is_some_and(|replica| replica.state == state),
        "it differs"
    );
    let persisted = [("/text", state["text"].clone())];
    commit(storage, 0, &json!({}), &persisted)
        .await
        .expect("committed");
    let kept = storage.persisted(namespace(1)).await.expect("read");
    assert!(kept == records(&persisted), "it differs");
}

pub async fn session_reads_back_whole(storage: &dyn StoragePort) {
    let session = session(1);
    storage.save_session(&session).await.expect("saved");
    let bare = Session {
        workspace: Workspace {
            apps: Vec::new(),
            focused: None,
            focused_hash: None,
            chat_state: Value::Null,
            ui_state: Value::Null,
        },
        ..self::session(2)
    };
    storage.save_session(&bare).await.expect("saved");
    for kept in [session, bare] {
        assert_eq!(storage.session(kept.id).await.expect("read"), Some(kept));
    }
    assert_eq!(storage.session(session_id(3)).await.expect("read"), None);
}

pub async fn a_session_saved_again_is_replaced_and_comes_first(storage: &dyn StoragePort) {
    assert_eq!(storage.sessions().await.expect("read"), []);
    for number in [2, 1, 3] {
        storage.save_session(&session(number)).await.expect("saved");
    }
    let again = Session {
        name: "default".to_owned(),
        updated_at: 5,
        ..session(2)
    };
    storage.save_session(&again).await.expect("saved");
    assert_eq!(
        storage.sessions().await.expect("read"),
        [again.head(), session(3).head(), session(1).head()]
    );
    assert_eq!(storage.session(again.id).await.expect("read"), Some(again));
}

pub async fn a_session_outlives_its_apps_and_can_be_removed(storage: &dyn StoragePort) {
    insert(storage, &app(1)).await;
    storage.save_session(&session(1)).await.expect("saved");
    storage.remove_apps(&[app_id(1)]).await.expect("removed");
    assert_eq!(
        storage.session(session_id(1)).await.expect("read"),
        Some(session(1))
    );
    storage.remove_session(session_id(1)).await.expect("removed");
    assert_eq!(storage.session(session_id(1)).await.expect("read"), None);
    assert_eq!(storage.sessions().await.expect("read"), []);
    assert!(matches!(
        storage.remove_session(session_id(1)).await,
        Err(StorageError::NotFound)
    ));
}

/// The session of that number, with the app of that number and a child of it.
fn session(number: u64) -> Session {
    let child = AppRecord {
        package: Some(package_id(1)),
        parent: Some(app_id(number)),
        window: Some(window()),
        ..app(number + 100)
    };
    let snapshot = |record| AppSnapshot {
        record,
        component_state: json!({"b": [1.5, null], "a": "ü"}),
    };
    Session {
        id: session_id(number),
        name: format!("Session {number}"),
        description: "before lunch".to_owned(),
        created_at: 1_700_000_000_000,
        updated_at: 1_700_000_000_000 + number,
        workspace: Workspace {
            apps: [app(number), child].map(snapshot).into(),
            focused: Some(app_id(number)),
            focused_hash: Some("af13".to_owned()),
            chat_state: json!({"messages": [{"type": "user", "content": "hello"}]}),
            ui_state: json!({"is_loading": false}),
        },
        metadata: json!({"by": "hand"}),
    }
}

fn session_id(number: u64) -> SessionId {
    SessionId::new(number, 4)
}

async fn insert(storage: &dyn StoragePort, app: &AppRecord) {
    storage.insert_app(app, &json!({})).await.expect("inserted");
}

async fn save(storage: &dyn StoragePort, package: &Package) {
    storage.save_package(package, None).await.expect("saved");
}

async fn commit(
    storage: &dyn StoragePort,
    base_rev: u64,
    state: &Value,
    persisted: &[(&str, Value)],
) -> Result<u64, StorageError> {
    storage
        .commit_state(app_id(1), base_rev, state, &records(persisted))
        .await
}

async fn assert_persisted(storage: &dyn StoragePort, number: u64, expected: &[(&str, Value)]) {
    assert_eq!(
        storage.persisted(namespace(number)).await.expect("read"),
        records(expected)
    );
}

fn records(persisted: &[(&str, Value)]) -> BTreeMap<String, Value> {
    persisted
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect()
}

fn app_id(number: u64) -> AppId {
    AppId::new(number, 1)
}

fn package_id(number: u64) -> PackageId {
    PackageId::new(number, 2)
}

fn namespace(number: u64) -> Namespace {
    Namespace::new(number, 3)
}

/// The app of that number, in the namespace of that number; the package has the same one.
fn app(number: u64) -> AppRecord {
    AppRecord {
        id: app_id(number),
        namespace: namespace(number),
        package: None,
        from_registry: false,
        parent: None,
        title: format!("App {number}"),
        request: "make an app".to_owned(),
        document: json!({"type": "app", "title": "App", "components": [{"type": "text", "props": {"content": "ä'\""}}]}),
        version: 1,
        report: Value::Null,
        window: None,
        created_at: 1_700_000_000_000 + number,
    }
}

fn package(number: u64) -> Package {
    Package {
        metadata: PackageMetadata {
            id: package_id(number),
            namespace: namespace(number),
            name: format!("Package {number}"),
            description: "does a thing".to_owned(),
            icon: "📦".to_owned(),
            category: "general".to_owned(),
            author: "user".to_owned(),
            tags: vec!["one".to_owned(), "two".to_owned()],
            version: Version::FIRST,
            created_at: 500,
            updated_at: 500,
        },
        document: json!({"type": "app", "title": "Package", "components": []}),
    }
}

fn window() -> Window {
    Window {
        x: -12.5,
        y: 0.0,
        width: 480.0,
        height: 320.25,
        state: WindowState::Maximised,
    }
}
