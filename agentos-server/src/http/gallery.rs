//! `/gallery`: the example apps. One is opened like any document, at `/apps`.

use std::str::FromStr;

use agentos_core::gallery::{self, Category, GalleryApp};
use axum::Json;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::path::Id;
use crate::fault::FaultBody;

#[derive(Serialize, ToSchema)]
pub(crate) struct Gallery {
    #[schema(value_type = Vec<String>)]
    categories: &'static [Category],
    apps: Vec<Example>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Example {
    id: &'static str,
    title: &'static str,
    /// What it does, as one line.
    description: &'static str,
    #[schema(value_type = String)]
    category: Category,
    icon: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExampleDocument {
    #[serde(flatten)]
    example: Example,
    #[schema(value_type = Object)]
    ui_spec: &'static Value,
}

/// The example apps without their documents, and the categories in the order in which they are shown.
#[utoipa::path(get, path = "/gallery", responses((status = OK, body = Gallery)))]
pub(crate) async fn list() -> Json<Gallery> {
    Json(Gallery {
        categories: &gallery::CATEGORIES,
        apps: gallery::all().iter().map(Example::from).collect(),
    })
}

/// One example app with its document.
#[utoipa::path(get, path = "/gallery/{id}", params(("id" = String, Path)),
    responses((status = OK, body = ExampleDocument), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn get(Id(Named(app)): Id<Named>) -> Json<ExampleDocument> {
    Json(ExampleDocument {
        example: app.into(),
        ui_spec: &app.document,
    })
}

/// The example app a path names.
pub(crate) struct Named(&'static GalleryApp);

impl FromStr for Named {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        gallery::find(id).map(Self).ok_or(())
    }
}

impl From<&'static GalleryApp> for Example {
    fn from(app: &'static GalleryApp) -> Self {
        Self {
            id: app.id,
            title: &app.title,
            description: &app.description,
            category: app.category,
            icon: &app.icon,
        }
    }
}
