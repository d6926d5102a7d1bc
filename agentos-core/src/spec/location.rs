//! Where a walk through a document stands.

use super::path::escaped;

/// A JSON Pointer in its parts: a step deeper costs nothing, and only what is told of has its pointer written out.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Location<'a>(Part<'a>);

#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    /// A place that is written out already.
    Pointer(&'a str),
    Member(&'a Location<'a>, &'a str),
    Item(&'a Location<'a>, usize),
}

impl<'a> Location<'a> {
    /// The document as a whole.
    pub const ROOT: Location<'static> = Location(Part::Pointer(""));

    /// The place of a JSON Pointer.
    pub fn at(pointer: &'a str) -> Self {
        Self(Part::Pointer(pointer))
    }

    /// The member `name` of the object here.
    pub fn member(&'a self, name: &'a str) -> Self {
        Self(Part::Member(self, name))
    }

    /// The item at `index` of the list here.
    pub fn item(&'a self, index: usize) -> Self {
        Self(Part::Item(self, index))
    }

    pub fn pointer(&self) -> String {
        self.pointer_with_room(0)
    }

    /// The pointer, with room for `bytes` behind it.
    fn pointer_with_room(&self, bytes: usize) -> String {
        let (outer, token) = match self.0 {
            Part::Pointer(pointer) => {
                let mut text = String::with_capacity(pointer.len() + bytes);
                text.push_str(pointer);
                return text;
            }
            Part::Member(outer, name) => (outer, escaped(name)),
            Part::Item(outer, index) => (outer, index.to_string().into()),
        };
        outer.pointer_with_room(bytes + 1 + token.len()) + "/" + &token
    }
}

impl From<&Location<'_>> for String {
    fn from(location: &Location<'_>) -> Self {
        location.pointer()
    }
}

impl From<Location<'_>> for String {
    fn from(location: Location<'_>) -> Self {
        location.pointer()
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_location_is_written_out_as_a_pointer() {
        let components = Location::at("/components");
        let props = components.item(12);
        let props = props.member("props");
        assert_eq!(Location::ROOT.pointer(), "");
        assert_eq!(props.member("a/b~c").pointer(), "/components/12/props/a~1b~0c");
    }
}
