//! Packages: saved, found, launched with their data, deleted.

use std::future::Future;

use agentos_core::apps::{AppError, AppEvent, AppState};
use agentos_core::ids::{AppId, PackageId};
use agentos_core::ports::storage::StoragePort;
use agentos_core::registry::{Filter, InvalidMetadata, MetadataChange, RegistryError};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::apps::desk::{Desk, counter, todo};

fn on_a_desk<F: Future<Output = ()>>(test: impl FnOnce(Desk) -> F) {
    block_on(test(Desk::new()));
}

async fn save(desk: &Desk, app: AppId) -> PackageId {
    desk.registry
        .save(app, MetadataChange::default())
        .await
        .expect("saved")
        .id
}

async fn set(desk: &Desk, app: AppId, path: &str, value: Value) {
    let lease = desk.apps.take_lease(app).await.expect("a lease");
    let ops = json!([{"op": "replace", "path": path, "value": value}]);
    desk.apps
        .apply_batch(app, lease.engine, lease.rev, ops)
        .await
        .expect("applied");
}

async fn state(desk: &Desk, app: AppId) -> Value {
    desk.apps.state(app).await.expect("there").state
}

#[test]
fn a_first_save_has_the_defaults() {
    on_a_desk(|desk| async move {
        desk.clock.advance(5_000);
        let app = desk.spawn(todo()).await.record;
        desk.events();
        let saved = desk
            .registry
            .save(app.id, MetadataChange::default())
            .await
            .expect("saved");
        assert_eq!(desk.events(), [AppEvent::PackageChanged { app: app.id }]);
        assert_eq!((saved.name.as_str(), saved.description.as_str()), ("Todo", ""));
        assert_eq!((saved.icon.as_str(), saved.category.as_str()), ("📦", "general"));
        assert_eq!(
            (saved.author.as_str(), saved.version.to_string()),
            ("user", "1.0.0".to_owned())
        );
        assert_eq!(
            (saved.created_at, saved.updated_at, saved.namespace),
            (5_000, 5_000, app.namespace)
        );
        let package = desk.registry.package(saved.id).await.expect("there");
        assert_eq!((package.metadata, package.document), (saved, todo()));
    });
}

#[test]
fn saving_again_is_a_new_version_of_the_same_package() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(todo()).await.record.id;
        let described = MetadataChange {
            description: Some("tasks".to_owned()),
            ..MetadataChange::default()
        };
        let first = desk.registry.save(app, described).await.expect("saved");
        desk.clock.advance(10);
        let renamed = MetadataChange {
            name: Some("Tasks".to_owned()),
            ..MetadataChange::default()
        };
        let second = desk.registry.save(app, renamed).await.expect("saved");
        assert_eq!(
            (second.id, second.version.to_string()),
            (first.id, "1.0.1".to_owned())
        );
        assert_eq!(
            (second.name.as_str(), second.description.as_str()),
            ("Tasks", "tasks")
        );
        assert_eq!((second.created_at, second.updated_at), (0, 10));

        let launched = desk.registry.launch(first.id).await.expect("launched").record.id;
        assert_eq!(save(&desk, launched).await, first.id);
        let versions = desk.registry.versions(first.id).await.expect("there");
        let versions: Vec<String> = versions
            .iter()
            .map(|version| version.version.to_string())
            .collect();
        assert_eq!(versions, ["1.0.2", "1.0.1", "1.0.0"]);
        assert_eq!(
            desk.registry
                .list(&Filter::default())
                .await
                .expect("listed")
                .1
                .total_packages,
            1
        );
    });
}

