//! The router beside a plain model of the same semantics, over random files, alerts, silences and times.
//!
//! The model has no index, no timer and no cache: every question is answered by looking at everything
//! again. What it says is short enough to be compared with the reference by eye. Both must tell the same
//! receivers the same things at the same instants, for the same reasons.

mod files;
mod model;
mod play;

use crate::random::Random;

/// How many random plays a run of the tests makes; `SERENO_SEEDS` asks for more.
const PLAYS: u64 = 120;

#[test]
fn the_router_does_what_the_plain_model_does() {
    for seed in crate::seeds_of(PLAYS) {
        let play = play::random(&mut Random::new(seed));
        let (router, model) = (play::with_router(&play), play::with_model(&play));
        let first = router.iter().zip(&model).position(|(ours, plain)| ours != plain);
        if first.is_some() || router.len() != model.len() {
            let at = first.unwrap_or(router.len().min(model.len()));
            let of = |log: &[String]| log.get(at).cloned().unwrap_or_else(|| "nothing more".to_owned());
            let (router, model) = (of(&router), of(&model));
            let until = router.clone().max(model.clone());
            let story = play.story(if until == "nothing more" { "" } else { &until });
            panic!("SERENO_SEED={seed}\n{}\n{story}\nrouter: {router}\nmodel:  {model}", play.routing_text,);
        }
    }
}
