//! What the core needs from outside, and what outside asks of it: narrow traits and their errors.

pub mod llm;
