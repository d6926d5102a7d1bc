//! The catalog: the one table of components and tools. It writes the prompt, the checker, the
//! mends, argument checks at run time and the TypeScript types, so they cannot disagree.
//!
//! Start at [`ComponentEntry`] and [`ToolEntry`]; the tables are in `components` and `tools`.

use std::sync::LazyLock;

mod components;
mod entry;
mod kind;
mod lean;
mod reference;
mod style;
mod tools;
mod typescript;

pub use entry::{
    Alias, ArgIssue, CapabilityKind, Children, ComponentEntry, Event, Field, Runs, ToolEntry, ValueProperty,
    component_kinds, not_of_kind,
};
pub use kind::{Mismatch, MismatchReason, UrlUse, ValueKind};
pub use reference::{example_app, reference};
pub use style::{STYLE_PROPERTIES, is_style_property, is_style_value};
pub use typescript::typescript;

/// Every component and tool an app may name.
#[derive(Debug, Clone)]
pub struct Catalog {
    components: Vec<ComponentEntry>,
    tools: Vec<ToolEntry>,
}

impl Catalog {
    /// What every installation has.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| Catalog {
            components: components::table(),
            tools: tools::table(),
        });
        &BUILTIN
    }

    /// This catalog and the tools of a registered service; a tool that is already there is replaced.
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = ToolEntry>) -> Self {
        for tool in tools {
            match self.tools.iter_mut().find(|known| known.id == tool.id) {
                Some(known) => *known = tool,
                None => self.tools.push(tool),
            }
        }
        self
    }

    pub fn components(&self) -> std::slice::Iter<'_, ComponentEntry> {
        self.components.iter()
    }

    pub fn tools(&self) -> std::slice::Iter<'_, ToolEntry> {
        self.tools.iter()
    }

    /// The component of that very name.
    pub fn component(&self, name: &str) -> Option<&ComponentEntry> {
        self.components.iter().find(|entry| entry.name == name)
    }

    /// The component that goes by another name, and what that name implies: a `row` is a
    /// `container` laid out horizontally.
    pub fn component_by_alias(&self, name: &str) -> Option<(&ComponentEntry, &Alias)> {
        self.components.iter().find_map(|entry| {
            let alias = entry.aliases.iter().find(|alias| alias.name == name)?;
            Some((entry, alias))
        })
    }

    /// The tool of that id, such as `ui.set_state`.
    pub fn tool(&self, id: &str) -> Option<&ToolEntry> {
        self.tools.iter().find(|entry| entry.id == id)
    }

    /// Whether any tool belongs to the group before the dot, so that an unknown member of it is a
    /// mistake rather than a service that is not there.
    pub fn has_group(&self, group: &str) -> bool {
        self.tools.iter().any(|entry| entry.group() == group)
    }
}