#[test]
fn a_list_is_filtered_and_its_stats_are_of_all() {
    on_a_desk(|desk| async move {
        for (name, category, tags) in [
            ("Todo", "work", vec!["Tasks"]),
            ("Calculator", "tools", vec![]),
            ("Timer", "work", vec!["pomodoro"]),
        ] {
            let app = desk.spawn(counter()).await.record.id;
            let change = MetadataChange {
                name: Some(name.to_owned()),
                category: Some(category.to_owned()),
                description: Some(format!("A {name} for everyone")),
                tags: Some(tags.into_iter().map(str::to_owned).collect()),
                ..MetadataChange::default()
            };
            desk.clock.advance(1);
            desk.registry.save(app, change).await.expect("saved");
        }
        let names = async |category: Option<&str>, query: Option<&str>| {
            let filter = Filter {
                category: category.map(str::to_owned),
                query: query.map(str::to_owned),
            };
            let (packages, stats) = desk.registry.list(&filter).await.expect("listed");
            assert_eq!((stats.total_packages, stats.last_updated), (3, Some(3)));
            assert_eq!(
                stats.categories.into_iter().collect::<Vec<_>>(),
                [("tools".to_owned(), 1), ("work".to_owned(), 2)]
            );
            packages
                .into_iter()
                .map(|package| package.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(None, None).await, ["Todo", "Calculator", "Timer"]);
        assert_eq!(names(Some("work"), None).await, ["Todo", "Timer"]);
        assert_eq!(names(Some("Work"), None).await, [""; 0]);
        assert_eq!(names(None, Some("TASKS")).await, ["Todo"]);
        assert_eq!(names(None, Some("for everyone ti")).await, ["Timer"]);
        assert_eq!(names(Some("tools"), Some("timer")).await, [""; 0]);
        assert_eq!(names(None, Some("  ")).await.len(), 3);
    });
}

#[test]
fn a_persisting_package_runs_once_and_comes_back_with_its_data() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(todo()).await.record.id;
        let package = save(&desk, app).await;
        set(&desk, app, "/todos", json!([{"id": 1, "text": "milk"}])).await;
        set(&desk, app, "/view/filter", json!("open")).await;
        set(&desk, app, "/draft", json!("unfinished")).await;

        desk.spawn(counter()).await;
        let again = desk.registry.launch(package).await.expect("launched");
        assert_eq!((again.record.id, again.state), (app, AppState::Active));

        assert!(
            !desk.apps.has_data(app).await.expect("known"),
            "closing a saved app destroys nothing"
        );
        desk.apps.close(app).await.expect("closed");
        let desk = desk.restarted();
        let back = desk.registry.launch(package).await.expect("launched");
        assert_ne!(back.record.id, app);
        assert_eq!(
            (back.record.package, back.record.from_registry),
            (Some(package), true)
        );
        assert_eq!(back.record.request, "Launch Todo");
        let lease = desk.apps.take_lease(back.record.id).await.expect("a lease");
        assert_eq!(
            lease.state,
            json!({"draft": "", "todos": [{"id": 1, "text": "milk"}], "view": {"filter": "open"}})
        );
    });
}

#[test]
fn a_package_that_persists_nothing_runs_many_times_on_the_same_data() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await.record;
        let package = save(&desk, app.id).await;
        desk.store(app.namespace).await;
        let first = desk.registry.launch(package).await.expect("launched").record;
        let second = desk.registry.launch(package).await.expect("launched").record;
        assert_ne!(first.id, second.id);
        assert_eq!(
            (first.namespace, second.namespace),
            (app.namespace, app.namespace)
        );
        set(&desk, first.id, "/n", json!(5)).await;
        assert_eq!(state(&desk, second.id).await, json!({"n": 0}));
        for id in [app.id, first.id, second.id] {
            desk.apps.close(id).await.expect("closed");
        }
        assert!(desk.stores(app.namespace).await, "data belongs to the package");
    });
}

#[test]
fn a_path_the_new_version_does_not_persist_or_cannot_hold_is_left_out() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(todo()).await.record;
        let package = save(&desk, app.id).await;
        set(&desk, app.id, "/todos", json!([1])).await;
        set(&desk, app.id, "/view/filter", json!("open")).await;
        let mut newer = desk.registry.package(package).await.expect("there");
        newer.metadata.version = newer.metadata.version.next();
        newer.document["state"] = json!({"view": "a text now"});
        newer.document["persist"] = json!(["view.filter", "__proto__.x", 7]);
        desk.storage.save_package(&newer, None).await.expect("saved");
        desk.apps.close(app.id).await.expect("closed");
        let back = desk.registry.launch(package).await.expect("launched").record.id;
        assert_eq!(state(&desk, back).await, json!({"view": "a text now"}));
    });
}

