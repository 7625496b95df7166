//! One call of many to the same URLs, told in one line. Never here: how often, or when it stops.

use serde_json::json;
use tidegate::world;
use tidegate_wire::tracking::TrackingId;

use super::ledger::Then;
use super::run::{HELD, Job, Run};
use super::stop::Stop;
use crate::caller::voice::Manner;
use crate::caller::watch::clock;

/// Calls the URL, reads the body to its end, and puts out a line: time of day, time since the start, status, time
/// taken, tracking ID.
pub(crate) async fn once(run: &Run, job: &Job) -> Result<(), Stop> {
    let mut answer = run.caller.call(&job.url, &job.url).await?;
    let most = run.max_body.unwrap_or(HELD);
    while answer.part(Some(most)).await?.is_some() {}
    let clock = clock(world::wall_clock());
    let elapsed = world::now().since(run.start).as_secs_f64();
    let (status, took, tracking) = (answer.status.as_u16(), answer.took, answer.tracking());
    let line = match run.voice.manner() {
        Manner::Json => json!({
            "time": clock,
            "elapsed_seconds": elapsed,
            "url": job.url.as_str(),
            "status": status,
            "seconds": took.as_secs_f64(),
            "tracking_id": tracking.as_ref().map(TrackingId::as_str),
        })
        .to_string(),
        _ => {
            let tracking = tracking.map_or_else(|| "-".to_owned(), |id| id.to_string());
            format!("{clock}  +{elapsed:<8.3}  {status}  {:>5} ms  {tracking}", took.as_millis())
        }
    };
    job.put(line + "\n", 0, Then::Done).await
}
