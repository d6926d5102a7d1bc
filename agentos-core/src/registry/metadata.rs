//! What a person may say about a package.

use thiserror::Error;

use crate::ports::storage::PackageMetadata;

const NAME_CHARS: usize = 100;
const DESCRIPTION_CHARS: usize = 2_000;
/// One symbol may be a sequence of several characters, such as a flag or a family.
const ICON_CHARS: usize = 16;
const CATEGORY_CHARS: usize = 50;
const TAG_CHARS: usize = 50;
const TAGS: usize = 20;

/// What to say anew; none leaves what was said before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub icon: Option<String>,
    pub category: Option<String>,
    pub tags: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidMetadata {
    #[error("{field} cannot be empty")]
    Empty { field: &'static str },
    #[error("{field} has more than {limit} characters")]
    TooLong { field: &'static str, limit: usize },
    #[error("{field} holds a control character")]
    ControlCharacter { field: &'static str },
    #[error("a package has at most {limit} tags")]
    TooManyTags { limit: usize },
}

impl MetadataChange {
    /// Trimmed and within the limits.
    pub(super) fn checked(self) -> Result<Self, InvalidMetadata> {
        let required = |field, text: Option<String>, limit| match checked(field, text, limit)? {
            Some(text) if text.is_empty() => Err(InvalidMetadata::Empty { field }),
            text => Ok(text),
        };
        Ok(Self {
            name: required("name", self.name, NAME_CHARS)?,
            description: checked("description", self.description, DESCRIPTION_CHARS)?,
            icon: required("icon", self.icon, ICON_CHARS)?,
            category: required("category", self.category, CATEGORY_CHARS)?,
            tags: self.tags.map(checked_tags).transpose()?,
        })
    }

    pub(super) fn applied_to(self, before: PackageMetadata) -> PackageMetadata {
        PackageMetadata {
            name: self.name.unwrap_or(before.name),
            description: self.description.unwrap_or(before.description),
            icon: self.icon.unwrap_or(before.icon),
            category: self.category.unwrap_or(before.category),
            tags: self.tags.unwrap_or(before.tags),
            ..before
        }
    }
}

fn checked_tags(tags: Vec<String>) -> Result<Vec<String>, InvalidMetadata> {
    if tags.len() > TAGS {
        return Err(InvalidMetadata::TooManyTags { limit: TAGS });
    }
    let tags = tags.into_iter().map(|tag| checked("tag", Some(tag), TAG_CHARS));
    let tags: Vec<Option<String>> = tags.collect::<Result<_, _>>()?;
    Ok(tags.into_iter().flatten().filter(|tag| !tag.is_empty()).collect())
}

fn checked(
    field: &'static str,
    text: Option<String>,
    limit: usize,
) -> Result<Option<String>, InvalidMetadata> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim().to_owned();
    if text.chars().count() > limit {
        return Err(InvalidMetadata::TooLong { field, limit });
    }
    // A description may have lines.
    if text
        .chars()
        .any(|character| character.is_control() && character != '\n')
    {
        return Err(InvalidMetadata::ControlCharacter { field });
    }
    Ok(Some(text))
}