#[test]
fn deleting_a_package_removes_its_data_unless_an_app_still_uses_it() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(todo()).await.record;
        let package = save(&desk, app.id).await;
        set(&desk, app.id, "/todos", json!([1])).await;
        desk.store(app.namespace).await;
        desk.registry.delete(package).await.expect("deleted");
        let unsaved = desk.apps.app(app.id).await.expect("there").record;
        assert_eq!(unsaved.package, None);
        assert!(desk.stores(app.namespace).await);
        assert!(
            desk.apps.has_data(app.id).await.expect("known"),
            "the app is the last holder of its data"
        );

        let again = save(&desk, app.id).await;
        assert_ne!(again, package);
        desk.apps.close(app.id).await.expect("closed");
        desk.registry.delete(again).await.expect("deleted");
        assert!(!desk.stores(app.namespace).await);
        assert!(
            desk.storage
                .persisted(app.namespace)
                .await
                .expect("read")
                .is_empty()
        );
        let answer = desk.registry.launch(again).await;
        assert!(matches!(answer, Err(RegistryError::NotFound(_))), "{answer:?}");
    });
}

#[test]
fn closing_a_run_of_a_deleted_package_spares_what_another_saved() {
    on_a_desk(|desk| async move {
        let first = desk.spawn(counter()).await.record;
        let package = save(&desk, first.id).await;
        let second = desk.registry.launch(package).await.expect("launched").record;
        desk.store(first.namespace).await;
        desk.registry.delete(package).await.expect("deleted");
        let saved_again = save(&desk, first.id).await;
        desk.apps.close(first.id).await.expect("closed");
        assert!(!desk.apps.has_data(second.id).await.expect("known"));
        assert_eq!(
            save(&desk, second.id).await,
            saved_again,
            "one package holds the data of both"
        );
        desk.apps.close(second.id).await.expect("closed");
        assert!(desk.stores(first.namespace).await);
    });
}

#[test]
fn what_is_said_of_a_package_is_trimmed_and_bounded() {
    #[track_caller]
    fn check(change: MetadataChange, expected: Option<InvalidMetadata>) {
        on_a_desk(|desk| async move {
            let app = desk.spawn(counter()).await.record.id;
            let refused = match desk.registry.save(app, change).await {
                Ok(_) => None,
                Err(RegistryError::Invalid(invalid)) => Some(invalid),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(refused, expected);
        });
    }
    let text = |text: &str| Some(text.to_owned());
    let change = MetadataChange::default;
    check(
        MetadataChange {
            name: text("  Tasks "),
            ..change()
        },
        None,
    );
    check(
        MetadataChange {
            name: text("  "),
            ..change()
        },
        Some(InvalidMetadata::Empty { field: "name" }),
    );
    check(
        MetadataChange {
            icon: text(""),
            ..change()
        },
        Some(InvalidMetadata::Empty { field: "icon" }),
    );
    check(
        MetadataChange {
            description: text("two\nlines"),
            ..change()
        },
        None,
    );
    check(
        MetadataChange {
            category: text("a\0b"),
            ..change()
        },
        Some(InvalidMetadata::ControlCharacter { field: "category" }),
    );
    check(
        MetadataChange {
            name: Some("x".repeat(101)),
            ..change()
        },
        Some(InvalidMetadata::TooLong {
            field: "name",
            limit: 100,
        }),
    );
    check(
        MetadataChange {
            tags: Some(vec!["t".to_owned(); 21]),
            ..change()
        },
        Some(InvalidMetadata::TooManyTags { limit: 20 }),
    );
}

#[test]
fn unknown_apps_and_packages_are_told() {
    on_a_desk(|desk| async move {
        let package = PackageId::new(0, 0);
        let app = AppId::new(0, 0);
        let saved = desk.registry.save(app, MetadataChange::default()).await;
        assert!(
            matches!(saved, Err(RegistryError::App(AppError::NotFound(_)))),
            "{saved:?}"
        );
        for answer in [
            desk.registry.package(package).await.map(|_| ()),
            desk.registry.versions(package).await.map(|_| ()),
            desk.registry.launch(package).await.map(|_| ()),
            desk.registry.delete(package).await,
        ] {
            assert!(matches!(answer, Err(RegistryError::NotFound(_))), "{answer:?}");
        }
    });
}
