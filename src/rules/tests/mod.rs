//! Scenarios: the engine in a scripted world, told as timelines.

mod contract;
mod evaluation;
mod reload;
mod restart;
mod world;
