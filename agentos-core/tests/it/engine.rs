//! The engine as its hosts see it: JSON in, JSON out.

mod actions;
mod calculator;
mod chance;
mod edited;
mod effects;
mod forms;
mod golden;
mod grammar;
mod integrity;
mod language;
mod limits;
mod protocol;
mod queries;
mod rows;
mod runner;
mod samples;
mod screen;
mod timers;
mod todo;
mod tools;
mod values;
