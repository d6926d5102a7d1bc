//! The TypeScript types of the view, written from the catalog.

use std::fmt::Write;

use super::components::{
    alignment_kind, color_kind, column_kind, field_variant_kind, option_kind, size_kind, spacing_kind,
    tone_kind,
};
use super::{Catalog, ComponentEntry, Field, ValueKind};

const HEAD: &str = "\
// Generated from the catalog in agentos-core by `make types`; do not edit.

/** The kinds of components, the properties a resolved node of each kind carries, and the tools. */

export type Scalar = string | number | boolean | null;
export type Row = Record<string, unknown>;
export type StyleMap = Record<string, string | number>;
";

/// The whole of `ui/src/engine/catalog.ts`.
pub fn typescript() -> String {
    let catalog = Catalog::builtin();
    let names = Names::default();
    let mut out = HEAD.to_owned();
    for (name, kind) in &names.named {
        push(
            &mut out,
            format_args!("export type {name} = {};\n", names.structure(kind)),
        );
    }
    write_props(&mut out, catalog, &names);
    write_events(&mut out, catalog, &names);
    write_tools(&mut out, catalog);
    out
}

fn write_props(out: &mut String, catalog: &Catalog, names: &Names) {
    out.push_str("\nexport interface NodeProps {\n");
    for entry in catalog.components() {
        push(out, format_args!("  {}: {{\n", entry.name));
        for prop in &entry.props {
            let mut of = names.of(&prop.kind);
            if is_nullable(entry, prop) {
                of.push_str(" | null");
            }
            push(
                out,
                format_args!(
                    "    /** {} */\n    {}?: {of};\n",
                    capital(&prop.summary),
                    prop.name
                ),
            );
        }
        out.push_str("  };\n");
    }
    out.push_str("  /** Stands for a component of a type that is not in the catalog. */\n");
    out.push_str("  unknown: {\n    /** The type the document names. */\n    type?: string;\n");
    out.push_str("    style?: StyleMap;\n  };\n}\n\nexport type Kind = keyof NodeProps;\n");
}

/// Whether null is a value of its own there: nothing chosen, no panel open.
fn is_nullable(entry: &ComponentEntry, prop: &Field) -> bool {
    let holds = entry
        .value
        .as_ref()
        .is_some_and(|value| value.name == prop.name && value.empty.is_null());
    holds && prop.kind != ValueKind::Scalar
}

fn write_events(out: &mut String, catalog: &Catalog, names: &Names) {
    out.push_str("\n/** What each kind can tell, and the payload that goes with it. */\n");
    out.push_str("export interface EventPayloads {\n");
    for entry in catalog.components() {
        if entry.events.is_empty() {
            push(out, format_args!("  {}: Record<never, never>;\n", entry.name));
            continue;
        }
        push(out, format_args!("  {}: {{\n", entry.name));
        for event in &entry.events {
            let parts: Vec<_> = event
                .payload
                .iter()
                .map(|part| format!("{}: {}", part.name, names.of(&part.kind)))
                .collect();
            let payload = if parts.is_empty() {
                "Record<never, never>".to_owned()
            } else {
                format!("{{ {} }}", parts.join("; "))
            };
            push(out, format_args!("    {}: {payload};\n", event.name));
        }
        out.push_str("  };\n");
    }
    out.push_str("  unknown: Record<never, never>;\n}\n");
}

fn write_tools(out: &mut String, catalog: &Catalog) {
    out.push_str("\nexport type ToolId =");
    for tool in catalog.tools() {
        push(out, format_args!("\n  | \"{}\"", tool.id));
    }
    out.push_str(";\n");
}

/// Kinds that have a name of their own in TypeScript.
struct Names {
    named: Vec<(&'static str, ValueKind)>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            named: vec![
                ("Size", size_kind()),
                ("Spacing", spacing_kind()),
                ("Tone", tone_kind()),
                ("TextColor", color_kind()),
                ("FieldVariant", field_variant_kind()),
                ("Alignment", alignment_kind()),
                ("Option", option_kind()),
                ("Column", column_kind()),
            ],
        }
    }
}

impl Names {
    fn of(&self, kind: &ValueKind) -> String {
        match self.named.iter().find(|(_, named)| named == kind) {
            Some((name, _)) => (*name).to_owned(),
            None => self.structure(kind),
        }
    }

    fn structure(&self, kind: &ValueKind) -> String {
        match kind {
            ValueKind::Any | ValueKind::Action => "unknown".to_owned(),
            ValueKind::Text | ValueKind::Url(_) | ValueKind::Path | ValueKind::ComponentId => {
                "string".to_owned()
            }
            ValueKind::Scalar => "Scalar".to_owned(),
            ValueKind::Number { .. } | ValueKind::Integer { .. } => "number".to_owned(),
            ValueKind::Flag => "boolean".to_owned(),
            ValueKind::OneOf(choices) => {
                let quoted: Vec<_> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
                quoted.join(" | ")
            }
            ValueKind::Object => "Row".to_owned(),
            ValueKind::Style => "StyleMap".to_owned(),
            ValueKind::List(of) => match self.of(of) {
                of if of.contains(' ') => format!("({of})[]"),
                of => format!("{of}[]"),
            },
            ValueKind::Either(kinds) => {
                let parts: Vec<_> = kinds.iter().map(|kind| self.of(kind)).collect();
                parts.join(" | ")
            }
            ValueKind::Shape(fields) => {
                let parts: Vec<_> = fields
                    .iter()
                    .map(|field| {
                        let optional = if field.required { "" } else { "?" };
                        format!("{}{optional}: {}", field.name, self.of(&field.kind))
                    })
                    .collect();
                format!("{{ {} }}", parts.join("; "))
            }
        }
    }
}

fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    rest.next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
