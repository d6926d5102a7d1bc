//! The style properties a document may set; anything else could draw over the desktop or load
//! something from elsewhere.

use serde_json::Value;

/// CSS properties in camelCase, in alphabetical order.
pub const STYLE_PROPERTIES: &[&str] = &[
    "alignItems",
    "alignSelf",
    "aspectRatio",
    "background",
    "backgroundColor",
    "border",
    "borderBottom",
    "borderColor",
    "borderLeft",
    "borderRadius",
    "borderRight",
    "borderStyle",
    "borderTop",
    "borderWidth",
    "boxShadow",
    "color",
    "columnGap",
    "display",
    "flex",
    "flexBasis",
    "flexDirection",
    "flexGrow",
    "flexShrink",
    "flexWrap",
    "fontFamily",
    "fontSize",
    "fontStyle",
    "fontVariantNumeric",
    "fontWeight",
    "gap",
    "gridColumn",
    "gridRow",
    "gridTemplateColumns",
    "gridTemplateRows",
    "height",
    "justifyContent",
    "justifySelf",
    "letterSpacing",
    "lineHeight",
    "margin",
    "marginBottom",
    "marginLeft",
    "marginRight",
    "marginTop",
    "maxHeight",
    "maxWidth",
    "minHeight",
    "minWidth",
    "opacity",
    "overflow",
    "overflowX",
    "overflowY",
    "padding",
    "paddingBottom",
    "paddingLeft",
    "paddingRight",
    "paddingTop",
    "rowGap",
    "textAlign",
    "textDecoration",
    "textOverflow",
    "textTransform",
    "verticalAlign",
    "whiteSpace",
    "width",
    "wordBreak",
];

/// The functions a style value may call: they compute, and none of them loads anything.
const STYLE_FUNCTIONS: &[&str] = &[
    "calc",
    "clamp",
    "color",
    "color-mix",
    "conic-gradient",
    "fit-content",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "linear-gradient",
    "max",
    "min",
    "minmax",
    "oklab",
    "oklch",
    "radial-gradient",
    "repeat",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "rgb",
    "rgba",
    "var",
];

pub fn is_style_property(name: &str) -> bool {
    STYLE_PROPERTIES.binary_search(&name).is_ok()
}

/// Whether a style value is a plain one: a number, or short text that neither loads nor computes
/// anything.
pub fn is_style_value(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            text.len() <= 200
                && !["javascript:", "\\", ";", "{", "}", "/*"]
                    .iter()
                    .any(|forbidden| text.contains(forbidden))
                && functions(&text).all(|name| STYLE_FUNCTIONS.contains(&name))
        }
        _ => false,
    }
}

/// The names in front of brackets; brackets without one only group.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices('(').filter_map(move |(at, _)| {
        let before = &text[..at];
        let name = &before[before.trim_end_matches(is_name).len()..];
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{STYLE_PROPERTIES, is_style_value};

    #[test]
    fn properties_are_sorted_for_the_search() {
        assert!(STYLE_PROPERTIES.is_sorted());
    }

    #[test]
    fn values_that_load_something_are_refused() {
        assert!(is_style_value(&json!("1px solid #eee")));
        assert!(is_style_value(&json!(12)));
        assert!(is_style_value(&json!("linear-gradient(90deg, #fff, #000)")));
        assert!(!is_style_value(&json!("URL(https://example.org/x.png)")));
        for loading in [
            "cross-fade(#fff, #000)",
            "element(#a)",
            "src(\"https://example.org/x\")",
            "image-set(\"https://example.org/x.png\" 1x)",
            "linear-gradient(red, url(https://example.org/x.png))",
            "-webkit-image-set(1)",
        ] {
            assert!(!is_style_value(&json!(loading)), "{loading}");
        }
        assert!(is_style_value(&json!("calc((100% - 2rem) / 3)")));
        assert!(is_style_value(&json!(
            "color-mix(in oklab, var(--accent) 40%, rgb(0 0 0))"
        )));
        assert!(!is_style_value(&json!("red; position: fixed")));
        assert!(!is_style_value(&json!({})));
    }
}
